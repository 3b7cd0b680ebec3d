"""Programmes as data: the shipped files, what follows for each month, what makes a file unusable."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from domain.errors import LANGUAGES
from domain.programme_file import ProgrammeInvalid, parse_programme
from domain.programmes import (
    TEXT_PURPOSES,
    MonthMalformed,
    MonthOutsideProgramme,
    Programme,
    ProgrammeNotInForce,
)
from domain.sms_text import render
from infra.programmes import load_programmes

ROOT = Path(__file__).parents[2]
SHIPPED = load_programmes(ROOT / "programmes")

FILE = """
id = "trial-2025"
starts_on = 2025-06-26
ends_on = 2025-09-26
goods = "socially-significant"
regions = ["113220", "55"]

[names]
kk = "Сынақ"
ru = "Проба"
en = "Trial"

[[terms]]
effective_from = 2025-06-26
amount = "3932.00"
draw = "discount"
discount_cap_percent = "none"
farm_discount_percent = "10"
over_cap = "refuse"
list_cutoff_day = 4
first_sms_day = 5
reminder_after_days = 5
activate_from_day = 5
activate_to_day = "last"
sms_languages = ["kk", "ru"]
hold_minutes = 15

[terms.texts.consent_request]
kk = "Келісім {deadline} беріледі."
ru = "Согласие {deadline}."
en = "Consent {deadline}."

[terms.texts.reminder]
kk = "Тағы: {deadline}."
ru = "Снова: {deadline}."
en = "Again: {deadline}."

[terms.texts.consent_confirmed]
kk = "Сілтеме {link}"
ru = "Ссылка {link}"
en = "Link {link}"

[terms.texts.not_understood]
kk = "Түсініксіз."
ru = "Не понято."
en = "Not understood."
"""
CHANGED = """
[[terms]]
effective_from = 2025-08-01
amount = "4000"

[terms.texts.not_understood]
kk = "Түсінбедік, {deadline}."
"""
GOODS = """
[[goods]]
version = "own-1"
effective_from = 2025-06-01
effective_to = 2025-07-31
positions = [{ number = 1, unit = "piece", names = { kk = "Газ", ru = "Газ", en = "Gas" } }]

