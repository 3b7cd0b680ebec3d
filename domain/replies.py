"""What a reply SMS says: consent, refusal, or nothing one may act on (R20–R22, O5.2).

Consent to personal data must be plain, and a refusal ends the month for a family: so whatever can be read
two ways is `unclear`, and the person is asked again once. What people really type is still understood:

- the combinations `21*1` and `21*2`, anywhere in the text; with another sign than `*`, or none (`21-1`,
  `211`), and `1` / `2`, when they are the whole text;
- the words of yes and no in Kazakh, Russian and English, typed without a Kazakh keyboard (`ия`, `жок`), in
  Latin letters (`da`, `joq`), in look-alikes, with a name, a thank-you, quotes or emoji beside them;
- sentences: `келісемін`, `не согласна`, `бас тартамын`, `I do not agree`.

`ok`, `хорошо`, `рахмет`, `+` and a thumb are `unclear`: they tell that the SMS was read. So is any question.
A quoted copy of our request is left out before reading.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache

MAX_CHARACTERS = 20_000
MAX_UNKNOWN_WORDS = 20


class Answer(StrEnum):
    """How a reply is understood."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


_REPEATED = re.compile(r"(.)\1+")
_FOLD = str.maketrans(
    # Kazakh letters as typed without a Kazakh keyboard, then Latin and Greek letters that look Cyrillic.
    "әғқңөұүһіёabcehikmoptxyəκοραετνχυ",
    "агкноуухиеавсеникмортхуакораетвху",
)


_latin_words: set[str] = set()


def _fold(word: str) -> str:
    """`word` (lower case) with look-alikes made one and repeated letters dropped: `дaaа` is `да`.

    Words known in Latin letters stay as they are: `no` is not the Russian `по`.
    """
    short = _REPEATED.sub(r"\1", word)
    return short if short in _latin_words else _REPEATED.sub(r"\1", short.translate(_FOLD))


def _set(words: str) -> frozenset[str]:
    _latin_words.update(_REPEATED.sub(r"\1", word) for word in words.split() if word.isascii())
    return frozenset(_fold(word) for word in words.split())


# Plain: they answer wherever they stand. Short: they answer only when no unknown word leans on them, because
# "да кто вы", "нет времени" and "ақша жоқ" (no money) are not answers.
_PLAIN_YES = _set(
    "иә иа ия ийа иия ийә келісемін келісем келісемиз келістім келісеміз беремін берем бердім ризамын "
    "согласен согласна согласны согласие соглашаюсь подтверждаю разрешаю yes yeah yep agree agreed "
    "consent accept"
)
_SHORT_YES = _set("да ие ага угу da ia iya iye ija soglasen soglasna kelisemin")
_PLAIN_NO = _set(
    "келіспеймін келіспейм келіспейміз бермеймін бермейм тартамын тартам тарттым бастартамын қарсымын "
    "қаламаймын "
    "отказываюсь отказ откажусь против возражаю запрещаю отклоняю ненадо несогласен несогласна нехочу "
    "стоп stop тоқта тоқтат nope refuse decline disagree reject unsubscribe"
)
_SHORT_NO = _set("жоқ нет неа no net joq jok zhok zhoq otkaz kelispeymin")
_NOT = _set("не not dont doesnt never ни")
_NOT_AFTER = _set("емес емеспін емеспиз")
_FILLER = _set(
    "мен біз өзім маған сізге рахмет рақмет сәлем сәлеметсіз бе ассалаумағалейкум келісім келісімімді "
    "рұқсат бас ғой "
    "я мы мне ну спасибо пожалуйста здравствуйте даю на мой моя свой своё обработку персональных "
    "данных дербес "
    "деректерді өңдеуге ваучер ок окей хорошо ладно жақсы ответ жауап мой i we do to the my of data "
    "am thanks thank you "
    "please ok okay и а очень полностью үшін толық"
)
_EMPHASIS = _set("конечно әрине обязательно sure definitely")
_DOUBT = _set(
    "но если ли может наверное почему зачем кто что чего какой какие где когда сколько значит или отказаться "
    "отказываться бірақ егер мүмкін неге кім қандай қашан қайда немесе деген but if maybe why who "
    "what or unless how"
)
_PAIRS = {
    tuple(_fold(word) for word in pair.split()): answer
    for answer, pairs in {
        Answer.YES: (
            "не против, не возражаю, қарсы емеспін, қарсы емес, қарсылығым жоқ, возражений нет, no "
            "objection, "
            "no objections, without objection"
        ),
        Answer.NO: (
            "не надо, не нужно, не хочу, не буду, не даю, не желаю, не интересует, не интересно, не "
            "разрешаю, "
            "нет согласия, керек емес, керегі жоқ, қажет емес, қажеті жоқ, рұқсат жоқ, келісім жоқ, "
            "хочу отказаться, dont want, not interested"
        ),
    }.items()
    for pair in pairs.split(", ")
}
_GIVEN = _set("согласие согласия разрешение")

