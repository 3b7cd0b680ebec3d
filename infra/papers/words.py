"""The words of the papers in kk, ru and en: titles, points, labels; what a service says is in its file."""

from __future__ import annotations

from collections.abc import Mapping

from domain.errors import LANGUAGES

# By key: kk, ru, en.
_WORDS: Mapping[str, tuple[str, str, str]] = {
    # titles
    "standard": (
        "Мемлекеттік көрсетілетін қызмет стандарты",
        "Стандарт государственной услуги",
        "Standard of the state service",
    ),
    "regulation": (
        "Мемлекеттік көрсетілетін қызмет регламенті",
        "Регламент государственной услуги",
        "Regulation of the state service",
    ),
    "requirements": (
        "Мемлекеттік қызмет көрсетуге қойылатын негізгі талаптардың тізбесі",
        "Перечень основных требований к оказанию государственной услуги",
        "List of basic requirements for rendering the state service",
    ),
    "memo": (
        "Көрсетілетін қызметті алушыға жадынама",
        "Памятка услугополучателю",
        "Memo for the applicant",
    ),
    "process": (
        "Мемлекеттік қызметті көрсетудің бизнес-процестерінің анықтамалығы",
        "Справочник бизнес-процессов оказания государственной услуги",
        "Reference of the business process of the state service",
    ),
    "mechanism": ("Жүзеге асыру тетігі", "Механизм осуществления", "Mechanism of carrying out"),
    "forms": ("Өтініш нысаны", "Форма заявления", "Form of application"),
    # what the title is followed by
    "version": ("нұсқа", "версия", "version"),
    "service_version": ("Қызмет нұсқасы", "Версия услуги", "Version of the service"),
    "version_of_file": ("{version} (файл: {id})", "{version} (файл: {id})", "{version} (file: {id})"),
    "in_force": ("Қолданылу мерзімі", "Действует", "In force"),
    "from_day": ("{day} бастап", "с {day}", "from {day}"),
    "from_to": ("{start} бастап {end} дейін", "с {start} по {end}", "from {start} to {end}"),
    "basis": ("Құқықтық негізі", "Правовое основание", "Legal basis"),
    "service": ("Мемлекеттік көрсетілетін қызмет", "Государственная услуга", "State service"),
    "made_from": (
        "Осы құжат көрсетілетін қызметтің {id} файлынан жасалды, {version}-нұсқа.",
        "Документ сформирован из файла услуги {id}, версия {version}.",
        "Generated from the service's file {id}, version {version}.",
    ),
    "made_from_programme": (
        "Осы құжат бағдарламаның {id} файлынан жасалды, ережелер нұсқасы {version}.",
        "Документ сформирован из файла программы {id}, версия правил {version}.",
        "Generated from the programme's file {id}, rules {version}.",
    ),
    "made_at": ("Жасалған уақыты: {at}", "Сформирован: {at}", "Generated: {at}"),
    "page": ("{page}-бет, барлығы {pages}", "Страница {page} из {pages}", "Page {page} of {pages}"),
    # the four sections of a standard (S002-10 to S002-25)
    "s1": ("Жалпы ережелер", "Общие положения", "General provisions"),
    "s2": (
        "Мемлекеттік қызметті көрсету тәртібі",
        "Порядок оказания государственной услуги",
        "How the service is rendered",
    ),
    "s3": (
        "Көрсетілетін қызметті берушінің, Мемлекеттік корпорацияның және олардың қызметкерлерінің шешімдеріне, "
        "әрекеттеріне (әрекетсіздігіне) шағымдану тәртібі",
        "Порядок обжалования решений, действий (бездействия) услугодателя, Государственной корпорации и их работников",
        "Appeals against decisions, actions (inaction) of the provider, the State Corporation and their staff",
    ),
    "s4": (
        "Қызмет көрсетудің ерекшеліктері ескерілген өзге де талаптар",
        "Иные требования с учётом особенностей оказания услуги",
        "Other requirements",
    ),
    "name": ("Көрсетілетін қызметтің атауы", "Наименование услуги", "Name of the service"),
    "drafter": (
        "Стандартты әзірлеген орган",
        "Орган, разработавший стандарт",
        "Body that drafted the standard",
    ),
    "provider": ("Көрсетілетін қызметті беруші", "Услугодатель", "Provider"),
    "provider_and_intake": (
        "Көрсетілетін қызметті беруші; өтініштерді қабылдау және нәтижелерді беру",
        "Услугодатель; приём заявлений и выдача результатов",
        "Provider; who takes applications and hands out results",
    ),
    "intake": (
        "Өтініштерді қабылдау және нәтижелерді беру",
        "Приём заявлений и выдача результатов",
        "Taking applications and handing out results",
    ),
    "term": ("Қызметті көрсету мерзімі", "Срок оказания услуги", "Term"),
    "term_from_package": (
        "өтініш берілген сәттен нәтиже алынғанға дейін, көп дегенде",
        "с обращения до получения результата, не более",
        "from the application to receipt of the result, at most",
    ),
    "term_wait": (
        "құжаттар топтамасын тапсыру үшін күтудің рұқсат етілетін ең ұзақ уақыты",
        "максимально допустимое время ожидания для сдачи пакета документов",
        "longest wait to hand in the documents",
    ),
    "term_serving": (
        "қызмет көрсетудің рұқсат етілетін ең ұзақ уақыты",
        "максимально допустимое время обслуживания",
        "longest time of serving",
    ),
    "no_waiting": (
        "күту жоқ: өтініш электрондық түрде беріледі",
        "ожидания нет: заявление подаётся электронно",
        "no waiting: applications are electronic",
    ),
    "form": ("Қызметті көрсету нысаны", "Форма оказания услуги", "Form"),
    "result": ("Қызметті көрсету нәтижесі", "Результат оказания услуги", "Result"),
    "result_form": ("Нәтижені беру нысаны", "Форма выдачи результата", "How the result is given"),
    "valid": ("жарамдылық мерзімі", "срок действия", "valid for"),
    "fee": (
        "Төлем мөлшері және төлеу тәсілдері",
        "Размер платы и способы оплаты",
        "Fee and ways to pay",
    ),
    "schedule": ("Жұмыс кестесі", "График работы", "Working hours"),
    "office": ("Көрсетілетін қызметті беруші", "Услугодатель", "Provider"),
    "reception": (
        "Өтініштерді қабылдау және нәтижелерді беру",
        "Приём заявлений и выдача результатов",
        "Reception and results",
    ),
    "after_hours": ("Жұмыс уақытынан тыс", "Вне рабочего времени", "After hours"),
    "rolls_over": (
        "жұмыс уақыты аяқталғаннан кейін, демалыс және мереке күндері түскен өтініш келесі жұмыс күні қабылданады, "
        "нәтиже де келесі жұмыс күні беріледі",
        "обращение, поступившее после окончания рабочего времени, в выходные и праздничные дни, принимается, "
        "и результат выдаётся следующим рабочим днём",
        "what arrives after hours, on days off and holidays is taken, and results are given, on the next working day",
    ),
    "rolls_over_reception": (
        "қабылдау аяқталғаннан кейін, демалыс және мереке күндері түскен өтініш келесі жұмыс күні қабылданады, "
        "нәтиже де келесі жұмыс күні беріледі",
        "обращение, поступившее после окончания приёма, в выходные и праздничные дни, принимается, "
        "и результат выдаётся следующим рабочим днём",
        "what arrives after reception, on days off and holidays is taken, and results are given, on the next working day",
    ),
    "at_once": (
        "өтініш келіп түскен сәтінде қабылданады",
        "обращение принимается в момент поступления",
        "what arrives is taken at once",
    ),
    "booking": ("Алдын ала жазылу", "Предварительная запись", "Booking ahead"),
    "accelerated": ("Жеделдетіп қызмет көрсету", "Ускоренное обслуживание", "Accelerated service"),
    "documents": ("Құжаттар тізбесі", "Перечень документов", "Documents"),
    "documents_and_data": (
        "Құжаттар мен мәліметтер тізбесі",
        "Перечень документов и сведений",
        "Documents and data",
    ),
    "data": ("Өтініште көрсетілетін мәліметтер", "Сведения, указываемые в заявлении", "Data asked for"),
    "no_documents": ("құжаттар талап етілмейді", "документы не требуются", "no documents are asked for"),
    "of_every_kind": ("өтініштің кез келген түрінде", "при любом виде обращения", "whatever the request"),
    "same_for": ("{kinds} кезінде", "{kinds}", "{kinds}"),
    "channel_incomplete": ("Топтама толық болмаса", "Неполный пакет", "Incomplete package"),
    "incomplete_refuse": (
        "қабылдаудан бас тартылады және қолхат беріледі",
        "в приёме отказывают с выдачей расписки",
        "acceptance is refused with a receipt",
    ),
    "incomplete_accept": (
        "өтініш қабылданады, толықтығын бірінші рәсім тексереді",
        "обращение принимается, полноту проверяет первая процедура",
        "it is accepted; the first procedure checks what is missing",
    ),
    "consent": (
        "Заңмен қорғалатын құпияны құрайтын мәліметтерді пайдалануға өтініш берушінің келісімі алынады.",
        "У заявителя берётся согласие на использование сведений, составляющих охраняемую законом тайну.",
        "The applicant's consent to the use of data protected by law is taken.",
    ),
    "known": (
        "мемлекеттік ақпараттық жүйелерде болса, талап етілмейді",
        "не требуется, если есть в государственных информационных системах",
        "not asked for if it is in the state's information systems",
    ),
    "asked_if": ("егер {condition}", "если {condition}", "if {condition}"),
    "kind_if": ("қолданылады, егер {condition}", "применяется, если {condition}", "open if {condition}"),
    "grounds": (
        "Мемлекеттік қызметті көрсетуден бас тарту негіздері",
        "Основания для отказа в оказании услуги",
        "Grounds for refusal",
    ),
    "no_grounds": (
        "бас тарту негіздері белгіленбеген",
        "основания для отказа не установлены",
        "no grounds for refusal are set",
    ),
    "appeals": ("Шағымдану тәртібі", "Порядок обжалования", "How to appeal"),
    "vulnerable": (
        "Халықтың осал топтарына қызмет көрсету ерекшеліктері",
        "Особенности обслуживания уязвимых групп населения",
        "Vulnerable groups",
    ),
    "premises": ("Үй-жай және мекенжайлар", "Помещения и адреса", "Premises and addresses"),
    "publication": (
        "Мекенжайлар мен ақпарат жарияланатын орын",
        "Где размещены адреса и информация",
        "Where addresses and information are published",
    ),
    "electronic_signature": (
        "ЭЦҚ арқылы электрондық түрде алу мүмкіндігі",
        "Получение в электронной форме с ЭЦП",
        "Electronically, with an electronic signature",
    ),
    "remote_status": (
        "Мәртебе туралы қашықтан мәлімет алу",
        "Сведения о статусе удалённо",
        "Status remotely",
    ),
    "contacts": (
        "Байланыс орталығы және телефондар",
        "Контакт-центр и телефоны",
        "Contact centre and phones",
    ),
    "systems": ("Ақпараттық жүйелер", "Информационные системы", "Information systems"),
    "form_of_application": ("Арнайы нысандар", "Специальные бланки", "Special forms"),
    "other_information": ("Өзге де мәліметтер", "Иные сведения", "Other information"),
    "not_set": ("Белгіленбеген.", "Не установлено.", "Not set."),
    # annexes
    "declared": (
        "Актіде реттелмеген мәселелер, қайшылықтар және жоқ қосымшалар: осы нұсқада не қабылданған",
        "Вопросы, не урегулированные актом, противоречия и отсутствующие приложения: что принято в этой версии",
        "What the act leaves open, contradictions and missing annexes: what this version takes",
    ),
    "declared_clause": ("Тармақ", "Пункт", "Clause"),
    "declared_state": ("Жағдайы", "Состояние", "State"),
    "declared_takes": ("Қабылданған шешім", "Принятое решение", "What is taken"),
    "silent": ("реттелмеген", "не урегулировано", "left open"),
    "conflict": ("қайшылық", "противоречие", "contradiction"),
    "missing": ("қосымша жоқ", "нет приложения", "annex missing"),
    # channels
    "portal": (
        "«электрондық үкімет» веб-порталы",
        "веб-портал «электронного правительства»",
        "the e-government portal",
    ),
    "office_channel": (
        "көрсетілетін қызметті берушінің кеңсесі",
        "канцелярия услугодателя",
        "the provider's office",
    ),
    "state_corporation": (
        "«Азаматтарға арналған үкімет» мемлекеттік корпорациясы",
        "Государственная корпорация «Правительство для граждан»",
        "the State Corporation “Government for Citizens”",
    ),
    "wallet": ("«Әлеуметтік әмиян»", "«Социальный кошелёк»", "the Social wallet"),
    "internal": (
        "өтінішсіз, органның өз бастамасымен",
        "без заявления, по инициативе органа",
        "without an application, by the body itself",
    ),
    # forms
    "electronic_full": (
        "электрондық (толық автоматтандырылған)",
        "электронная (полностью автоматизированная)",
        "electronic (fully automated)",
    ),
    "electronic_partial": (
        "электрондық (ішінара автоматтандырылған)",
        "электронная (частично автоматизированная)",
        "electronic (partially automated)",
    ),
    "electronic_none": ("электрондық", "электронная", "electronic"),
    "paper": ("қағаз түрінде", "бумажная", "on paper"),
    "result_electronic": ("электрондық", "электронная", "electronic"),
    # conditions
    "cond_and": ("{a} және {b}", "{a} и {b}", "{a} and {b}"),
    "cond_or": ("{a} немесе {b}", "{a} или {b}", "{a} or {b}"),
    "cond_is": ("{a}: {b}", "{a}: {b}", "{a}: {b}"),
    "cond_is_not": ("{a}: {b} емес", "{a}: не {b}", "{a}: not {b}"),
    "cond_among": ("{a}: {b} тізбесінен", "{a}: из перечня {b}", "{a}: one of {b}"),
    "cond_yes": ("{a}: иә", "{a}: да", "{a}: yes"),
    "cond_no": ("{a}: жоқ", "{a}: нет", "{a}: no"),
    "date_<": ("{a}: {b} дейін", "{a}: ранее {b}", "{a}: before {b}"),
    "date_<=": ("{a}: {b} қоса алғанға дейін", "{a}: не позднее {b}", "{a}: not later than {b}"),
    "date_>": ("{a}: {b} кейін", "{a}: позднее {b}", "{a}: after {b}"),
    "date_>=": ("{a}: {b} қоса алғаннан бастап", "{a}: не ранее {b}", "{a}: not before {b}"),
    "number_<": ("{a}: {b} кем", "{a}: менее {b}", "{a}: less than {b}"),
    "number_<=": ("{a}: {b} аспайды", "{a}: не более {b}", "{a}: at most {b}"),
    "number_>": ("{a}: {b} көп", "{a}: более {b}", "{a}: more than {b}"),
    "number_>=": ("{a}: {b} кем емес", "{a}: не менее {b}", "{a}: at least {b}"),
    "cond_years": (
        "{a} мен {b} аралығындағы толық жылдар",
        "полных лет от {a} до {b}",
        "full years from {a} to {b}",
    ),
    "cond_given": ("{a} ұсынылған", "представлен документ {a}", "{a} is handed in"),
    "cond_not_given": ("{a} ұсынылмаған", "не представлен документ {a}", "{a} is not handed in"),
    "cond_known": (
        "мәліметтер ақпараттық жүйелерде бар",
        "сведения есть в информационных системах",
        "the information systems know it",
    ),
    "cond_not_known": (
        "мәліметтер ақпараттық жүйелерде жоқ",
        "сведений нет в информационных системах",
        "the information systems do not know it",
    ),
    "cond_has": ("{a} көрсетілген", "указано {a}", "{a} is stated"),
    "cond_not_has": ("{a} көрсетілмеген", "не указано {a}", "{a} is not stated"),
    "cond_not_among": ("{a}: {b} тізбесінен тыс", "{a}: не из перечня {b}", "{a}: none of {b}"),
    "cond_named": ("{number}-шарт орындалса", "выполнено условие {number}", "condition {number} holds"),
    "cond_named_told": ("{a} болса ({number}-шарт)", "{a} (условие {number})", "{a} (condition {number})"),
    "cond_not_named_told": (
        "{a} болмаса ({number}-шарт)",
        "неверно, что {a} (условие {number})",
        "it is not so that {a} (condition {number})",
    ),
    "cond_not_named": (
        "{number}-шарт орындалмаса",
        "не выполнено условие {number}",
        "condition {number} does not hold",
    ),
    "cond_done": (
        "№ {number} рәсім аяқталса",
        "процедура № {number} завершена",
        "procedure No. {number} is done",
    ),
    "cond_done_so": (
        "№ {number} рәсімнің нәтижесі: «{outcome}»",
        "результат процедуры № {number}: «{outcome}»",
        "procedure No. {number} ended so: “{outcome}”",
    ),
    "cond_plus_years": ("{a} күніне {years} қосқандағы күн", "дата {a} плюс {years}", "{a} plus {years}"),
    "quoted": ("«{text}»", "«{text}»", "“{text}”"),
    "conditions": (
        "Құжаттар мен өтініш түрлерін айқындайтын шарттар",
        "Условия, определяющие документы и виды обращений",
        "Conditions that decide on documents and kinds of request",
    ),
    "condition_number": ("Шарт", "Условие", "Condition"),
    "condition_says": ("Мазмұны", "Содержание", "It holds when"),
    "under_eds": ("өтінішке ЭЦҚ қойылады", "заявление под ЭЦП", "applications under an electronic signature"),
    "cond_complete": ("топтама толық", "пакет документов полный", "the package is complete"),
    "cond_incomplete": (
        "топтама толық емес",
        "пакет документов неполный",
        "the package is incomplete",
    ),
    "cond_not": ("мынадай емес: {a}", "неверно, что {a}", "not so: {a}"),
    "cond_kind": ("өтініш түрі", "вид обращения", "kind of request"),
    "cond_channel": ("өтініш беру тәсілі", "способ подачи", "where it was handed in"),
    "cond_received_on": ("өтініш түскен күн", "день поступления", "day of receipt"),
    "yes": ("иә", "да", "yes"),
    "no": ("жоқ", "нет", "no"),
}

WORDS: Mapping[str, Mapping[str, str]] = {
    language: {key: texts[place] for key, texts in _WORDS.items()} for place, language in enumerate(LANGUAGES)
}