[[goods]]
version = "own-2"
effective_from = 2025-08-01
positions = [{ number = 1, unit = "kg", names = { kk = "Газ", ru = "Газ", en = "Gas" } }]
"""


def edited(old: str, new: str, text: str = FILE) -> str:
    assert old in text
    return text.replace(old, new, 1)


def with_own_goods(goods: str = GOODS) -> str:
    return edited('goods = "socially-significant"\n', "") + goods


def problems_of(text: str) -> list[tuple[str, str]]:
    with pytest.raises(ProgrammeInvalid) as refused:
        parse_programme(text, "trial-2025.toml")
    assert {problem.file for problem in refused.value.problems} == {"trial-2025.toml"}
    return [(problem.key, problem.reason) for problem in refused.value.problems]


# The shipped programmes


def test_O1_three_programmes_ship_as_data() -> None:
    assert list(SHIPPED) == ["akkol-2025", "gas-2025", "tsa-2026"]


def test_O1_no_code_names_a_shipped_programme() -> None:
    named = re.compile("|".join(map(re.escape, SHIPPED)))
    # The demo plays one month of one programme: its name is a default there, not a branch.
    spoken_of = [
        f"{path.relative_to(ROOT)}:{number}"
        for room in ("domain", "projections", "streams", "infra")
        for path in sorted((ROOT / room).rglob("*.py"))
        if "demo" not in path.stem and "demo" not in path.parent.name
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if named.search(line)
    ]
    assert spoken_of == []


def test_R4_the_pilot_runs_three_months_in_akkol() -> None:
    pilot = SHIPPED["akkol-2025"]

    assert (pilot.starts_on, pilot.ends_on) == (date(2025, 6, 26), date(2025, 9, 26))
    assert pilot.months() == ["2025-07", "2025-08", "2025-09"]
    assert pilot.covers("113220100")
    assert not pilot.covers("111010000")


def test_R2_2_the_assistance_is_of_the_last_day_of_the_month_before() -> None:
    assert SHIPPED["akkol-2025"].month("2025-07").assistance_on == date(2025, 6, 30)
    assert SHIPPED["tsa-2026"].month("2026-01").assistance_on == date(2025, 12, 31)
    assert SHIPPED["tsa-2026"].month("2026-03").assistance_on == date(2026, 2, 28)


def test_R2_6_the_amount_is_one_monthly_calculation_index() -> None:
    assert SHIPPED["akkol-2025"].month("2025-07").terms.amount_tiyn == 393_200
    assert SHIPPED["tsa-2026"].month("2026-01").terms.amount_tiyn == 432_500


def test_R7_activation_runs_from_the_5th_to_the_last_day() -> None:
    july, february = SHIPPED["akkol-2025"].month("2025-07"), SHIPPED["tsa-2026"].month("2026-02")

    assert (july.valid_from, july.valid_to) == (date(2025, 7, 5), date(2025, 7, 31))
    assert (february.valid_from, february.valid_to) == (date(2026, 2, 5), date(2026, 2, 28))


def test_R7_gas_is_activated_from_the_7th_to_the_29th() -> None:
    october = SHIPPED["gas-2025"].month("2025-10")

    assert (october.valid_from, october.valid_to) == (date(2025, 10, 7), date(2025, 10, 29))
    assert october.deadline == date(2025, 10, 29)


def test_R19_the_list_is_renewed_up_to_the_4th() -> None:
    assert SHIPPED["akkol-2025"].month("2025-08").list_cutoff == date(2025, 8, 4)


def test_R20_the_first_sms_is_on_the_5th() -> None:
    assert SHIPPED["akkol-2025"].month("2025-07").first_sms_on == date(2025, 7, 5)


def test_R21_the_repeat_is_five_days_later_or_what_the_programme_says() -> None:
    assert SHIPPED["akkol-2025"].month("2025-07").reminder_on == date(2025, 7, 10)
    assert SHIPPED["gas-2025"].month("2025-10").reminder_on == date(2025, 10, 14)


def test_O9_the_last_month_ends_with_the_programme() -> None:
    september = SHIPPED["akkol-2025"].month("2025-09")

    assert september.valid_to == september.deadline == date(2025, 9, 26)


def test_O9_a_month_whose_sms_day_is_outside_is_none_of_the_programmes() -> None:
    assert SHIPPED["tsa-2026"].months() == ["2026-01", "2026-02", "2026-03", "2026-04"]
    for programme, month in (("akkol-2025", "2025-06"), ("akkol-2025", "2025-10"), ("tsa-2026", "2026-05")):
        with pytest.raises(MonthOutsideProgramme) as refused:
            SHIPPED[programme].month(month)
        assert refused.value.code == "month_outside_programme"
        assert all(month in refused.value.sentence(language) for language in LANGUAGES)


@pytest.mark.parametrize(
    "month",
    ["", "2025-7", "2025-13", "2025-00", "0000-07", "2025-07 ", "2025-07\n", "２０２５-07", "07.2025"],
)
def test_a_malformed_month_is_refused(month: str) -> None:
    with pytest.raises(MonthMalformed) as refused:
        SHIPPED["akkol-2025"].month(month)
    assert refused.value.code == "month_malformed"


@pytest.mark.parametrize("month", ["0001-01", "9999-12"])
def test_a_month_at_the_end_of_time_is_outside(month: str) -> None:
    with pytest.raises(MonthOutsideProgramme):
        SHIPPED["akkol-2025"].month(month)


def test_R13_the_discount_of_the_programme_after_the_pilot_is_capped() -> None:
    assert SHIPPED["tsa-2026"].terms[0].discount_cap_percent == Decimal(15)
    assert SHIPPED["akkol-2025"].terms[0].discount_cap_percent is None
    assert {terms.farm_discount_percent for p in SHIPPED.values() for terms in p.terms} == {Decimal(10)}


def test_R2_1_a_voucher_pays_the_discount_or_the_price_as_its_programme_says() -> None:
    assert [SHIPPED[name].terms[0].draw for name in SHIPPED] == ["discount", "price", "discount"]


def test_R20_the_consent_request_is_the_orders_with_the_months_own_deadline() -> None:
    july = SHIPPED["akkol-2025"].month("2025-07")

    assert render(july.terms.texts["consent_request"]["kk"], "kk", deadline=july.deadline) == (
        "Құрметті пайдаланушы! Сіздің отбасыңызға әлеуметтік маңызы бар азық-түлік тауарларына "
        "ваучер түрінде жеңілдік бар. Дербес деректерді өңдеуге келісім немесе бас тарту мынадай "
        "комбинациямен жүзеге асырылады: 21*1 – «ИӘ», 21*2 – «ЖОҚ» дегенді білдіреді. Толық ақпарат алу үшін "
        "87163820020 нөмірі бойынша хабарласу қажет. Келісім 2025 жылдың 31 шілдесіне дейін беріледі."
    )
    assert july.terms.sms_languages == ("kk",)


def test_R23_the_answer_to_a_consent_is_the_orders_with_the_personal_link() -> None:
    texts = SHIPPED["akkol-2025"].terms[0].texts

    assert render(texts["consent_confirmed"]["kk"], "kk", link="https://example.kz/w/1") == (
        "«Әлеуметтік әмияннан» әлеуметтік маңызы бар азық-түлік тауарларына ваучер алу келісіміңіз сәтті "
        "өңделді. Ваучерді алу үшін https://example.kz/w/1 сілтемесі арқылы eGov mobile мобильді қосымшасына "
        "тіркелу қажет."
    )


@pytest.mark.parametrize("programme", SHIPPED.values(), ids=list(SHIPPED))
def test_R20_every_text_of_a_shipped_programme_renders(programme: Programme) -> None:
    for month in map(programme.month, programme.months()):
        for purpose in TEXT_PURPOSES:
            for language in LANGUAGES:
                template = month.terms.texts[purpose][language]
                text = render(template, language, deadline=month.deadline, link="https://example.kz/w/1")
                assert "{" not in text
                assert "\n" not in text


# Versions of the rules


def test_R31_each_version_of_the_rules_has_a_name_of_its_own() -> None:
    programme = parse_programme(FILE + CHANGED, "trial-2025.toml")

    assert [terms.version for terms in programme.terms] == ["trial-2025@1", "trial-2025@2"]


def test_R31_later_terms_inherit_what_they_do_not_set() -> None:
    first, second = parse_programme(FILE + CHANGED, "trial-2025.toml").terms

    assert (first.amount_tiyn, second.amount_tiyn) == (393_200, 400_000)
    assert second.list_cutoff_day == first.list_cutoff_day
    assert second.texts["reminder"] == first.texts["reminder"]
    assert second.texts["not_understood"] == {
        **first.texts["not_understood"],
        "kk": "Түсінбедік, {deadline}.",
    }
    assert first.texts["not_understood"]["kk"] == "Түсініксіз."


def test_R31_what_was_set_can_be_taken_back() -> None:
    capped = edited('discount_cap_percent = "none"', 'discount_cap_percent = "15"')
    capped = edited('activate_to_day = "last"', "activate_to_day = 29", capped)
    back = (
        '\n[[terms]]\neffective_from = 2025-08-01\ndiscount_cap_percent = "none"\nactivate_to_day = "last"\n'
    )

    first, second = parse_programme(capped + back, "trial-2025.toml").terms

    assert (first.discount_cap_percent, first.activate_to_day) == (Decimal(15), 29)
    assert (second.discount_cap_percent, second.activate_to_day) == (None, None)


def test_R31_a_month_holds_to_the_terms_in_force_on_its_first_sms_day() -> None:
    for day, changed in ((5, True), (6, False)):
        text = FILE + CHANGED.replace("2025-08-01", f"2025-08-{day:02d}")
        programme = parse_programme(text, "trial-2025.toml")

        assert programme.month("2025-07").terms is programme.terms[0]
        assert programme.month("2025-08").terms is programme.terms[changed]
        assert programme.month("2025-09").terms is programme.terms[1]


def test_R31_the_terms_of_a_day() -> None:
    programme = parse_programme(FILE + CHANGED, "trial-2025.toml")

    assert programme.terms_on(date(2025, 7, 31)).amount_tiyn == 393_200
    assert programme.terms_on(date(2025, 8, 1)).amount_tiyn == 400_000


@pytest.mark.parametrize("day", [date(2025, 6, 25), date(2025, 9, 27)])
def test_O9_there_are_no_terms_outside_the_programme(day: date) -> None:
    programme = parse_programme(FILE, "trial-2025.toml")

    with pytest.raises(ProgrammeNotInForce) as refused:
        programme.terms_on(day)

    assert refused.value.code == "programme_not_in_force"
    assert all(str(day) in refused.value.sentence(language) for language in LANGUAGES)
    assert programme.terms_on(programme.starts_on) is programme.terms_on(programme.ends_on)


def test_R2_3_goods_of_its_own_by_day() -> None:
    own = parse_programme(with_own_goods(), "trial-2025.toml").own_goods

    assert own is not None
    assert own.on(date(2025, 7, 31)).version == "own-1"
    assert own.on(date(2025, 8, 1)).positions[1].unit == "kg"


def test_programmes_are_values() -> None:
    one, other = parse_programme(FILE, "a"), parse_programme("\ufeff" + FILE.replace("\n", "\r\n"), "b")

    assert one == other
    assert hash(one) == hash(other)
    assert one.month("2025-07") == other.month("2025-07")
    assert one.month("2025-07").first_sms_on - one.month("2025-07").list_cutoff == timedelta(days=1)


# Files that can't be used


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        # whole file
        ('id = "trial-2025"', 'idd = "trial-2025"', "id", "is missing"),
        ('id = "trial-2025"', 'id = "Trial 2025"', "id", "small Latin letters"),
        ('id = "trial-2025"', "id = 2025", "id", "must be a text, not a whole number"),
        ('id = "trial-2025"', 'id = ""', "id", "is empty"),
        ("starts_on = 2025-06-26", "", "starts_on", "is missing"),
        ("starts_on = 2025-06-26", 'starts_on = "2025-06-26"', "starts_on", "without quotes, not a text"),
        ("starts_on = 2025-06-26", "starts_on = 2025-06-26T00:00:00", "starts_on", "not a time"),
        (
            "starts_on = 2025-06-26",
            "starts_on = 0025-06-26",
            "starts_on",
            "not within the years 2000 to 2099",
        ),
        ("ends_on = 2025-09-26", "ends_on = 9999-12-31", "ends_on", "not within the years 2000 to 2099"),
        ("ends_on = 2025-09-26", "ends_on = 2025-06-25", "ends_on", "is before starts_on"),
        ("ends_on = 2025-09-26", "ends_on = 2025-07-04", "ends_on", "no month has its first SMS day"),
        ("ends_on = 2025-09-26", "ends_on = 2025-09-26\ncolour = 1", "colour", "unknown key"),
        ("[names]", "[name]", "name", "unknown key; did you mean names?"),
        ("[names]", "[name]", "names", "is missing"),
        ('kk = "Сынақ"\n', "", "names.kk", "is missing"),
        ('kk = "Сынақ"\n', 'kk = "Сынақ"\nde = "Probe"\n', "names.de", "unknown key"),
        ('goods = "socially-significant"', 'goods = "foods"', "goods", 'must be "socially-significant"'),
        ('goods = "socially-significant"', "", "goods", "is missing"),
        ('goods = "socially-significant"', "goods = []", "goods", "must be one or more [[goods]] tables"),
        # regions
        ('["113220", "55"]', "[]", "regions", "one or more texts"),
        ('["113220", "55"]', '"113220"', "regions", "one or more texts"),
        ('["113220", "55"]', "[113220]", "regions", "one or more texts"),
        ('["113220", "55"]', '["11322"]', "regions", "'11322' is not a KATO code or prefix"),
        ('["113220", "55"]', '["1132201000"]', "regions", "is not a KATO code or prefix"),
        ('["113220", "55"]', '["１１"]', "regions", "is not a KATO code or prefix"),
        ('["113220", "55"]', '["113220", "11"]', "regions", "113220 is covered twice"),
        ('["113220", "55"]', '["55", "55"]', "regions", "55 is covered twice"),
        # terms
        ("effective_from = 2025-06-26", "", "terms[1].effective_from", "is missing"),
        (
            "effective_from = 2025-06-26",
            "effective_from = 2025-06-27",
            "terms[1].effective_from",
            "without terms",
        ),
        (
            "effective_from = 2025-06-26",
            "effective_from = 2026-01-01",
            "terms[1].effective_from",
            "after the prog",
        ),
        ('amount = "3932.00"', "", "terms[1].amount", "is missing"),
        ('amount = "3932.00"', "amount = 3932", "terms[1].amount", "must be a text in KZT"),
        ('amount = "3932.00"', "amount = 3932.00", "terms[1].amount", "not a decimal number"),
        ('amount = "3932.00"', "amount = true", "terms[1].amount", "not true or false"),
        ('amount = "3932.00"', 'amount = "3932.005"', "terms[1].amount", "not a whole number of tiyn"),
        ('amount = "3932.00"', 'amount = "0.00"', "terms[1].amount", "must be more than 0"),
        ('amount = "3932.00"', 'amount = "-1"', "terms[1].amount", "is not an amount in KZT"),
        ('amount = "3932.00"', 'amount = "3 932"', "terms[1].amount", "is not an amount in KZT"),
        ('amount = "3932.00"', 'amount = "1e3"', "terms[1].amount", "is not an amount in KZT"),
        ('amount = "3932.00"', 'amount = "1_000"', "terms[1].amount", "is not an amount in KZT"),
        ('amount = "3932.00"', 'amount = "NaN"', "terms[1].amount", "is not an amount in KZT"),
        ('amount = "3932.00"', 'amount = "３９３２"', "terms[1].amount", "is not an amount in KZT"),
        ('draw = "discount"', 'draw = "all"', "terms[1].draw", 'must be "discount" or "price"'),
        ('draw = "discount"', "draw = 1", "terms[1].draw", 'must be "discount" or "price"'),
        ('cap_percent = "none"', 'cap_percent = "101"', "terms[1].discount_cap_percent", "from 0 to 100"),
        ('cap_percent = "none"', "cap_percent = 15", "terms[1].discount_cap_percent", 'a text as "15"'),
        ('farm_discount_percent = "10"', "", "terms[1].farm_discount_percent", "is missing"),
        (
            'farm_discount_percent = "10"',
            'farm_discount_percent = "10 %"',
            "terms[1].farm_discount_percent",
            "a text",
        ),
        ('over_cap = "refuse"', 'over_cap = "warn"', "terms[1].over_cap", 'must be "refuse" or "settle"'),
        ("list_cutoff_day = 4", "list_cutoff_day = true", "terms[1].list_cutoff_day", "not true or false"),
        ("list_cutoff_day = 4", "list_cutoff_day = 0", "terms[1].list_cutoff_day", "from 1 to 28"),
        (
            "list_cutoff_day = 4",
            "list_cutoff_day = 5",
            "terms[1].first_sms_day",
            "not after list_cutoff_day 5",
        ),
        ("first_sms_day = 5", "first_sms_day = 29", "terms[1].first_sms_day", "from 1 to 28"),
        ("first_sms_day = 5", "first_sms_day = 6", "terms[1].activate_from_day", "is before first_sms_day 6"),
        ("first_sms_day = 5", "first_sms_daY = 5", "terms[1].first_sms_daY", "did you mean first_sms_day?"),
        ("after_days = 5", "after_days = 0", "terms[1].reminder_after_days", "from 1 to 30"),
        (
            "after_days = 5",
            "after_days = 27",
            "terms[1].reminder_after_days",
            "in 2025-07 the reminder, 2025-08-01",
        ),
        (
            "after_days = 5",
            "after_days = 22",
            "terms[1].reminder_after_days",
            "in 2025-09 the reminder, 2025-09-27",
        ),
        ("activate_from_day = 5", "activate_from_day = 31", "terms[1].activate_from_day", "from 1 to 28"),
        ('activate_to_day = "last"', "activate_to_day = 32", "terms[1].activate_to_day", "from 1 to 31"),
        (
            'activate_to_day = "last"',
            "activate_to_day = 4",
            "terms[1].activate_to_day",
            "before activate_from_day",
        ),
        ('activate_to_day = "last"', 'activate_to_day = "end"', "terms[1].activate_to_day", "not a text"),
        ('["kk", "ru"]', '["kk", "de"]', "terms[1].sms_languages", "one or more of kk, ru, en"),
        ('["kk", "ru"]', '"kk"', "terms[1].sms_languages", "one or more of kk, ru, en"),
        ('["kk", "ru"]', '["kk", "kk"]', "terms[1].sms_languages", "names a language twice"),
        ("hold_minutes = 15", "hold_minutes = 15.0", "terms[1].hold_minutes", "not a decimal number"),
        ("hold_minutes = 15", "hold_minutes = -1", "terms[1].hold_minutes", "from 1 to 1440"),
        # texts
        ('en = "Consent {deadline}."', "", "terms[1].texts.consent_request.en", "is missing"),
        ('en = "Consent {deadline}."', 'en = " "', "terms[1].texts.consent_request.en", "is empty"),
        (
            'en = "Consent {deadline}."',
            'en = "Consent."',
            "terms[1].texts.consent_request.en",
            "lacks the placeholder",
        ),
        (
            "{link}",
            "{url}",
            "terms[1].texts.consent_confirmed.kk",
            "unknown placeholder {url}; this text has {link}",
        ),
        ("{link}", "{link.x}", "terms[1].texts.consent_confirmed.kk", "unknown placeholder {link.x}"),
        ("{link}", "{link!r}", "terms[1].texts.consent_confirmed.kk", "unknown placeholder"),
        ("{link}", "{link:>9}", "terms[1].texts.consent_confirmed.kk", "unknown placeholder"),
        ("{link}", "{link", "terms[1].texts.consent_confirmed.kk", "braces don't match"),
        ("{link}", "{}", "terms[1].texts.consent_confirmed.kk", "unknown placeholder {}"),
        ("{link}", "{link}\\u0000", "terms[1].texts.consent_confirmed.kk", "control character U+0000"),
        ("{link}", "{link}\\ta", "terms[1].texts.consent_confirmed.kk", "control character U+0009"),
        ('kk = "', 'kk = "\\u001b[31m', "names.kk", "control character U+001B"),
        ('kk = "', 'kk = "a\\nb', "names.kk", "control character U+000A"),
        ("[terms.texts.reminder]", "[terms.texts.remind]", "terms[1].texts.reminder", "is missing"),
        ("[terms.texts.reminder]", "[terms.texts.remind]", "terms[1].texts.remind", "did you mean reminder?"),
    ],
)
def test_a_faulty_file_is_refused_by_key_and_reason(old: str, new: str, key: str, reason: str) -> None:
    found = problems_of(edited(old, new))

    assert any(at == key and reason in why for at, why in found), found


@pytest.mark.parametrize(
    ("later", "key", "reason"),
    [
        ("effective_from = 2025-06-26", "terms[2].effective_from", "is not after that of the terms before"),
        ("effective_from = 2025-06-01", "terms[2].effective_from", "is not after that of the terms before"),
        ("effective_from = 2025-09-27", "terms[2].effective_from", "is after the programme ends"),
        ("", "terms[2].effective_from", "is missing"),
        ('effective_from = 2025-08-01\nversion = "trial-2025@1"', "terms[2].version", "of other terms too"),
        (
            "effective_from = 2025-08-01\nlist_cutoff_day = 6",
            "terms[2].first_sms_day",
            "not after list_cutoff_day",
        ),
        ('effective_from = 2025-08-01\ndraw = "Price"', "terms[2].draw", 'must be "discount" or "price"'),
        ("effective_from = 2025-08-01\ntexts = 1", "terms[2].texts", "must be a table, not a whole number"),
        (
            "effective_from = 2025-08-01\n[terms.texts.reminder]\nde = 'x'",
            "terms[2].texts.reminder.de",
            "unknown",
        ),
    ],
)
def test_R31_faulty_later_terms_are_refused(later: str, key: str, reason: str) -> None:
    found = problems_of(f"{FILE}\n[[terms]]\n{later}\n")

    assert [at for at, _ in found] == [key]
    assert reason in found[0][1]


def test_R31_terms_before_the_programme_starts_belong_to_the_first_only() -> None:
    early = edited("effective_from = 2025-06-26", "effective_from = 2025-06-01")

    assert parse_programme(early, "f").terms[0].effective_from == date(2025, 6, 1)
    found = problems_of(early + "\n[[terms]]\neffective_from = 2025-06-10\n")
    assert found == [
        ("terms[2].effective_from", "2025-06-10 is before the programme starts, on 2025-06-26"),
    ]


def test_R2_1_a_cap_on_the_discount_needs_a_discount() -> None:
    text = edited(
        'draw = "discount"\ndiscount_cap_percent = "none"', 'draw = "price"\ndiscount_cap_percent = "15"'
    )

    assert [key for key, _ in problems_of(text)] == ["terms[1].discount_cap_percent"]


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ('version = "own-1"\n', "", "goods[1].version", "is missing"),
        ('"own-2"', '"own-1"', "goods[2].version", "is the version of another list too"),
        ("2025-07-31", "2025-08-01", "goods", "own-1 and own-2 overlap on 2025-08-01"),
        ("2025-07-31", "2025-07-30", "goods", "no goods list is in force on 2025-07-31"),
        ("2025-06-01", "2025-07-01", "goods", "no goods list is in force on 2025-06-26"),
        ("number = 1", "number = true", "goods[1].positions[1].number", "not true or false"),
        ('"piece"', '"m"', "goods[1].positions[1].unit", 'must be "kg" or "litre" or "piece"'),
        (', en = "Gas" }', " }", "goods[1].positions[1].names.en", "is missing"),
        ("positions = [{", "position = [{", "goods[1].positions", "is missing"),
        ("effective_to", "effective_till", "goods[1].effective_till", "did you mean effective_to?"),
    ],
)
def test_R2_3_faulty_goods_of_its_own_are_refused(old: str, new: str, key: str, reason: str) -> None:
    found = problems_of(with_own_goods(edited(old, new, GOODS)))

    assert any(at == key and reason in why for at, why in found), found


@pytest.mark.parametrize(
    "text",
    [
        "id = ",
        'id = "a"\nid = "b"',
        "starts_on = 2025-02-30",
        "a = " + "9" * 5000,
        "a = " + "[" * 5000,
        "a = 1\x00",
    ],
    ids=["no value", "doubled key", "no such day", "5,000 digits", "5,000 brackets", "null"],
)
def test_what_is_no_toml_is_refused(text: str) -> None:
    found = problems_of(text)

    assert [key for key, _ in found] == [""]
    assert found[0][1].startswith("not TOML: ")
    assert "sys." not in found[0][1]


def test_every_problem_of_a_file_is_named() -> None:
    text = edited('amount = "3932.00"', "amount = 3932", FILE + CHANGED)
    text = edited('draw = "discount"', "", text)
    text = edited("ends_on = 2025-09-26", "", text)
    text = edited('ru = "Снова: {deadline}."', 'ru = "{when}"', text)
    text = edited("[[terms]]\neffective_from = 2025-08-01", "[[terms]]\neffective_from = 2025-05-01", text)

    assert {key for key, _ in problems_of(text)} == {
        "ends_on",
        "terms[1].amount",
        "terms[1].draw",
        "terms[1].texts.reminder.ru",
        "terms[2].effective_from",
    }


def test_an_empty_file_misses_everything() -> None:
    assert {key for key, reason in problems_of("") if reason == "is missing"} == {
        "id",
        "names",
        "regions",
        "starts_on",
        "ends_on",
        "terms",
        "goods",
    }


# The folder


def test_the_problems_of_all_files_come_together(tmp_path: Path) -> None:
    (tmp_path / "trial-2025.toml").write_text(FILE, encoding="utf-8")
    (tmp_path / "other.toml").write_text(FILE, encoding="utf-8")
    (tmp_path / "latin.toml").write_bytes("id = 'é'".encode("latin-1"))
    (tmp_path / "broken.toml").write_text("id", encoding="utf-8")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "README.txt").write_text("not a programme", encoding="utf-8")

    with pytest.raises(ProgrammeInvalid) as refused:
        load_programmes(tmp_path)

    found = {problem.file: problem.reason for problem in refused.value.problems}
    assert sorted(found) == ["broken.toml", "folder.toml", "latin.toml", "other.toml"]
    assert found["other.toml"] == "the file of programme trial-2025 must be named trial-2025.toml"
    assert found["latin.toml"] == "not in UTF-8 from byte 7 on"
    assert all(name in refused.value.sentence("kk") for name in found)
    assert refused.value.code == "programme_invalid"


def test_a_folder_without_programmes_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ProgrammeInvalid, match="no programme files"):
            load_programmes(folder)


DESK = """
[[complaints]]
regions = ["11"]
url = "https://eotinish.kz"
[complaints.names]
kk = "Әкімдік"
ru = "Акимат"
en = "Akimat"
"""


def test_R30_complaints_go_to_the_akimat_of_the_oblast() -> None:
    akkol, tsa = SHIPPED["akkol-2025"], SHIPPED["tsa-2026"]
    assert "Ақмола" in complaint_desk_name(akkol, "113220100", "kk")
    assert "Павлодар" in complaint_desk_name(tsa, "551010000", "ru")
    assert "Akmola" in complaint_desk_name(tsa, "111010000", "en")
    for programme in SHIPPED.values():
        for region in programme.regions:
            desk = programme.complaint_desk(region)
            assert desk is not None
            assert set(desk.names) == set(LANGUAGES)
            assert desk.url.startswith("https://")


def complaint_desk_name(programme: Programme, kato: str, language: str) -> str:
    desk = programme.complaint_desk(kato)
    assert desk is not None
    return desk.names[language]


def test_R30_a_programme_may_name_nobody_for_complaints() -> None:
    assert parse_programme(FILE, "trial-2025.toml").complaint_desk("113220100") is None
    assert parse_programme(FILE + DESK, "trial-2025.toml").complaint_desk("551010000") is None


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ('regions = ["11"]', "", "complaints[1].regions", "is missing"),
        ('regions = ["11"]', 'regions = ["1"]', "complaints[1].regions", "not a KATO code"),
        ("https://eotinish.kz", "http://eotinish.kz", "complaints[1].url", "https://"),
        ("https://eotinish.kz", "javascript:alert(1)", "complaints[1].url", "https://"),
        ("https://eotinish.kz", "https://eotinish.kz/\\u0022onclick", "complaints[1].url", "https://"),
        ('en = "Akimat"', "", "complaints[1].names.en", "is missing"),
        ("url =", "link =", "complaints[1].link", "unknown key"),
    ],
)
def test_R30_a_faulty_address_for_complaints_is_refused(old: str, new: str, key: str, reason: str) -> None:
    with pytest.raises(ProgrammeInvalid) as refusal:
        parse_programme(FILE + DESK.replace(old, new), "trial-2025.toml")
    assert any(p.key == key and reason in p.reason for p in refusal.value.problems), refusal.value.problems
