"""The words of papers that are given out in a case, in kk, ru and en."""

from __future__ import annotations

from collections.abc import Mapping

from domain.errors import LANGUAGES

# By key: kk, ru, en.
_WORDS: Mapping[str, tuple[str, str, str]] = {
    "receipt": (
        "Құжаттарды қабылдаудан бас тарту туралы қолхат",
        "Расписка об отказе в приёме документов",
        "Receipt of refusal to accept documents",
    ),
    "receipt_law": (
        "«Мемлекеттік көрсетілетін қызметтер туралы» Қазақстан Республикасы Заңының 20-бабының 2-тармағын басшылыққа ала "
        "отырып, {office} стандартта көзделген тізбеге сәйкес құжаттардың толық топтамасын ұсынбауыңызға байланысты "
        "{service} мемлекеттік қызметін көрсетуге құжаттарды қабылдаудан бас тартады, атап айтқанда мынадай құжаттар жоқ:",
        "Руководствуясь пунктом 2 статьи 20 Закона Республики Казахстан «О государственных услугах», {office} отказывает "
        "в приёме документов на оказание государственной услуги {service} ввиду представления Вами неполного пакета "
        "документов согласно перечню, предусмотренному стандартом, а именно отсутствуют документы:",
        "Under article 20(2) of the law of the Republic of Kazakhstan on state services, {office} refuses to accept "
        "documents for the state service {service}, because the package that the standard lists is not complete; "
        "these documents are missing:",
    ),
    "receipt_office": (
        "Мемлекеттік корпорацияның филиалының № {number} бөлімі ({address})",
        "отдел № {number} филиала Государственной корпорации ({address})",
        "department No. {number} of the State Corporation ({address})",
    ),
    "receipt_provider": ("{office}", "{office}", "{office}"),
    "receipt_copies": (
        "Осы қолхат екі данада, әр тарапқа бір-бірден жасалды.",
        "Настоящая расписка составлена в двух экземплярах, по одному для каждой стороны.",
        "This receipt is made in two copies, one for each party.",
    ),
    "copy_applicant": (
        "1-дана: өтініш берушіге",
        "Экземпляр 1: заявителю",
        "Copy 1: for the applicant",
    ),
    "copy_office": (
        "2-дана: құжат қабылдаған тарапқа",
        "Экземпляр 2: принимающей стороне",
        "Copy 2: for the office",
    ),
    "worker": (
        "Қызметкердің тегі, аты, қолы",
        "Фамилия, имя работника, подпись",
        "Name and signature of the worker",
    ),
    "executor": (
        "Орындаушының тегі, аты, телефоны",
        "Фамилия, имя исполнителя, телефон",
        "Name and phone of the executor",
    ),
    "received_by": (
        "Алдым: өтініш берушінің тегі, аты, қолы",
        "Получил(а): фамилия, имя заявителя, подпись",
        "Received: name and signature of the applicant",
    ),
    "sign_hint": ("қолы, күні", "подпись, дата", "signature, date"),
    "to_applicant": ("Өтініш беруші", "Заявитель", "Applicant"),
    "case_number": ("Өтініш нөмірі", "Номер обращения", "Number of the case"),
    "case_meta": (
        "Өтініш нөмірі: {number}; күні: {day}",
        "Номер обращения: {number}; дата: {day}",
        "Case: {number}; date: {day}",
    ),
    # the report on a public discussion
    "report": (
        "Жоба бойынша жария талқылау қорытындылары туралы есеп",
        "Отчёт о завершении публичного обсуждения проекта",
        "Report on the public discussion of a draft",
    ),
    "draft": ("Жобаның атауы", "Наименование проекта", "Name of the draft"),
    "reworked": (
        "Пысықталған жобамен танысу тәсілі",
        "Способ ознакомления с доработанным проектом",
        "How to read the reworked draft",
    ),
    "period": ("Жария талқылау мерзімі", "Срок публичного обсуждения", "Period of the discussion"),
    "other": ("Өзге ақпарат", "Иная информация", "Other information"),
    "none_given": ("жоқ", "нет", "none"),
    "remarks": ("Ескертулер мен ұсыныстар", "Замечания и предложения", "Remarks and proposals"),
    "remark": ("Ескерту немесе ұсыныс", "Замечание или предложение", "Remark or proposal"),
    "content": ("Қысқаша мазмұны", "Краткое содержание", "Short content"),
    "decision": (
        "Қабылдау немесе қабылдамау негіздемесі",
        "Основания принятия или непринятия",
        "Grounds for accepting or rejecting",
    ),
    "taken": ("Қабылданды", "Принято", "Accepted"),
    "not_taken": ("Қабылданбады", "Не принято", "Rejected"),
    "late": (
        "Мерзімінен кейін түсті, қаралмайды",
        "Поступило после срока, не рассматривается",
        "Came too late, not considered",
    ),
    "undecided": ("Шешім әлі жоқ", "Решения ещё нет", "Not decided yet"),
    "counts": ("Қорытынды", "Итог", "Counts"),
    "taken_count": ("Ескерілген ұсыныстар саны", "Количество учтённых предложений", "Taken into account"),
    "not_taken_count": (
        "Ескерілмеген ұсыныстар саны",
        "Количество неучтённых предложений",
        "Not taken into account",
    ),
    "no_remarks": (
        "Ескертулер мен ұсыныстар түскен жоқ.",
        "Замечаний и предложений не поступило.",
        "No remarks or proposals came.",
    ),
    # what is given out
    "licence": ("Лицензия", "Лицензия", "Licence"),
    "certificate": ("Сертификат", "Сертификат", "Certificate"),
    "accreditation": (
        "Аккредиттеу туралы куәлік",
        "Свидетельство об аккредитации",
        "Certificate of accreditation",
    ),
    "refusal": ("Дәлелді бас тарту", "Мотивированный отказ", "Reasoned refusal"),
    "notice": ("Хабарлама", "Уведомление", "Notice"),
    "minutes": ("Отырыс хаттамасы", "Протокол заседания", "Minutes"),
    "access": ("Хабарлама", "Уведомление", "Notice"),
    "result_number": ("Нөмірі", "Номер", "Number"),
    "given_to": ("Кімге берілді", "Кому выдано", "Given to"),
    "refused_to": ("Кімге", "Кому", "To"),
    "for_service": ("Мемлекеттік көрсетілетін қызмет", "Государственная услуга", "State service"),
    "kind": ("Өтініш түрі", "Вид обращения", "Kind of request"),
    "particulars": ("Мәліметтер", "Сведения", "Particulars"),
    "issued_on": ("Берілген күні", "Дата выдачи", "Issued on"),
    "valid_until": ("Қолданылу мерзімі", "Срок действия", "Valid until"),
    "no_end": ("шектелмеген", "не ограничен", "without an end"),
    "until": ("{day} дейін", "до {day} включительно", "{day}"),
    "ground": ("Бас тарту негізі", "Основание отказа", "Ground for the refusal"),
    "why": ("Түсіндірме", "Пояснение", "Explanation"),
    "signer": ("Қол қойды", "Подписал(а)", "Signed by"),
    "signed_eds": ("ЭЦҚ қойылған", "подписано ЭЦП", "under an electronic signature"),
    "appeal": ("Шағымдану тәртібі", "Порядок обжалования", "How to appeal"),
    "scan": (
        "Құжаттың түпнұсқалығын тексеру үшін QR-кодты телефон камерасымен оқытыңыз немесе сілтемені ашыңыз.",
        "Чтобы проверить подлинность документа, наведите камеру телефона на QR-код или откройте ссылку.",
        "To check that this paper is genuine, point a phone's camera at the code or open the link.",
    ),
    # what a look at the seal tells
    "verdict_genuine": (
        "Құжат түпнұсқа және қолданыста.",
        "Документ подлинный и действует.",
        "The paper is genuine and in force.",
    ),
    "verdict_expired": (
        "Құжат түпнұсқа, бірақ мерзімі өткен.",
        "Документ подлинный, но срок его действия истёк.",
        "The paper is genuine, but its time is over.",
    ),
    "verdict_withdrawn": (
        "Құжат түпнұсқа, бірақ қайтарып алынған: енді қолданылмайды.",
        "Документ подлинный, но отозван: больше не действует.",
        "The paper is genuine, but was withdrawn: it is no longer in force.",
    ),
    "verdict_annulled": (
        "Құжат түпнұсқа, бірақ күші жойылған: енді қолданылмайды.",
        "Документ подлинный, но отменён: больше не действует.",
        "The paper is genuine, but was annulled: it is no longer in force.",
    ),
    "verdict_replaced": (
        "Құжат түпнұсқа, бірақ басқасымен ауыстырылған: енді қолданылмайды.",
        "Документ подлинный, но заменён другим: больше не действует.",
        "The paper is genuine, but was replaced by another: it is no longer in force.",
    ),
    "verdict_unrecorded": (
        "Кодқа біздің кілтпен қол қойылған, бірақ мұндай құжат тізілімде жоқ. Бұл құжатқа сенбеңіз.",
        "Код подписан нашим ключом, но такого документа в наших записях нет. Не доверяйте этому документу.",
        "The code is signed by our key, but our records have no such paper. Do not trust it.",
    ),
    "verdict_unchecked": (
        "Кодқа біз қол қойғанбыз, бірақ құжаттың қазір қолданыста екенін тексеру мүмкін болмады. "
        "Біраздан кейін қайталаңыз.",
        "Код подписан нами, но проверить, действует ли документ сейчас, не удалось. Повторите немного позже.",
        "The code is of our signing, but whether the paper is in force could not be checked now. Try again shortly.",
    ),
    "withdrawn_on": ("Қайтарып алынған күні", "Отозван", "Withdrawn on"),
    "annulled_on": ("Күші жойылған күні", "Отменён", "Annulled on"),
    "replaced_on": ("Ауыстырылған күні", "Заменён", "Replaced on"),
    "replaced_by": ("Орнына берілгені", "Выдан взамен", "Given out instead"),
    "verdict_forged": (
        "Код түпнұсқа емес немесе өзгертілген. Бұл құжатқа сенбеңіз.",
        "Код не подлинный или изменён. Не доверяйте этому документу.",
        "The code is not genuine, or was changed. Do not trust this paper.",
    ),
    "verdict_unknown": (
        "Бұл кодты біздің жүйе бермеген.",
        "Этот код выдан не нашей системой.",
        "This code is not of our system.",
    ),
    "verify_title": ("Құжатты тексеру", "Проверка документа", "Check of a paper"),
    "verify_compare": (
        "Нөмірі мен күнін қағаздағымен салыстырыңыз.",
        "Сверьте номер и дату с указанными на бумаге.",
        "Compare the number and the day with those on the paper.",
    ),
}

WORDS: Mapping[str, Mapping[str, str]] = {
    language: {key: texts[place] for key, texts in _WORDS.items()} for place, language in enumerate(LANGUAGES)
}
