"""A row of the recipients' list, checked: a beneficiary, or the first rule that says no (R2.2, R14, R15)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

LIST_FIELDS = (
    "family_id",
    "iin",
    "surname",
    "given_name",
    "patronymic",
    "birth_date",
    "role",
    "kato",
    "assistance_on",
)
FAMILY_ID_LIMIT = 64
NAME_LIMIT = 200
FAMILY_LIMIT = 30  # members
FORMULA_STARTS = ("=", "+", "-", "@")
EARLIEST_BIRTH = date(1900, 1, 1)

ROLES = {
    "applicant": "applicant",
    "өтініш беруші": "applicant",
    "өтінуші": "applicant",
    "заявитель": "applicant",
    "заявительница": "applicant",
    "member": "member",
    "family member": "member",
    "отбасы мүшесі": "member",
    "мүше": "member",
    "мүшесі": "member",
    "член семьи": "member",
    "член": "member",
}


class Beneficiary(NamedTuple):
    """One member of a family of the list; `birth_date` is YYYY-MM-DD as the vault keeps it."""

    family_reference: str
    iin: str
    surname: str
    given_name: str
    patronymic: str  # may be empty
    birth_date: str
    role: str  # "applicant" or "member"
    kato: str
    assistance_on: date


class Rejection(NamedTuple):
    """Why a row is not taken: a stable code, and the column it is about (None: the row as a whole)."""

    code: str
    field: str | None


@dataclass(frozen=True, slots=True)
class ListRule:
    """What a month asks of a row: the KATO prefixes covered, and the last day of the month before (R2.2)."""

    kato_prefixes: tuple[str, ...]
    assistance_on: date


def _weighed(start: int) -> dict[str, int]:
    """Sums of three digits that stand at `start`, packed: first | second << 10 | check digit << 20."""
    first = (*range(1, 12), 0)
    second = (*range(3, 12), 1, 2, 0)
    sums = {}
    for number in range(1000):
        digits = (number // 100, number // 10 % 10, number % 10)
        check = digits[2] if start == 9 else 0
        packed = check << 20
        for offset, digit in enumerate(digits):
            packed += digit * first[start + offset] + (digit * second[start + offset] << 10)
        sums[f"{number:03d}"] = packed
    return sums


# Twelve digits are four look-ups; a triple that is not three ASCII digits is in no table.
_FIRST, _SECOND, _THIRD, _FOURTH = (_weighed(start) for start in (0, 3, 6, 9))


def iin_is_valid(iin: str) -> bool:
    """Whether `iin` is 12 ASCII digits with the right check digit; the birth date is not looked at."""
    try:
        packed = _FIRST[iin[0:3]] + _SECOND[iin[3:6]] + _THIRD[iin[6:9]] + _FOURTH[iin[9:]]
    except KeyError:
        return False
    check = (packed & 1023) % 11
    if check == 10:
        check = (packed >> 10 & 1023) % 11
    return check == packed >> 20 and packed != 0


_SCIENTIFIC = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]+", re.ASCII)


def iin_problem(iin: str) -> str | None:
    """The code of what is wrong with a trimmed IIN, None if it is right."""
    if iin_is_valid(iin):
        return None
    if not iin:
        return "iin_missing"
    if iin.startswith(FORMULA_STARTS):
        return "formula_in_cell"
    if not iin.isascii():
        return (
            "iin_digits_not_ascii"
            if any(c.isdigit() and not c.isascii() for c in iin)
            else "iin_not_12_digits"
        )
    if _SCIENTIFIC.fullmatch(iin):
        return "iin_scientific"
    if not iin.isdigit() or len(iin) != 12:
        # A lost zero can be told from a lost digit only by the check digit.
        lost = iin.isdigit() and len(iin) < 12 and iin_is_valid(iin.zfill(12))
        return "iin_leading_zero_lost" if lost else "iin_not_12_digits"
    return "iin_check_digit"


_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


@lru_cache(maxsize=1 << 16)
def _day(text: str) -> date | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _text_problem(text: str, limit: int, too_long: str) -> str | None:
    if text.startswith(FORMULA_STARTS):
        return "formula_in_cell"
    if not text.isprintable():
        return "control_character"
    return too_long if len(text) > limit else None


def _name(raw: str) -> tuple[str, str | None]:
    """A name with its blanks folded, and the code of what is wrong with it; empty is not wrong here."""
    name = " ".join(raw.split())
    if not name or (name.isalpha() and name.isascii() and len(name) <= NAME_LIMIT):
        return name, None
    name = unicodedata.normalize("NFC", name)
    problem = _text_problem(name, NAME_LIMIT, "name_too_long")
    if problem is None and not any(map(str.isalpha, name)):
        problem = "name_without_letters"
    return name, problem


def check_row(values: Sequence[str], rule: ListRule) -> Beneficiary | Rejection:
    """The nine cells of a row (order of LIST_FIELDS) as a Beneficiary, or the first rule that says no (R2.2).

    The order is fixed: family_id, iin, surname, given_name, patronymic, birth_date, role, kato,
    assistance_on; within a cell: missing, formula, form, then meaning. Blanks around a cell do not count.
    An IIN is not compared with the birth date: its digits need not match. A patronymic of dashes is none.
    """
    family, iin, surname, given, patronymic, birth, role, kato, on = values

    family = family.strip()
    if not family:
        return Rejection("family_id_missing", "family_id")
    if not (family.isascii() and family.isalnum() and len(family) <= FAMILY_ID_LIMIT):
        problem = _text_problem(family, FAMILY_ID_LIMIT, "family_id_too_long")
        if problem:
            return Rejection(problem, "family_id")

    iin = iin.strip()
    if not iin_is_valid(iin):
        return Rejection(iin_problem(iin) or "iin_check_digit", "iin")

    # Letters alone, already in one piece: by far the most names.
    if not (surname.isalpha() and len(surname) <= NAME_LIMIT):
        surname, problem = _name(surname)
        if problem or not surname:
            return Rejection(problem or "surname_missing", "surname")
    if not (given.isalpha() and len(given) <= NAME_LIMIT):
        given, problem = _name(given)
        if problem or not given:
            return Rejection(problem or "given_name_missing", "given_name")
    if patronymic and not (patronymic.isalpha() and len(patronymic) <= NAME_LIMIT):
        if not patronymic.strip(" \t\u00a0-–—"):
            patronymic = ""
        patronymic, problem = _name(patronymic)
        if problem:
            return Rejection(problem, "patronymic")

    birth = birth.strip()
    born = _day(birth)
    if born is None or born > rule.assistance_on or born < EARLIEST_BIRTH:
        return Rejection(_birth_problem(birth, born), "birth_date")

    known = ROLES.get(role) or ROLES.get(" ".join(role.casefold().split()))
    if known is None:
        return Rejection(_missing_or(role.strip(), "role_missing", "role_unknown"), "role")

    kato = kato.strip()
    if not (len(kato) == 9 and kato.isascii() and kato.isdigit()):
        return Rejection(_missing_or(kato, "kato_missing", "kato_not_9_digits"), "kato")
    if not kato.startswith(rule.kato_prefixes):
        return Rejection("outside_region", "kato")

    established = _day(on)
    if established != rule.assistance_on:
        on = on.strip()
        established = _day(on)
        if established is None:
            return Rejection(
                _missing_or(on, "assistance_date_missing", "assistance_date_invalid"), "assistance_on"
            )
        if established != rule.assistance_on:
            return Rejection("assistance_not_on_last_day", "assistance_on")
    return Beneficiary(family, iin, surname, given, patronymic, birth, known, kato, rule.assistance_on)


def _birth_problem(birth: str, born: date | None) -> str:
    if born is None:
        return _missing_or(birth, "birth_date_missing", "birth_date_invalid")
    return "birth_date_before_1900" if born < EARLIEST_BIRTH else "birth_date_in_future"


def _missing_or(text: str, missing: str, otherwise: str) -> str:
    if not text:
        return missing
    return "formula_in_cell" if text.startswith(FORMULA_STARTS) else otherwise


class _Details(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"


def rejection_sentence(code: str, language: str, **details: object) -> str:
    """Why a row was not taken, for a clerk, in `language` (kk, ru, en; English where there is none).

    `details` fill the placeholders (`field` is a column's canonical name and is put into words); a detail not
    given shows as "…", a code without a text as itself. No cell's content is in it.
    """
    texts = SENTENCES.get(code)
    if texts is None:
        return code
    at = LANGUAGE_ORDER.get(language, 2)
    field = details.get("field")
    if isinstance(field, str) and field in FIELD_WORDS:
        details["field"] = FIELD_WORDS[field][at]
    return texts[at].format_map(_Details(details))


LANGUAGE_ORDER = {"kk": 0, "ru": 1, "en": 2}

# Each text: Kazakh, Russian, English.
FIELD_WORDS = {
    "family_id": ("отбасы коды", "код семьи", "family_id"),
    "iin": ("ЖСН", "ИИН", "IIN"),
    "surname": ("тегі", "фамилия", "surname"),
    "given_name": ("аты", "имя", "given name"),
    "patronymic": ("әкесінің аты", "отчество", "patronymic"),
    "birth_date": ("туған күні", "дата рождения", "birth date"),
    "role": ("рөлі", "роль", "role"),
    "kato": ("ӘАОЖ коды", "код КАТО", "KATO code"),
    "assistance_on": ("көмек күні", "дата помощи", "date of assistance"),
    "phone": ("телефон нөмірі", "номер телефона", "phone"),
}

SENTENCES: dict[str, tuple[str, str, str]] = {
    # The row as it stands in the file.
    "cells_too_few": (
        "Жолда ұяшық жетіспейді: {found}, ал тақырыпта {expected}.",
        "В строке не хватает ячеек: {found}, а в заголовке {expected}.",
        "The row has too few cells: {found}, the heading has {expected}.",
    ),
    "cells_too_many": (
        "Жолда артық ұяшық бар: {found}, ал тақырыпта {expected}.",
        "В строке лишние ячейки: {found}, а в заголовке {expected}.",
        "The row has too many cells: {found}, the heading has {expected}.",
    ),
    "cell_too_long": (
        "Ұяшықта 10 000 таңбадан артық мәтін бар.",
        "В ячейке больше 10 000 знаков.",
        "A cell has more than 10,000 characters.",
    ),
    "text_has_nul": (
        "Жолда нөлдік таңба (NUL) бар: файл бүлінген болуы мүмкін.",
        "В строке есть нулевой символ (NUL): файл, возможно, повреждён.",
        "The row holds a NUL character: the file may be damaged.",
    ),
    "text_broken": (
        "Жолдағы мәтін файлдың кодтауымен оқылмайды.",
        "Текст строки не читается в кодировке файла.",
        "The row's text cannot be read in the file's encoding.",
    ),
    "quote_misplaced": (
        "Жолда тырнақша дұрыс қойылмаған.",
        "В строке неверно поставлены кавычки.",
        "The row has a misplaced quotation mark.",
    ),
    "json_invalid": (
        "Жол дұрыс JSON емес.",
        "Строка не является верным JSON.",
        "The line is not valid JSON.",
    ),
    "json_not_an_object": (
        "JSON жолы {{…}} түріндегі объект болуы керек.",
        "Строка JSON должна быть объектом {{…}}.",
        "The JSON line must be an object {{…}}.",
    ),
    "json_key_doubled": (
        "JSON жолында бір өріс екі рет берілген.",
        "В строке JSON одно поле указано дважды.",
        "The JSON line gives the same field twice.",
    ),
    "json_key_missing": (
        "JSON жолында өріс жоқ: {field}.",
        "В строке JSON нет поля: {field}.",
        "The JSON line lacks a field: {field}.",
    ),
    "json_nan": (
        "JSON жолында сан емес мән бар (NaN немесе Infinity).",
        "В строке JSON значение, которое не является числом (NaN или Infinity).",
        "The JSON line holds NaN or Infinity, which is not a number.",
    ),
    "json_value_not_text": (
        "JSON өрісінде мәтін немесе сан болуы керек: {field}.",
        "В поле JSON должен быть текст или число: {field}.",
        "A JSON field must be text or a number: {field}.",
    ),
    # The cells.
    "formula_in_cell": (
        "Ұяшық =, +, - немесе @ таңбасынан басталады: {field}. Формулалар қабылданбайды.",
        "Ячейка начинается с =, +, - или @: {field}. Формулы не принимаются.",
        "A cell starts with =, +, - or @: {field}. Formulas are not accepted.",
    ),
    "control_character": (
        "Ұяшықта көрінбейтін таңба бар: {field}.",
        "В ячейке есть непечатаемый символ: {field}.",
        "A cell holds a character that cannot be printed: {field}.",
    ),
    "family_id_missing": (
        "Отбасы коды көрсетілмеген.",
        "Не указан код семьи.",
        "The family's code is missing.",
    ),
    "family_id_too_long": (
        "Отбасы коды 64 таңбадан ұзын.",
        "Код семьи длиннее 64 знаков.",
        "The family's code is longer than 64 characters.",
    ),
    "iin_missing": ("ЖСН көрсетілмеген.", "Не указан ИИН.", "The IIN is missing."),
    "iin_not_12_digits": (
        "ЖСН дәл 12 цифрдан тұруы керек.",
        "ИИН должен состоять ровно из 12 цифр.",
        "The IIN must be exactly 12 digits.",
    ),
    "iin_leading_zero_lost": (
        "ЖСН басындағы нөл жоғалған (Excel оны сан деп сақтаған). Бағанды мәтін түрінде сақтаңыз.",
        "В ИИН потерян ноль в начале (Excel сохранил его как число). Сохраните столбец как текст.",
        "The IIN has lost its leading zero (Excel kept it as a number). Save the column as text.",
    ),
    "iin_scientific": (
        "ЖСН Excel-дің сан түрінде жазылған (8,9E+11 сияқты). Бағанды мәтін түрінде сақтаңыз.",
        "ИИН записан числом Excel (вида 8,9E+11). Сохраните столбец как текст.",
        "The IIN is written as an Excel number (like 8.9E+11). Save the column as text.",
    ),
    "iin_digits_not_ascii": (
        "ЖСН кәдімгі 0–9 цифрларымен жазылмаған.",
        "ИИН записан не обычными цифрами 0–9.",
        "The IIN is not written in the ordinary digits 0–9.",
    ),
    "iin_check_digit": (
        "ЖСН қате: бақылау цифры сәйкес келмейді.",
        "ИИН неверен: не сходится контрольная цифра.",
        "The IIN is wrong: its check digit does not match.",
    ),
    "surname_missing": ("Тегі көрсетілмеген.", "Не указана фамилия.", "The surname is missing."),
    "given_name_missing": ("Аты көрсетілмеген.", "Не указано имя.", "The given name is missing."),
    "name_too_long": (
        "Ұяшық 200 таңбадан ұзын: {field}.",
        "Ячейка длиннее 200 знаков: {field}.",
        "A cell is longer than 200 characters: {field}.",
    ),
    "name_without_letters": (
        "Ұяшықта бірде-бір әріп жоқ: {field}.",
        "В ячейке нет ни одной буквы: {field}.",
        "A cell holds no letter: {field}.",
    ),
    "birth_date_missing": (
        "Туған күні көрсетілмеген.",
        "Не указана дата рождения.",
        "The birth date is missing.",
    ),
    "birth_date_invalid": (
        "Туған күні ЖЖЖЖ-АА-КК түріндегі нақты күн болуы керек.",
        "Дата рождения должна быть действительной датой вида ГГГГ-ММ-ДД.",
        "The birth date must be a real date written YYYY-MM-DD.",
    ),
    "birth_date_in_future": (
        "Туған күні көмек күнінен кейін.",
        "Дата рождения позже даты помощи.",
        "The birth date is after the date of assistance.",
    ),
    "birth_date_before_1900": (
        "Туған күні 1900 жылдан бұрын.",
        "Дата рождения раньше 1900 года.",
        "The birth date is before 1900.",
    ),
    "role_missing": ("Рөлі көрсетілмеген.", "Не указана роль.", "The role is missing."),
    "role_unknown": (
        "Рөлі «өтініш беруші» немесе «отбасы мүшесі» болуы керек.",
        "Роль должна быть «заявитель» или «член семьи».",
        "The role must be applicant or member.",
    ),
    "kato_missing": ("ӘАОЖ коды көрсетілмеген.", "Не указан код КАТО.", "The KATO code is missing."),
    "kato_not_9_digits": (
        "ӘАОЖ коды дәл 9 цифрдан тұруы керек.",
        "Код КАТО должен состоять ровно из 9 цифр.",
        "The KATO code must be exactly 9 digits.",
    ),
    "outside_region": (
        "Адам бағдарлама аумағынан тыс жерде тұрады.",
        "Человек живёт вне территории программы.",
        "The person lives outside the programme's region.",
    ),
    "assistance_date_missing": (
        "Көмек күні көрсетілмеген.",
        "Не указана дата помощи.",
        "The date of assistance is missing.",
    ),
    "assistance_date_invalid": (
        "Көмек күні ЖЖЖЖ-АА-КК түріндегі нақты күн болуы керек.",
        "Дата помощи должна быть действительной датой вида ГГГГ-ММ-ДД.",
        "The date of assistance must be a real date written YYYY-MM-DD.",
    ),
    "assistance_not_on_last_day": (
        "Көмек есепті айдың алдындағы айдың соңғы күніне белгіленбеген.",
        "Помощь установлена не на последний день месяца перед отчётным.",
        "The assistance is not established for the last day of the month before the reporting month.",
    ),
    # The row among the others.
    "iin_twice_in_file": (
        "Бұл ЖСН осы файлда бұрын кездескен: {first_row}-жол.",
        "Этот ИИН уже есть в файле: строка {first_row}.",
        "This IIN is already in the file: row {first_row}.",
    ),
    "iin_in_other_family": (
        "Бұл адам осы айда басқа отбасының құрамында тұр.",
        "Этот человек в этом месяце уже состоит в другой семье.",
        "This person is already in another family this month.",
    ),
    "family_without_applicant": (
        "Отбасында өтініш беруші жоқ.",
        "В семье нет заявителя.",
        "The family has no applicant.",
    ),
    "family_with_two_applicants": (
        "Отбасында бірнеше өтініш беруші көрсетілген.",
        "В семье указано несколько заявителей.",
        "The family has more than one applicant.",
    ),
    "family_too_large": (
        "Отбасында 30-дан астам адам көрсетілген.",
        "В семье указано больше 30 человек.",
        "The family has more than 30 members.",
    ),
    "family_regions_differ": (
        "Бір отбасы мүшелерінің ӘАОЖ кодтары әртүрлі.",
        "У членов одной семьи разные коды КАТО.",
        "The members of one family have different KATO codes.",
    ),
    # Numbers.
    "no_number": (
        "Өтініш берушінің телефон нөмірі ұялы нөмірлер базасында жоқ.",
        "Номера телефона заявителя нет в базе мобильных номеров.",
        "The applicant has no phone number in the mobile-number database.",
    ),
    "phone_missing": (
        "Телефон нөмірі көрсетілмеген.",
        "Не указан номер телефона.",
        "The phone number is missing.",
    ),
    "phone_invalid": (
        "Бұл жарамды ұялы телефон нөмірі емес.",
        "Это не действительный номер мобильного телефона.",
        "This is not a valid mobile phone number.",
    ),
}