_CODE = r"21 ?\*{1,3} ?"
_TOKEN = re.compile(
    rf"(?<![0-9*])\*?{_CODE}(?P<code>[12])(?![0-9]| ?\*+ ?[0-9])"
    r"|(?P<word>[^\W\d_]+)|(?P<number>\d+)|(?P<mark>[^\w\s]|_)"
)
_WHOLE_CODE = re.compile(r"\*?(?:21 ?[*#.,:/_хx×+-]{0,2} ?)?([12])#?")
# Beside words it is no answer of its own, but it can contradict one.
_BARE_CODE = re.compile(r"(?<![0-9])21[ *#.,:/_хx×+-]{0,2}([12])(?![0-9])")
_GREETINGS = ("құрметті пайдаланушы", "уважаемый пользователь", "dear user")
_REQUEST_END = "дейін беріледі"
_REQUEST_WORD = re.compile(r"комбинац|combination")


def _plain(text: str) -> str:
    """`text` in one form and lower case, without invisible characters and accents; lines are kept."""
    whole = unicodedata.normalize("NFKC", text).casefold()
    seen = "".join(c for c in whole if unicodedata.category(c) not in ("Cf", "Mn", "Me"))
    lines = (" ".join(line.split()) for line in seen.replace("∗", "*").replace("⁎", "*").splitlines())
    return "\n".join(line for line in lines if line)


@lru_cache(maxsize=256)
def _plain_request(request: str) -> str:
    return _plain(request).replace("\n", " ")


def _beside_the_request(text: str, asked: Iterable[str]) -> str | None:
    """`text` without a quoted request; None when a request is in it and where it ends can't be told."""
    text = "\n".join(line for line in text.split("\n") if not line.startswith(">"))
    flat = text.replace("\n", " ")
    for request in asked:
        request = _plain_request(request)
        if request and request in flat:
            flat = text = flat.replace(request, " . ")
    for greeting in _GREETINGS:
        before, found, after = flat.partition(greeting)
        if found:
            _, ended, rest = after.rpartition(_REQUEST_END)
            flat = text = f"{before} . {rest}" if ended else before
    return None if _REQUEST_WORD.search(flat) else text


def parse_reply(text: str, asked: Iterable[str] = ()) -> Answer:
    """What the reply `text` (R20, R21) says; never raises. Linear; over 20,000 characters are `unclear`.

    `asked`: requests of ours that may stand quoted in it; the Kazakh one of the order is known without.
    """
    if len(text) > MAX_CHARACTERS:
        return Answer.UNCLEAR
    plain = _beside_the_request(_plain(text), asked)
    if plain is None or "?" in plain:
        return Answer.UNCLEAR
    whole = _WHOLE_CODE.fullmatch(plain.strip(" \n.!\"'«»()"))
    if whole:
        return Answer.YES if whole[1] == "1" else Answer.NO
    answer = _decide(_kinds(_tokens(plain)))
    said = set(_BARE_CODE.findall(plain))
    contradicted = (answer is Answer.YES and "2" in said) or (answer is Answer.NO and "1" in said)
    return Answer.UNCLEAR if contradicted else answer


