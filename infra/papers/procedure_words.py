"""The words of regulations, drawings and papers of a case, in kk, ru and en."""

from __future__ import annotations

from collections.abc import Mapping

from domain.errors import LANGUAGES

# By key: kk, ru, en.
_WORDS: Mapping[str, tuple[str, str, str]] = {
    # the four sections of a regulation (S002-35 to S002-38)
    "r1": ("Жалпы ережелер", "Общие положения", "General provisions"),
    "r2": (
        "Құрылымдық бөлімшелердің (қызметкерлердің) қызмет көрсету процесіндегі іс-қимыл тәртібі",
        "Порядок действий структурных подразделений (работников) в процессе оказания услуги",
        "What the units (staff) do",
    ),
    "r3": (
        "Құрылымдық бөлімшелердің (қызметкерлердің) өзара іс-қимыл тәртібі",
        "Порядок взаимодействия структурных подразделений (работников)",
        "How the units (staff) work together",
    ),
    "r4": (
        "Мемлекеттік корпорациямен және өзге де қызмет берушілермен өзара іс-қимыл, ақпараттық жүйелерді пайдалану тәртібі",
        "Порядок взаимодействия с Государственной корпорацией и иными услугодателями, использования информационных систем",
        "State Corporation, other providers and information systems",
    ),
    "ground_to_start": (
        "Рәсімді (іс-қимылды) бастау негізі",
        "Основание для начала процедуры (действия)",
        "Ground for starting",
    ),
    "ground_application": (
        "өтініш берушінің өтініші немесе электрондық сұрау салуы",
        "заявление либо электронный запрос заявителя",
        "the applicant's application or electronic request",
    ),
    "procedures": (
        "Рәсімдердің мазмұны, тәртібі, орындаушылары және ұзақтығы",
        "Содержание, порядок, исполнители и длительность процедур",
        "The procedures: content, order, who does them, how long",
    ),
    "procedure_results": (
        "Рәсімдердің нәтижелері және олардың берілу тәртібі",
        "Результаты процедур и порядок их передачи",
        "Results of the procedures and how they are handed over",
    ),
    "no": ("№", "№", "No."),
    "procedure": ("Рәсім", "Процедура", "Procedure"),
    "who": ("Орындаушы", "Исполнитель", "By whom"),
    "within": ("Мерзімі, көп дегенде", "Срок, не более", "Within"),
    "outcome": ("Нәтиже", "Результат", "Result"),
    "next": ("Бұдан әрі", "Далее", "Next"),
    "at_once": ("дереу", "незамедлительно", "at once"),
    "no_term": ("белгіленбеген", "не установлен", "not set"),
    "with_the_service": ("қызмет мерзімі шегінде", "в пределах срока услуги", "within the service's term"),
    "to_step": ("№ {numbers} рәсім", "процедура № {numbers}", "procedure No. {numbers}"),
    "to_steps": ("№ {numbers} рәсімдер", "процедуры № {numbers}", "procedures No. {numbers}"),
    "to_end": ("аяқталды: {end}", "завершение: {end}", "end: {end}"),
    "goes_on": ("рәсім жалғасады", "процедура продолжается", "the procedure goes on"),
    "after_steps": (
        "№ {numbers} рәсімдердің бәрі аяқталғаннан кейін",
        "после завершения всех процедур № {numbers}",
        "when procedures No. {numbers} are all done",
    ),
    "is_group": (
        "бір отырыста бірнеше өтініш бойынша",
        "по нескольким обращениям на одном заседании",
        "for many requests in one sitting",
    ),
    "is_automatic": ("автоматты түрде", "автоматически", "automatically"),
    "of_kind": ("{kind}: {term}", "{kind}: {term}", "{kind}: {term}"),
    "counted_from": ("{field} күнінен бастап", "со дня {field}", "from {field}"),
    "round_the_clock": ("тәулік бойы есептеледі", "исчисляется круглосуточно", "runs round the clock"),
    "outside": (
        "қызмет көрсету мерзіміне кірмейді",
        "не входит в срок оказания услуги",
        "not part of the service's term",
    ),
    "escalates": (
        "мерзімі өтсе – {role}",
        "при просрочке – {role}",
        "if overdue: to {role}",
    ),
    "if": ("егер {condition}", "если {condition}", "if {condition}"),
    "signed": ("ЭЦҚ қойылады", "под ЭЦП", "under electronic signature"),
    "with_ground": (
        "бас тарту негізі көрсетіледі",
        "с указанием основания отказа",
        "naming a ground for refusal",
    ),
    "assigns": ("тағайындайды: {role}", "назначает: {role}", "names: {role}"),
    "other_than": (
        "№ {numbers} рәсімді орындағаннан басқа адам",
        "не тот, кто выполнил процедуру № {numbers}",
        "not by whoever did No. {numbers}",
    ),
    "gives": ("нәтиже: {result}", "результат: {result}", "result: {result}"),
    "asks": ("толтырылады: {fields}", "указывается: {fields}", "records: {fields}"),
    "attaches": ("қоса беріледі: {documents}", "прилагается: {documents}", "attaches: {documents}"),
    "tells": ("өтініш беруші хабардар етіледі", "заявитель уведомляется", "the applicant is told"),
    "at_due": (
        "мерзімі өткенде – автоматты түрде",
        "по истечении срока – автоматически",
        "automatically when the term is over",
    ),
    "units": (
        "Қатысатын құрылымдық бөлімшелер (қызметкерлер)",
        "Участвующие структурные подразделения (работники)",
        "Units (staff) that take part",
    ),
    "roles_of": ("{unit}: {roles}", "{unit}: {roles}", "{unit}: {roles}"),
    "sequence": (
        "Бөлімшелер арасындағы рәсімдердің реттілігі мен ұзақтығы",
        "Последовательность процедур между подразделениями с указанием длительности",
        "Sequence between the units, with durations",
    ),
    "longest": (
        "Қатарынан орындалатын рәсімдердің ең ұзақ жолы, көп дегенде",
        "Самый длинный путь процедур, идущих одна за другой, не более",
        "The longest way of procedures one after another, at most",
    ),
    "from_unit": ("Кімнен", "От кого", "From"),
    "to_unit": ("Кімге", "Кому", "To"),
    "applicant": ("Өтініш беруші", "Заявитель", "Applicant"),
    "system": ("Ақпараттық жүйе", "Информационная система", "Information system"),
    "public": ("Жұртшылық", "Общественность", "The public"),
    "corporation": (
        "Мемлекеттік корпорация арқылы",
        "Через Государственную корпорацию",
        "Through the State Corporation",
    ),
    "corporation_none": (
        "өтініш Мемлекеттік корпорация арқылы қабылданбайды",
        "обращения через Государственную корпорацию не принимаются",
        "applications are not taken through the State Corporation",
    ),
    "portal_sequence": ("Портал арқылы", "Через портал", "Through the portal"),
    "portal_none": (
        "өтініш портал арқылы қабылданбайды",
        "обращения через портал не принимаются",
        "applications are not taken through the portal",
    ),
    "other_providers": (
        "Өзге органдармен өзара іс-қимыл",
        "Взаимодействие с иными органами",
        "Requests to other bodies",
    ),
    "no_others": (
        "өзге органдарға сұрау салу көзделмеген",
        "запросы в иные органы не предусмотрены",
        "no requests to other bodies are provided for",
    ),
    "portal_fills": (
        "өтініш беруші порталға тіркеледі, өтінішті толтырады және құжаттарды тіркейді",
        "заявитель регистрируется на портале, заполняет заявление и прикладывает документы",
        "the applicant signs in, fills in the application and attaches the documents",
    ),
    "portal_gets": (
        "нәтиже жеке кабинетке жіберіледі",
        "результат направляется в личный кабинет",
        "the result goes to the personal cabinet",
    ),
    "annex_process": (
        "Қосымша. Бизнес-процестер анықтамалығы",
        "Приложение. Справочник бизнес-процессов",
        "Annex. Reference of the business process",
    ),
    "annex_forms": ("Қосымша. Өтініш нысаны", "Приложение. Форма заявления", "Annex. Form of application"),
    # the drawing (S000-08)
    "legend": ("Шартты белгілер", "Условные обозначения", "Legend"),
    "legend_end": ("басталуы / аяқталуы", "начало / завершение", "start / end"),
    "legend_step": ("рәсім", "процедура", "procedure"),
    "legend_choice": ("таңдау", "выбор", "choice"),
    "legend_transition": ("келесі рәсімге өту", "переход к следующей процедуре", "transition"),
    "start": ("Өтініш", "Обращение", "Application"),
    "start_alone": ("Басталуы", "Начало", "Start"),
    "drawing_alt": (
        "Рәсімдердің бөлімшелер бойынша сызбасы; мазмұны кестеде де берілген",
        "Схема процедур по подразделениям; её содержание повторено в таблице",
        "The procedures by unit, as a drawing; the table says the same",
    ),
    "stages": ("Кезеңдер", "Этапы", "Stages"),
    # a form to fill in
    "to_whom": ("Кімге", "Кому", "To"),
    "request_kind": ("Өтініш түрі", "Вид обращения", "Kind of request"),
    "applicant_lines": (
        "Өтініш берушінің тегі, аты, әкесінің аты немесе ұйымның атауы",
        "Фамилия, имя, отчество заявителя либо наименование организации",
        "Applicant: full name, or the organisation",
    ),
    "fill_data": ("Мәліметтер", "Сведения", "Data"),
    "fill_date": ("күні.айы.жылы", "дд.мм.гггг", "dd.mm.yyyy"),
    "fill_yes_no": ("☐ иә   ☐ жоқ", "☐ да   ☐ нет", "☐ yes   ☐ no"),
    "attached": ("Қоса берілетін құжаттар", "Прилагаемые документы", "Documents attached"),
    "consents": (
        "Заңмен қорғалатын құпияны құрайтын мәліметтерді пайдалануға келісемін.",
        "Согласен(на) на использование сведений, составляющих охраняемую законом тайну.",
        "I consent to the use of data protected by law.",
    ),
    "signature_eds": ("Қолы немесе ЭЦҚ, күні", "Подпись либо ЭЦП, дата", "Signature (or EDS), date"),
    "no_data": ("мәлімет сұралмайды", "сведения не запрашиваются", "no data are asked for"),
}

WORDS: Mapping[str, Mapping[str, str]] = {
    language: {key: texts[place] for key, texts in _WORDS.items()} for place, language in enumerate(LANGUAGES)
}
