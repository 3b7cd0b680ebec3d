"""Why something is parked, in the words of the office: what is recorded there are short texts for whoever mends it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from domain.errors import LANGUAGES
from infra.problem_sentences import SENTENCES

# By what kind of cause it is: kk, ru, en.
PARKED_WORDS: Mapping[str, tuple[str, str, str]] = {
    "foreign": (
        "Бұл хабарлама azyq журналынан емес: тақырыпқа басқа біреу жазған немесе ол бүлінген.",
        "Это сообщение не из журнала azyq: в тему записал кто-то другой, или оно повреждено.",
        "This message is not of azyq's log: somebody else wrote to the topic, or it is damaged.",
    ),
    "empty": ("Хабарлама бос.", "Сообщение пустое.", "The message is empty."),
    "too_large": (
        "Хабарлама тым үлкен.",
        "Сообщение слишком велико.",
        "The message is too large.",
    ),
    "not_json": (
        "Хабарлама дұрыс JSON емес.",
        "Сообщение не является правильным JSON.",
        "The message is not well-formed JSON.",
    ),
    "other_log": (
        "Журналда бұл орында басқа оқиға тұр: хабарлама басқа жүйеден немесе қалпына келтірілгенге дейінгі дерекқордан.",
        "В журнале на этом месте другое событие: сообщение другой системы или базы до восстановления.",
        "The log has another event at this place: the message is of another system, or of the database before a restore.",
    ),
    "newer": (
        "Оқиғаны azyq-тың жаңарақ нұсқасы жазған: осы процесті жаңартыңыз.",
        "Событие записано более новой версией azyq: обновите этот процесс.",
        "A newer version of azyq recorded the event: update this process.",
    ),
    "no_row": (
        "Бұдан бұрынғы оқиға жоқ немесе кейінге қалдырылған: алдымен соны қайталаңыз.",
        "Нет более раннего события, или оно отложено: сначала повторите его.",
        "An earlier event is missing or parked: try that one first.",
    ),
    "event": (
        "Көрініс оқиғаны оқи алмады.",
        "Представление не смогло прочитать событие.",
        "The view could not read the event.",
    ),
    "message": (
        "Хабарламаны оқу мүмкін болмады.",
        "Сообщение не удалось прочитать.",
        "The message could not be read.",
    ),
}
_FIELD = ("Өрісі: {name}.", "Поле: {name}.", "Field: {name}.")
# In this order; `False` for messages of topics, `True` for events of views.
_CAUSES: tuple[tuple[str, bool, str], ...] = (
    (r"a message without a value", False, "empty"),
    (r"the message has more than .*", False, "too_large"),
    (r"the message is not JSON", False, "not_json"),
    (r"the log has another event .*|the id is beyond .*|dataref is no event .*", False, "other_log"),
    (
        r"(the (message|event|type|subject|key|stream)|previous|stream|streamversion|id|data\w*) .*",
        False,
        "foreign",
    ),
    (r"recorded by a newer .*|unknown topic|events of this version .*", True, "newer"),
    (r"no row: .*", True, "no_row"),
)


def parked_reason(place: str, reason: str, language: str) -> str:
    """What `reason` means, as a sentence; `place` is a view, or a partition of a topic, as azyq.events.v1/0."""
    index, of_event = LANGUAGES.index(language), "/" not in place
    code, _, where = reason.partition(" ")
    if not of_event and code in SENTENCES:
        said = SENTENCES[code][index]
        return f"{said} {_FIELD[index].format(name=where.lstrip('/'))}" if where else said
    for pattern, event, cause in _CAUSES:
        if event is of_event and re.fullmatch(pattern, reason, re.DOTALL):
            return PARKED_WORDS[cause][index]
    return PARKED_WORDS["event" if of_event else "message"][index]