def _tokens(plain: str) -> list[tuple[str, str]]:
    """(kind, folded word) of each token: a combination is `yes`/`no`, a lone 1 or 2 is `digit_…`."""
    tokens = []
    joined = re.sub(r"(?<=\w)['’`ʼ](?=\w)", "", plain).replace("\n", " . ")
    for match in _TOKEN.finditer(joined):
        if match["code"]:
            tokens.append(("yes" if match["code"] == "1" else "no", ""))
        elif match["word"]:
            tokens.append(("word", _fold(match["word"])))
        elif match["number"]:
            tokens.append(({"1": "digit_yes", "2": "digit_no"}.get(match["number"], "other"), ""))
        else:
            tokens.append(("mark", ""))
    return tokens


def _kind_of(word: str) -> str:
    for kind, words in (
        ("yes", _PLAIN_YES),
        ("short_yes", _SHORT_YES),
        ("no", _PLAIN_NO),
        ("short_no", _SHORT_NO),
        ("not", _NOT),
        ("not_after", _NOT_AFTER),
        ("doubt", _DOUBT),
        ("emphasis", _EMPHASIS),
        ("filler", _FILLER),
    ):
        if word in words:
            return kind
    return "other"


def _kinds(tokens: list[tuple[str, str]]) -> list[str]:
    """What each token does for the answer; negations are resolved into `yes`, `no` or `doubt`."""
    kinds: list[str] = []
    denied = False
    at = 0
    while at < len(tokens):
        kind, word = tokens[at]
        if kind != "word":
            # A denied combination ("не 21*1") may mean the other one, or a muddle.
            kinds.append("doubt" if denied and kind != "mark" else kind)
            denied = denied and kind == "mark"
            at += 1
            continue
        following = tokens[at + 1][1] if at + 1 < len(tokens) else ""
        pair = _PAIRS.get((word, following)) if following else None
        if pair is not None and not denied:
            # "не даю согласие": the noun belongs to the refusal.
            kinds.append(pair.value)
            at += 3 if at + 2 < len(tokens) and tokens[at + 2][1] in _GIVEN else 2
            continue
        kind = _kind_of(word)
        if denied and kind not in ("filler", "emphasis"):
            kinds.append("no" if kind == "yes" else "doubt")
            denied = False
        elif kind == "not":
            denied = True
        elif kind == "not_after":
            positive = bool(kinds) and kinds[-1] == "yes"
            kinds[-1:] = ["no" if positive else "doubt"]
        else:
            kinds.append(kind)
        at += 1
    return [*kinds, "doubt"] if denied else kinds


def _decide(kinds: list[str]) -> Answer:
    said: set[str] = set()
    digits = {kind.rpartition("_")[2] for kind in kinds if kind.startswith("digit")}
    for at, kind in enumerate(kinds):
        if kind == "doubt":
            return Answer.UNCLEAR
        answer = kind.rpartition("_")[2]
        if answer not in ("yes", "no") or kind.startswith("digit"):
            continue
        leaned_on = kind.startswith("short") and "other" in (
            *kinds[max(at - 1, 0) : at],
            *kinds[at + 1 : at + 2],
        )
        said.add("unclear" if leaned_on else answer)
    if kinds.count("other") > MAX_UNKNOWN_WORDS:
        return Answer.UNCLEAR
    if not said and "emphasis" in kinds and "other" not in kinds:
        return Answer.YES
    # "иә 1" says one thing twice, "иә 2" two things, "1 бала" (one child) nothing.
    said |= digits if said else set()
    return Answer(said.pop()) if len(said) == 1 else Answer.UNCLEAR
