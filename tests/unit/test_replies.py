"""What people type back, and how it is read."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.replies import MAX_CHARACTERS, Answer, parse_reply

REQUEST = (
    "Құрметті пайдаланушы! Сіздің отбасыңызға әлеуметтік маңызы бар азық-түлік тауарларына ваучер түрінде "
    "жеңілдік бар. Дербес деректерді өңдеуге келісім немесе бас тарту мынадай комбинациямен жүзеге "
    "асырылады: "
    "21*1 – «ИӘ», 21*2 – «ЖОҚ» дегенді білдіреді. Толық ақпарат алу үшін 87163820020 нөмірі бойынша "
    "хабарласу "
    "қажет. Келісім 2025 жылдың 31 шілдесіне дейін беріледі."
)
RUSSIAN_REQUEST = "Ответьте 21*1 – «ДА» или 21*2 – «НЕТ» до 31 июля 2025 года."

YES = [
    *("ИӘ", "иә", "Иә", "да", "ДА", "yes", "Yes", "21*1", " 21 * 1 "),
    *(
        "«ИӘ»",
        '"да"',
        "Да!",
        "иә 👍",
        "21*1.",
        "да да да",
        "да\nда",
        "21*1 – «ИӘ»",
        "21*1да",
        "иә21*1",
        "дааа",
    ),
    *(
        "ия",
        "иа",
        "ИƏ",
        "da",
        "дa",
        "ДA",
        "1",
        " 1. ",
        "иә 1",
        "211",
        "21-1",
        "21 1",
        "21#1",
        "*21*1#",
        "21х1",
    ),
    *("２１＊１", "21\u200b*1", "\ufeffда", "д\u00adа", "да\u0301", "21∗1"),
    *("да, согласна", "келісемін", "согласен", "Согласна на обработку персональных данных, Ахметова Айгуль"),
    *(
        "Да. Ахметова Гүлнар",
        "21*1 Ахметова Айгуль",
        "келісім беремін",
        "даю согласие",
        "I agree",
        "не против",
    ),
    *("қарсы емеспін", "Қарсылығым жоқ", "возражений нет", "конечно", "Әрине!", "ок да"),
]
NO = [
    *("21*2", "жоқ", "ЖОҚ", "нет", "НЕТ", "no", "No.", " 21 * 2"),
    *("«ЖОҚ»", "жок", "ЖОK", "HET", "joq", "2", "212", "21-2", "нееет", "２１＊２", "Жоқ, керек емес"),
    *("STOP", "стоп", "Stop!", "отказываюсь", "бас тартамын", "не согласен", "НЕ СОГЛАСНА!", "не  согласна"),
    *("I do not agree", "I don't agree", "I don’t agree", "не даю согласие", "нет, спасибо", "нет спасибо"),
    *("конечно нет", "не надо", "керек емес", "келісім бермеймін", "келіспеймін!!!", "нет, не согласна"),
]
UNCLEAR = [
    *("", " ", " \n\t ", "👍", "😀🎉", "...", "\x00", "\ud800", "+", "0", "12", "привет"),
    *("да нет", "нет да", "21*1 21*2", "21*2/21*1", "иә жоқ", "да 21*2", "иә 2", "согласна, но нет"),
    *("21*12", "121*1", "21*3", "21*1*2", "21*11", "не 21*1", "21.10.2025"),
    *("ok", "хорошо", "спасибо", "рахмет", "да?", "21*1?", "что значит 21*1", "да кто вы такие", "если да"),
    *(
        "нет времени",
        "ақша жоқ",
        "no problem",
        "не знаю",
        "не поняла",
        "не отказываюсь",
        "да, но потом",
        "1 бала",
    ),
    *("да отказываюсь", "не хочу отказываться", "по", "емес"),
]


@pytest.mark.parametrize("text", YES)
def test_R22_a_yes_in_any_usual_form_is_consent(text: str) -> None:
    assert parse_reply(text) is Answer.YES


@pytest.mark.parametrize("text", NO)
def test_R21_a_no_in_any_usual_form_is_a_refusal(text: str) -> None:
    assert parse_reply(text) is Answer.NO


@pytest.mark.parametrize("text", UNCLEAR)
def test_O5_2_what_can_be_read_two_ways_is_no_consent(text: str) -> None:
    assert parse_reply(text) is Answer.UNCLEAR


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (REQUEST, "unclear"),
        (f"да\n{REQUEST}", "yes"),
        (f"{REQUEST}\n21*2", "no"),
        (f"да {REQUEST} нет", "unclear"),
        (f"жоқ\n{REQUEST[:300]}", "no"),
        (REQUEST[:230], "unclear"),  # cut between the two combinations
        (REQUEST[100:], "unclear"),
        (f"> {REQUEST}\nиә", "yes"),
    ],
)
def test_R20_a_quoted_request_is_not_an_answer(text: str, answer: str) -> None:
    assert parse_reply(text) == answer


def test_R20_a_quoted_request_of_any_wording_is_left_out_when_known() -> None:
    assert parse_reply(f"{RUSSIAN_REQUEST} нет") is Answer.UNCLEAR
    assert parse_reply(f"{RUSSIAN_REQUEST.upper()}\nнет", [RUSSIAN_REQUEST]) is Answer.NO
    assert parse_reply(RUSSIAN_REQUEST, [RUSSIAN_REQUEST]) is Answer.UNCLEAR


@pytest.mark.parametrize(
    "text",
    [
        "а" * 10_000,
        "21*" * 5_000,
        "да " * 6_000,
        "21 * " * 4_000,
        "* " * 9_999,
        "а'" * 9_000,
        "\ufdfa" * 10_000,
    ],
)
def test_a_long_text_takes_no_long_time(text: str) -> None:
    began = time.process_time()
    parse_reply(text)
    assert time.process_time() - began < 2


def test_a_text_beyond_all_measure_is_unclear() -> None:
    assert parse_reply("да" + " " * MAX_CHARACTERS) is Answer.UNCLEAR
    assert parse_reply("да" + " " * (MAX_CHARACTERS - 2)) is Answer.YES
    assert parse_reply("согласна " + "слово " * 30) is Answer.UNCLEAR


@given(st.text(max_size=300) | st.lists(st.sampled_from([*YES, *NO, *UNCLEAR]), max_size=6).map(" ".join))
def test_never_raises(text: str) -> None:
    assert parse_reply(text) in Answer


SPACES = st.text(alphabet=" \n\t\u00a0\u200b", max_size=5)
MARKS = st.text(alphabet='.,!;:"«»()…👍🙏 ', max_size=5)


@given(
    st.sampled_from([*YES, *NO]),
    st.sampled_from([str.upper, str.lower, str.title, str.swapcase]),
    SPACES,
    SPACES,
)
def test_case_and_spaces_change_nothing(text: str, case: object, before: str, after: str) -> None:
    assert parse_reply(before + case(text) + after) is parse_reply(text)  # type: ignore[operator]


@given(st.sampled_from(["иә", "да", "21*1", "yes", "жоқ", "нет", "no", "21*2"]), MARKS, MARKS)
def test_punctuation_around_changes_nothing(text: str, before: str, after: str) -> None:
    assert parse_reply(before + text + after) is parse_reply(text)


@given(st.sampled_from(YES), st.sampled_from(NO))
def test_a_yes_and_a_no_together_are_never_a_yes_nor_a_no(yes: str, no: str) -> None:
    # A lone digit beside words is no answer of its own, and denials reach over to the next words.
    if any(character.isdigit() for character in yes + no) and "21*" not in yes + no:
        return
    assert parse_reply(f"{yes}. {no}") is not Answer.YES
