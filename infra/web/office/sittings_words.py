"""What the office's pages about sittings say, in kk, ru and en."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from domain.errors import LANGUAGES

# By key: kk, ru, en.
SITTING_WORDS: Mapping[str, tuple[str, str, str]] = {
    "sittings": ("Отырыстар", "Заседания", "Sittings"),
    "why": (
        "Бұл қадамдар бірнеше іс бойынша бір отырыста шешіледі: бәрі бірге жазылады немесе ешқайсысы жазылмайды.",
        "Эти шаги решаются на заседании по многим делам сразу: записываются все решения или ни одного.",
        "These steps are decided in a sitting for many cases: all decisions are recorded together, or none.",
    ),
    "none": (
        "Сіздің рөліңізде отырыс қажет ететін қадам жоқ.",
        "У ваших ролей нет шагов, которые решаются на заседании.",
        "None of your roles has a step that is decided in a sitting.",
    ),
    "waiting": ("Күтіп тұр", "Ждут", "Waiting"),
    "overdue": ("Мерзімі өтті", "Просрочено", "Overdue"),
    "back": ("Отырыстарға оралу", "К заседаниям", "Back to the sittings"),
    "nothing_waits": (
        "Бұл отырысты күтіп тұрған іс жоқ.",
        "Дел, ожидающих этого заседания, нет.",
        "No case waits for this sitting.",
    ),
    "more": (
        "Мұнда мерзімі жақын {count} іс; қалғандары олардан кейін көрсетіледі.",
        "Здесь {count} дел с ближайшим сроком; остальные появятся после них.",
        "Here are the {count} cases due first; the others follow after them.",
    ),
    "who_sat": ("Кім отырды", "Кто заседал", "Who sat"),
    "others": (
        "Басқа мүшелер, үтір арқылы",
        "Другие члены, через запятую",
        "Other members, with commas between them",
    ),
    "minutes": ("Хаттама", "Протокол", "Minutes"),
    "minutes_why": (
        "PDF, PNG, JPEG немесе DOCX, {megabytes} МБ-қа дейін",
        "PDF, PNG, JPEG или DOCX, до {megabytes} МБ",
        "PDF, PNG, JPEG or DOCX, of at most {megabytes} MB",
    ),
    "rest": (
        "Төменде басқаша таңдалмаған істер",
        "Дела, по которым ниже не выбрано другое",
        "Cases for which nothing else is chosen below",
    ),
    "left_out": ("бұл отырыста қаралмайды", "не на этом заседании", "not in this sitting"),
    "as_rest": ("жоғарыда таңдалғандай", "как выбрано выше", "as chosen above"),
    "decision": ("Шешім", "Решение", "Decision"),
    "cases": ("Істер", "Дела", "Cases"),
    "if_outcome": ("егер: {outcomes}", "если: {outcomes}", "if: {outcomes}"),
    "if_decided": (
        "іс осы отырыста шешілсе",
        "если дело решается на этом заседании",
        "if the case is decided in this sitting",
    ),
    "hold": ("Отырысты жазу", "Записать заседание", "Record the sitting"),
    "held": (
        "Отырыс жазылды, іс саны: {count}.",
        "Заседание записано, дел: {count}.",
        "Sitting recorded, cases: {count}.",
    ),
    "refused": (
        "Ештеңе жазылған жоқ. Түзетіп, қайта жіберіңіз.",
        "Ничего не записано. Исправьте и отправьте ещё раз.",
        "Nothing was recorded. Mend it and send it again.",
    ),
}


def sitting_words(language: str) -> Callable[..., str]:
    """What the pages say in `language`, by key, placeholders filled."""
    index = LANGUAGES.index(language)
    return lambda key, **values: SITTING_WORDS[key][index].format(**values)
