"""What the pages about requests say, in kk, ru and en (`infra.web.words`)."""

from __future__ import annotations

from collections.abc import Mapping

# By key: kk, ru, en.
CASE_WORDS: Mapping[str, tuple[str, str, str]] = {
    "yes": ("Иә", "Да", "Yes"),
    "no": ("Жоқ", "Нет", "No"),
    "this_page": ("осы бет", "эта страница", "this page"),
    "number": ("Өтініш нөмірі", "Номер обращения", "Number of the request"),
    "state_open": ("Қаралуда", "На рассмотрении", "Being dealt with"),
    "state_closed": ("Аяқталды", "Завершено", "Finished"),
    "state_not_accepted": ("Қабылданбады", "Не принято", "Not accepted"),
    "state_overdue": ("Мерзімі өтті", "Срок прошёл", "Overdue"),
    "promised": ("Жауап беру мерзімі", "Срок ответа", "Answer due by"),
    "promised_late": (
        "Жауап мерзімі өтіп кетті. Бұл туралы басшылыққа хабарланды.",
        "Срок ответа прошёл. Об этом сообщено руководству.",
        "The answer is overdue. Those in charge have been told.",
    ),
    "no_term": (
        "Бұл өтінішке мерзім белгіленбеген.",
        "Для этого обращения срок не установлен.",
        "No term is set for this request.",
    ),
    "received": ("Қабылданды: {time}", "Принято: {time}", "Received: {time}"),
    "ended_at": ("Аяқталды: {time}", "Завершено: {time}", "Finished: {time}"),
    "provider": ("Қарайтын: {name}", "Рассматривает: {name}", "Dealt with by: {name}"),
    "yours": ("Сізден күтіледі", "Нужны Ваши действия", "Your turn"),
    "yours_may": ("Сіз жасай аласыз", "Что Вы можете сделать", "What you can do"),
    "where": ("Қай сатыда", "На каком этапе", "Where it stands"),
    "step_now": ("Қазір", "Сейчас", "Now"),
    "step_done": ("Орындалды", "Выполнено", "Done"),
    "step_until": ("{time} дейін", "до {time}", "by {time}"),
    "step_late": ("мерзімінен кеш", "позже срока", "late"),
    "step_overdue": ("мерзімі өтті", "срок прошёл", "overdue"),
    "step_dropped": ("Қажет болмады", "Не потребовалось", "Not needed"),
    "step_who": ("Орындаушы: {who}", "Исполняет: {who}", "By: {who}"),
    "missing": ("Жетіспейтін құжаттар", "Чего не хватает", "What is missing"),
    "asked": ("Не сұралды", "О чём обращение", "What was asked"),
    "documents": ("Тапсырылған құжаттар", "Поданные документы", "Documents handed in"),
    "sealed": (
        "Жеке деректеріңіз қоймада шифрланып сақталған, бұл бетте көрсетілмейді: {names}.",
        "Личные данные хранятся зашифрованными и здесь не показываются: {names}.",
        "Personal data are kept encrypted and not shown here: {names}.",
    ),
    "result": ("Нәтиже", "Результат", "Result"),
    "result_number": ("Нөмірі: {number}", "Номер: {number}", "Number: {number}"),
    "result_valid": (
        "Қолданылады: {first} – {last}",
        "Действует: {first} – {last}",
        "Valid: {first} – {last}",
    ),
    "result_issued": ("Берілген күні: {day}", "Дата выдачи: {day}", "Issued on {day}"),
    "result_withdrawn": (
        "{day} қайтарып алынды, енді қолданылмайды",
        "Отозван {day}, больше не действует",
        "Withdrawn on {day}, no longer in force",
    ),
    "result_annulled": (
        "{day} күші жойылды, енді қолданылмайды",
        "Отменён {day}, больше не действует",
        "Annulled on {day}, no longer in force",
    ),
    "result_replaced": (
        "{day} басқасымен ауыстырылды, енді қолданылмайды",
        "Заменён {day}, больше не действует",
        "Replaced on {day}, no longer in force",
    ),
    "paper_open": ("Құжатты ашу", "Открыть документ", "Open the paper"),
    "paper_docx": ("DOCX жүктеп алу", "Скачать DOCX", "Download as DOCX"),
    "paper_code": (
        "Құжаттың түпнұсқалығы осы код бойынша тексеріледі.",
        "По этому коду проверяется подлинность документа.",
        "By this code anybody can check that the paper is genuine.",
    ),
    "paper_check": ("Түпнұсқалығын тексеру", "Проверить подлинность", "Check that it is genuine"),
    "receipt_open": (
        "Бас тарту туралы қолхат",
        "Расписка об отказе в приёме",
        "Receipt of the refusal to accept",
    ),
    "refusal_ground": ("Бас тарту негізі", "Основание отказа", "Ground of the refusal"),
    "how_to_appeal": ("Шағымдану тәртібі", "Как обжаловать", "How to appeal"),
    "notices": ("Хабарламалар", "Уведомления", "Notices"),
    "notices_none": (
        "Әзірге хабарлама жоқ. Ол SMS арқылы және осы бетте келеді.",
        "Уведомлений пока нет. Они придут по SMS и появятся здесь.",
        "No notices yet. They come by SMS and appear here.",
    ),
    "sms_here": ("SMS жоқ: нөмір белгісіз", "без SMS: номер неизвестен", "no SMS: the number is not known"),
    "sms_waiting": ("SMS жіберіледі", "SMS будет отправлено", "SMS waiting to be sent"),
    "sms_sent": ("SMS жіберілді", "SMS отправлено", "SMS sent"),
    "sms_delivered": ("SMS жеткізілді", "SMS доставлено", "SMS delivered"),
    "sms_failed": (
        "SMS жеткізілмеді: хабарлама осы жерде ғана",
        "SMS не доставлено: уведомление только здесь",
        "SMS not delivered: the notice is here only",
    ),
    "keep_link": (
        "Бұл бетті тек сілтемесі барлар ашады. Сілтемені сақтап қойыңыз, бөгде адамға бермеңіз.",
        "Эту страницу открывает только тот, у кого есть ссылка. Сохраните её и не передавайте посторонним.",
        "Only whoever has the link can open this page. Keep it, and give it to nobody else.",
    ),
    "reload": ("Бетті жаңарту", "Обновить страницу", "Reload the page"),
    "unknown_case": ("Мұндай сілтеме жоқ", "Такой ссылки нет", "There is no such link"),
    "unknown_case_why": (
        "Сілтемені SMS-тен немесе өтініш бетінен толық көшіріп ашыңыз.",
        "Откройте ссылку из SMS или со страницы обращения целиком.",
        "Open the whole link from the SMS or from the page of your request.",
    ),
    "unknown_service": ("Мұндай қызмет жоқ", "Такой услуги нет", "There is no such service"),
    "unknown_service_why": (
        "Бұл қызметке осы жерден өтініш берілмейді немесе ол күшінде емес.",
        "По этой услуге здесь не подают обращений, или она сейчас не действует.",
        "This service takes no requests here, or is not in force.",
    ),
    # forms
    "form_refused": (
        "Жіберілмеді: төмендегіні түзетіңіз.",
        "Не отправлено: исправьте указанное ниже.",
        "Not sent: mend what is told below.",
    ),
    "form_again": (
        "Құжаттарды қайта таңдаңыз: браузер оларды сақтамайды.",
        "Выберите документы снова: браузер их не сохраняет.",
        "Choose the documents again: the browser does not keep them.",
    ),
    "form_broken": (
        "Пішін толық келмеді. Қайтадан жіберіп көріңіз.",
        "Форма пришла не полностью. Отправьте её ещё раз.",
        "The form did not come through in full. Send it again.",
    ),
    "form_no_room": (
        "Қазір тым көп құжат жіберіліп жатыр. Бір минуттан кейін қайта жіберіңіз.",
        "Сейчас отправляется слишком много документов. Отправьте ещё раз через минуту.",
        "Too many documents are being sent just now. Send it again in a minute.",
    ),
    "form_too_large": (
        "Құжаттар тым үлкен: әрқайсысы {megabytes} МБ аспауы керек.",
        "Документы слишком велики: каждый не больше {megabytes} МБ.",
        "The documents are too large: each may have {megabytes} MB.",
    ),
    "form_sent_before": (
        "Бұл пішін бұрын жіберілген. Жаңа өтініш болса, қайта жіберіңіз.",
        "Эта форма уже отправлялась. Если это новое обращение, отправьте её ещё раз.",
        "This form was sent before. If this is another request, send it once more.",
    ),
    "lacking_refuse": (
        "Осы күйінде жіберу: құжаттарсыз өтініш қабылданбайды, бас тарту туралы қолхат беріледі",
        "Отправить как есть: без документов в приёме будет отказано, Вы получите расписку",
        "Send it as it is: without the documents acceptance is refused, and I get a receipt",
    ),
    "lacking_accept": (
        "Осы күйінде жіберу: құжаттарды кейін беремін",
        "Отправить как есть: документы донесу позже",
        "Send it as it is: I will bring the documents later",
    ),
    "case_kind": ("Өтініш түрі", "Вид обращения", "Kind of request"),
    "case_ground": ("Негізі", "Основание", "Ground"),
    "asked_when": ("егер {condition}", "если {condition}", "if {condition}"),
    "asked_unless_known": (
        "мемлекеттік жүйелерде болса, қажет емес",
        "не нужно, если есть в государственных системах",
        "not needed if the state's systems have it",
    ),
    "may_be_left_out": ("міндетті емес", "не обязательно", "may be left out"),
    "choose": ("Таңдаңыз", "Выберите", "Choose"),
    "or_other": (
        "Тізімде болмаса, өзіңіз жазыңыз",
        "Если в списке нет, напишите сами",
        "If it is not in the list, write it",
    ),
    "file_kinds": (
        "PDF, PNG, JPEG немесе DOCX, {megabytes} МБ дейін",
        "PDF, PNG, JPEG или DOCX, до {megabytes} МБ",
        "PDF, PNG, JPEG or DOCX, up to {megabytes} MB",
    ),
    "phone_hint": ("мысалы, +77011234567", "например, +77011234567", "for example, +77011234567"),
    "consent": (
        "Заңмен қорғалатын құпияны құрайтын мәліметтерді және жеке деректерді өңдеуге келісемін",
        "Согласен(на) на обработку персональных данных и сведений, составляющих охраняемую законом тайну",
        "I consent to the processing of my personal data and of data protected by law",
    ),
    "send": ("Жіберу", "Отправить", "Send"),
    "go_back": ("Артқа", "Назад", "Back"),
    "known_already": (
        "Мыналар бізге белгілі, көрсету қажет емес: {names}.",
        "Это уже известно, указывать не нужно: {names}.",
        "This is known already, and need not be told: {names}.",
    ),
    "own_case": ("Өтініштің жағдайы", "Состояние обращения", "State of a request"),
    "trial_signed": (
        "Сынақ ортасы: өтінішке сынақ қолтаңбасы қойылады.",
        "Испытательная среда: заявка подписывается пробной подписью.",
        "A trial: the request is signed by a trial signature.",
    ),
    "signed_by_eds": (
        "Бұған ЭЦҚ қажет, ол бұл бетте қойылмайды: ЭЦҚ-сы бар порталды пайдаланыңыз.",
        "Здесь нужна ЭЦП, а на этой странице её не поставить: воспользуйтесь порталом, где она есть.",
        "This needs an electronic signature, which this page can't make: use a portal that has it.",
    ),
    "signed_next": (
        "Келесі бетте ЭЦҚ қойылады: файл жүктеп алынады, қол қойылады және қолтаңба тапсырылады.",
        "На следующей странице ставится ЭЦП: файл скачивается, подписывается, и подпись загружается.",
        "On the next page you sign: you download a file, sign it, and hand the signature in.",
    ),
    "to_signing": ("Қол қоюға өту", "Перейти к подписи", "Go on to signing"),
    "sign_title": ("Электрондық қолтаңба", "Электронная подпись", "Electronic signature"),
    "sign_what": ("Неге қол қоясыз", "Что Вы подписываете", "What you sign"),
    "sign_first": ("Файлды жүктеп алыңыз", "Скачайте файл", "Download the file"),
    "sign_wrong": (
        "Мынаны тексеріңіз: дәл осы бетте жүктеп алынған файлға қол қойылды; сертификат сіздікі, қолданыста және"
        " ЭЦҚ-ны тануға болатын орталық берген.",
        "Проверьте: подписан именно тот файл, который скачан на этой странице; сертификат Ваш, действует и выдан"
        " признаваемым удостоверяющим центром.",
        "Check that the file signed is the one downloaded on this page, and that the certificate is yours, in force, and"
        " issued by an authority that is trusted here.",
    ),
    "sign_download": ("Файлды жүктеп алу", "Скачать файл", "Download the file"),
    "sign_download_why": (
        "Файлда өтініш дәл солай, құжаттар – бақылау сомаларымен. Оны өзгертпеңіз.",
        "В файле заявка в точности, документы – контрольными суммами. Не изменяйте его.",
        "The file holds the request exactly, and the documents by their digests. Do not change it.",
    ),
    "sign_make": ("Қол қойыңыз", "Подпишите", "Sign it"),
    "sign_make_how": (
        "Өз ЭЦҚ бағдарламаңызда файлға өз атыңыздан қол қойыңыз: CMS (PKCS #7), файлдың өзі қолтаңбаға кірмейді.",
        "Подпишите файл своей ЭЦП в своей программе: CMS (PKCS #7), сам файл в подпись не включается.",
        "Sign the file with your certificate in a program of yours: CMS (PKCS #7), detached from the file.",
    ),
    "sign_hand_in": ("Қолтаңбаны тапсырыңыз", "Загрузите подпись", "Hand the signature in"),
    "sign_file": ("Қолтаңба файлы", "Файл подписи", "The signature's file"),
    "sign_file_kinds": (
        ".p7s, .cms, .sig, DER, PEM немесе base64",
        ".p7s, .cms, .sig, DER, PEM или base64",
        ".p7s, .cms, .sig, DER, PEM or base64",
    ),
    "sign_send": ("Қолтаңбамен жіберу", "Отправить с подписью", "Send with the signature"),
    "sign_edit": ("Өзгерту", "Изменить", "Change it"),
    "sign_holder": (
        "Сертификат иесі: {name}.",
        "Сертификат выдан на имя: {name}.",
        "The certificate is of: {name}.",
    ),
    "apply_title": ("Өтініш беру", "Подать обращение", "Make a request"),
    "apply_none": (
        "Қазір бұл жерден берілетін қызмет жоқ.",
        "Сейчас отсюда нельзя подать ни на одну услугу.",
        "No service takes requests here at present.",
    ),
    "apply_term": ("Мерзімі: {term}", "Срок: {term}", "Term: {term}"),
    "own_cases": ("Менің өтініштерім", "Мои обращения", "My requests"),
    "own_open": ("қаралуда", "на рассмотрении", "being dealt with"),
    "own_closed": ("аяқталды", "завершено", "finished"),
    "own_refused": ("қабылданбады", "не принято", "not accepted"),
    "complaint_here": (
        "Дүкен тауарды ваучермен сатпаса немесе бағасы дұрыс болмаса, осы жерден жазыңыз: "
        "жауаптың мерзімі мен барысы көрініп тұрады.",
        "Если магазин не продаёт по ваучеру или цена неверна, напишите прямо здесь: "
        "срок ответа и ход рассмотрения будут видны.",
        "If a shop does not sell by the voucher, or the price is wrong, write here: "
        "you will see when the answer is due and where it stands.",
    ),
    "or_elsewhere": (
        "Дәл осыны e-Өтініш арқылы да беруге болады. Қарайтын: {akimat}.",
        "То же можно подать и через e-Otinish. Рассмотрит: {akimat}.",
        "The same can be done through e-Otinish. It is dealt with by: {akimat}.",
    ),
}
