"""What the office's pages say of lists, in kk, ru and en."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from domain.errors import LANGUAGES

# By key: kk, ru, en.
LIST_WORDS: Mapping[str, tuple[str, str, str]] = {
    "lists": ("Тізімдер", "Списки", "Lists"),
    "lists_why": (
        "Тізімді бір қызметкер жүктейді, екіншісі бекітеді. Файл шифрланып сақталады және тізім қабылданғанда жойылады.",
        "Список загружает один сотрудник, утверждает другой. Файл хранится зашифрованным и удаляется, когда список принят.",
        "One member of staff brings a list in, another approves it. The file is kept encrypted, and deleted once it is in.",
    ),
    "bring_in": ("Тізімді жүктеу", "Загрузить список", "Bring a list in"),
    "which_month": ("Бағдарлама және ай", "Программа и месяц", "Programme and month"),
    "list_file": ("Тізім файлы", "Файл списка", "File of the list"),
    "list_kinds": (
        "CSV, XLSX немесе JSON жолдары; gzip, bz2, xz не zip-пен сығылған болуы мүмкін. Ең көбі {size}.",
        "CSV, XLSX или строки JSON; можно сжать gzip, bz2, xz или zip. Не больше {size}.",
        "CSV, XLSX or JSON lines; gzip, bz2, xz or zip around it is fine. At most {size}.",
    ),
    "drop_here": (
        "Файлды осында сүйреп әкеліңіз немесе таңдаңыз",
        "Перетащите файл сюда или выберите его",
        "Drag the file here, or choose it",
    ),
    "one_file": (
        "Бір өріске бір файл салынады, сондықтан ешқайсысы алынған жоқ. Әр файлды өз өрісіне бөлек апарыңыз.",
        "В одно поле кладут один файл, поэтому не взят ни один. Перетащите каждый файл отдельно в его поле.",
        "One file goes into a field, so none was taken. Drag each file to its own field.",
    ),
    "a_folder": (
        "Бұл – қалта. Файлдың өзін апарыңыз.",
        "Это папка. Перетащите сам файл.",
        "This is a folder. Drag the file itself.",
    ),
    "which_field": (
        "Тізім файлы таңдалған. Мына файлды дәл өз өрісіне апарыңыз.",
        "Файл списка уже выбран. Перетащите новый файл точно на его поле.",
        "The file of the list is chosen already. Drag the new one right onto its field.",
    ),
    "unreadable": (
        "Таңдалған файл оқылмайды: ол – қалта, немесе өзгертілген не жылжытылған. Файлды қайта таңдаңыз.",
        "Выбранный файл не читается: это папка, или файл изменён либо перемещён. Выберите файл заново.",
        "A chosen file can't be read: it is a folder, or was changed or moved. Choose it again.",
    ),
    "numbers_file": (
        "Ұялы нөмірлер файлы (міндетті емес)",
        "Файл мобильных номеров (необязательно)",
        "File of mobile numbers (may be left out)",
    ),
    "numbers_hint": (
        "Нөмірлер дерекқорынан: ЖСН және телефон. Онсыз нөмірі бұрын белгілі отбасылардан ғана сұралады.",
        "Из базы номеров: ИИН и телефон. Без него запрос получат только семьи, чей номер уже известен.",
        "From the number database: IIN and phone. Without it only families whose number is known already are asked.",
    ),
    "send": ("Жүктеу және тексеру", "Загрузить и проверить", "Bring in and check"),
    "sending": ("Жіберілуде: {percent} %", "Отправляется: {percent} %", "Sending: {percent} %"),
    "sent_wait": (
        "Файл келді. Тексеру басталуда…",
        "Файл получен. Начинается проверка…",
        "Received. Checking begins…",
    ),
    "broke_off": (
        "Байланыс үзілді: ештеңе сақталмады. Қайта жіберіңіз.",
        "Связь прервалась: ничего не сохранено. Отправьте ещё раз.",
        "The connection broke off: nothing was kept. Send it again.",
    ),
    "no_month_open": (
        "Қазір ешбір айдың тізімі қабылданбайды.",
        "Сейчас списки ни за один месяц не принимаются.",
        "No month takes lists just now.",
    ),
    "opens_on": ("{day} бастап қабылданады", "принимается с {day}", "taken from {day}"),
    "until": ("{day} күнін қоса алғанда", "по {day}", "until {day}"),
    "all_lists": ("Жүктелген тізімдер", "Загруженные списки", "Lists that were brought in"),
    "none_yet": ("Әзірге тізім жоқ.", "Списков пока нет.", "There are no lists yet."),
    "month": ("Ай", "Месяц", "Month"),
    "stage": ("Күйі", "Состояние", "State"),
    "rows": ("Жолдар", "Строк", "Rows"),
    "rejected": ("Қабылданбады", "Отклонено", "Rejected"),
    "brought_by": ("Жүктеген", "Загрузил", "Brought by"),
    "decided_by": ("Шешім қабылдаған", "Решил", "Decided by"),
    "stage_came": ("Тексерілуде", "Проверяется", "Being checked"),
    "stage_refused": (
        "Қайтарылды: файл жарамайды",
        "Не принят: файл не годится",
        "Refused: the file won't do",
    ),
    "stage_waiting": ("Бекітуді күтуде", "Ждёт утверждения", "Waits for approval"),
    "stage_late": ("Мерзімінде бекітілмеді", "Не утверждён в срок", "Not approved in time"),
    "stage_approved": ("Бекітілді, қабылдануда", "Утверждён, принимается", "Approved, being taken in"),
    "stage_failed": ("Қабылдау үзілді", "Приём не удался", "Taking in failed"),
    "stage_taken_in": ("Қабылданды", "Принят", "Taken in"),
    "stage_declined": ("Қайтарылды", "Отклонён", "Declined"),
    "stage_lapsed": ("Мерзімі өтті", "Срок хранения истёк", "Lapsed"),
    "list_of": ("{month} айының тізімі", "Список за {month}", "List of {month}"),
    "to_lists": ("Барлық тізімге", "Ко всем спискам", "To all lists"),
    "work_look": ("Файл қаралуда", "Файл просматривается", "Looking through the file"),
    "work_check": ("Жолдар тексерілуде", "Строки проверяются", "Checking rows"),
    "work_back": (
        "Қайтарылатын жолдар дайындалуда",
        "Готовятся возвращаемые строки",
        "Preparing the rows that go back",
    ),
    "work_rows": ("Жолдар оқылуда", "Строки читаются", "Reading rows"),
    "work_families": ("Отбасылар жазылуда", "Семьи записываются", "Recording families"),
    "work_": ("Кезекте", "В очереди", "In the queue"),
    "rows_so_far": ("оқылған жол: {rows}", "строк прочитано: {rows}", "rows so far: {rows}"),
    "refreshes": (
        "Бет өздігінен жаңарып тұрады.",
        "Страница обновляется сама.",
        "The page refreshes itself.",
    ),
    "found": ("Не табылды", "Что определено", "What was found"),
    "detected": ("Файл", "Файл", "File"),
    "headings_in": ("Тақырыптар тілі", "Язык заголовков", "Language of the headings"),
    "kk": ("қазақша", "казахский", "Kazakh"),
    "ru": ("орысша", "русский", "Russian"),
    "en": ("ағылшынша", "английский", "English"),
    "size": ("Көлемі", "Размер", "Size"),
    "accepted": ("Қабылдануға жарайды", "Годны к приёму", "Can be taken"),
    "families": ("Отбасылар", "Семей", "Families"),
    "no_number": ("Нөмірі жоқ отбасылар", "Семей без номера", "Families without a number"),
    "without_numbers": (
        "Нөмірлер файлы келген жоқ: нөмірі белгісіз отбасылардан сұралмайды.",
        "Файла номеров нет: семьи с неизвестным номером запрос не получат.",
        "No file of numbers came: families whose number isn't known will not be asked.",
    ),
    "why_rejected": ("Жолдар неге қабылданбады", "Почему строки отклонены", "Why rows are rejected"),
    "why_numbers": ("Нөмірлер неге қабылданбады", "Почему номера не приняты", "Why numbers are not taken"),
    "count": ("Саны", "Количество", "Count"),
    "reason": ("Себебі", "Причина", "Reason"),
    "nothing_rejected": ("Барлық жол жарамды.", "Все строки годны.", "Every row can be taken."),
    "go_back": ("Жіберушіге қайтарылатын жолдар", "Строки для возврата отправителю", "Rows for the sender"),
    "download_rejects": (
        "Қабылданбаған жолдар, CSV ({count})",
        "Отклонённые строки, CSV ({count})",
        "Rejected rows, CSV ({count})",
    ),
    "download_no_number": (
        "Нөмірі жоқ отбасылар, CSV ({count})",
        "Семьи без номера, CSV ({count})",
        "Families without a number, CSV ({count})",
    ),
    "download_why": (
        "Онда дербес деректер бар; әр жүктеп алу журналға жазылады. Шешімнен кейін 30 күн сақталады.",
        "В них персональные данные; каждое скачивание записывается. Хранятся 30 дней после решения.",
        "They hold personal data; each download is recorded. They are kept for 30 days after the decision.",
    ),
    "decide": ("Шешім", "Решение", "Decision"),
    "decide_by": (
        "{day} күні аяқталғанша бекітілсе ғана қабылданады.",
        "Будет принят, только если утверждён по {day} включительно.",
        "It is taken in only if approved by the end of {day}.",
    ),
    "too_late": (
        "{day} күніне дейін ешкім бекітпеді, сондықтан тізім енді қабылданбайды. Ай бұрын қабылданған тізіммен (ол болса) "
        "жүреді. Тізімді қайтарыңыз.",
        "По {day} его никто не утвердил, поэтому он уже не будет принят. Месяц идёт со списком, принятым раньше, если "
        "такой есть. Отклоните этот список.",
        "Nobody approved it by {day}, so it can't be taken in any more. The month goes on with the list taken in before, "
        "if there is one. Decline this one.",
    ),
    "replaces": (
        "Бекітілген тізім айдың бұрынғы тізімін ауыстырады.",
        "Утверждённый список заменит прежний список месяца.",
        "Once approved it replaces the month's list before it.",
    ),
    "other_person": (
        "Бұл тізімді сіз жүктедіңіз: бекітетін – басқа қызметкер.",
        "Этот список загрузили вы: утвердить его должен другой сотрудник.",
        "You brought this list in: somebody else has to approve it.",
    ),
    "approve": ("Бекіту", "Утвердить", "Approve"),
    "decline": ("Қайтару", "Отклонить", "Decline"),
    "take_back": ("Қайтарып алу", "Отозвать", "Take back"),
    "give_up": ("Бас тарту", "Отказаться от приёма", "Give it up"),
    "retry": ("Қайталау", "Повторить", "Try again"),
    "why_decline": ("Себебі", "Причина", "Reason"),
    "choose": ("Таңдаңыз", "Выберите", "Choose"),
    "because_wrong_file": ("Басқа файл", "Не тот файл", "The wrong file"),
    "because_wrong_month": (
        "Басқа ай немесе бағдарлама",
        "Не тот месяц или программа",
        "The wrong month or programme",
    ),
    "because_too_many_rejected": (
        "Қабылданбаған жол тым көп",
        "Слишком много отклонённых строк",
        "Too many rows rejected",
    ),
    "because_numbers_missing": ("Нөмірлер жетіспейді", "Не хватает номеров", "Numbers are missing"),
    "because_newer_list": ("Жаңарақ тізім бар", "Есть более новый список", "There is a newer list"),
    "because_mistake": ("Қате жүктелген", "Загружен по ошибке", "Brought in by mistake"),
    "taken_as": ("Жеткізілім: {delivery}", "Поставка: {delivery}", "Delivery: {delivery}"),
    "failed_why": ("Неге үзілді: {why}", "Почему не удалось: {why}", "Why it failed: {why}"),
    "not_done": ("Орындалмады", "Не выполнено", "Not done"),
    "choose_file": ("Тізім файлын таңдаңыз.", "Выберите файл списка.", "Choose the file of the list."),
    "too_large": (
        "Файл тым үлкен: ең көбі {size}.",
        "Файл слишком велик: не больше {size}.",
        "The file is too large: at most {size}.",
    ),
    "form_broken": (
        "Файл соңына дейін келмеді: ештеңе сақталмады. Қайта жіберіңіз.",
        "Файл пришёл не полностью: ничего не сохранено. Отправьте ещё раз.",
        "The file did not come to its end: nothing was kept. Send it again.",
    ),
    "busy": (
        "Қазір тым көп файл жүктелуде. Бір минуттан кейін қайталаңыз.",
        "Сейчас загружается слишком много файлов. Повторите через минуту.",
        "Too many files are on their way in. Try again in a minute.",
    ),
    "signed_out": (
        "Сеанс аяқталды: қайта кіріңіз.",
        "Сеанс окончен: войдите снова.",
        "The session is over: sign in again.",
    ),
    "signed_out_form": (
        "Сеанс аяқталды, ештеңе сақталмады. Жаңа қойындыда кіріп, осы жерден қайта жіберіңіз: таңдалған файлдар қалады.",
        "Сеанс окончен, ничего не сохранено. Войдите в новой вкладке и отправьте отсюда снова: выбранные файлы останутся.",
        "The session is over and nothing was kept. Sign in in a new tab, then send again from here: the chosen files stay.",
    ),
    "unavailable": (
        "Жүйе қазір жауап бермейді. Сәл кейін қайталаңыз.",
        "Система сейчас не отвечает. Повторите чуть позже.",
        "The system does not answer just now. Try again in a moment.",
    ),
    "foreign": (
        "Сұрау басқа беттен келді, сондықтан орындалмады.",
        "Запрос пришёл с другой страницы и не выполнен.",
        "The request came from another page and was not carried out.",
    ),
}


def list_words(language: str) -> Callable[..., str]:
    """Says a key in the language: kk, ru or en."""
    index = LANGUAGES.index(language)
    return lambda key, **values: LIST_WORDS[key][index].format(**values)
