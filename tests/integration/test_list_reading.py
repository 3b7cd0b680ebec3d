"""Lists in every shape they come in, good and bad (R14, R15, R18; the list section of the bad inputs)."""

from __future__ import annotations

import bz2
import csv
import gzip
import hashlib
import io
import json
import lzma
import os
import random
import stat
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.beneficiary import LIST_FIELDS, Beneficiary, ListRule, Rejection, check_row, iin_is_valid
from domain.errors import LANGUAGES, Refusal
from infra.lists import container as limits
from infra.lists import refusals
from infra.lists.numbers import read_numbers
from infra.lists.reading import LIST_COLUMNS, NUMBERS_COLUMNS, ListSource, RawRow, open_list
from infra.lists.rejects import NoNumberFile, RejectsFile
from infra.sms.phones import normalise_phone

RULE = ListRule(("1132",), date(2025, 6, 30))
DATA = Path(__file__).parent.parent / "data" / "lists"
HEADINGS = {
    "en": list(LIST_FIELDS),
    "kk": [
        "Отбасы коды",
        "ЖСН",
        "Тегі",
        "Аты",
        "Әкесінің аты",
        "Туған күні",
        "Рөлі",
        "ӘАОЖ коды",
        "Көмек күні",
    ],
    "ru": [
        "Код семьи",
        "ИИН",
        "Фамилия",
        "Имя",
        "Отчество",
        "Дата рождения",
        "Роль в семье",
        "Код КАТО",
        "Дата помощи",
    ],
}


def some_iin(chance: random.Random) -> str:
    while True:
        iin = f"{chance.randrange(10**12):012d}"
        if iin_is_valid(iin):
            return iin


def row(n: int, iin: str | None = None) -> list[str]:
    iin = iin or some_iin(random.Random(n))
    role = "member" if n % 3 else "applicant"
    return [f"F{n // 3}", iin, "Иванов", "Пётр", "", "1985-02-03", role, "113220100", "2025-06-30"]


def as_csv(
    rows: Sequence[Sequence[str]],
    headings: Sequence[str] = LIST_FIELDS,
    delimiter: str = ",",
    quoting: int = 0,
) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(headings)
    writer.writerows(rows)
    return out.getvalue()


def as_xlsx(rows: Sequence[Sequence[object]], headings: Sequence[str] = LIST_FIELDS) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(headings))
    for cells in rows:
        sheet.append(list(cells))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def zipped(data: bytes, *names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names or ("list.csv",):
            archive.writestr(name, data)
    return out.getvalue()


PACKERS: dict[str | None, Callable[[bytes], bytes]] = {
    None: lambda data: data,
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zip": zipped,
}


@pytest.fixture
def save(tmp_path: Path) -> Callable[[bytes | str], Path]:
    def write(data: bytes | str) -> Path:
        path = tmp_path / "a list.bin"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    return write


def read(path: Path) -> list[tuple[int, RawRow]]:
    return list(open_list(path).rows())


def verdicts(source: ListSource) -> Iterator[tuple[int, str]]:
    for number, raw in source.rows():
        checked = raw.rejection or check_row(raw.values, RULE)
        yield number, checked.code if isinstance(checked, Rejection) else ""


# --- every shape of a good list -----------------------------------------------------------------------------

names = st.sampled_from(["Иванов", "Ким-Ли", 'ТОО "Заря"', "O'Neil", "Ли, мл.", "а;б", "Ёлкина"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(),
    language=st.sampled_from(["en", "kk", "ru"]),
    encoding=st.sampled_from(
        ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "utf-16", "cp1251", "xlsx", "jsonl"]
    ),
    delimiter=st.sampled_from([",", ";", "\t"]),
    compression=st.sampled_from(list(PACKERS)),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    case=st.sampled_from([str.upper, str.lower, str.title]),
    line=st.sampled_from(["\r\n", "\n"]),
)
def test_R15_a_good_list_reads_back_the_same_however_it_was_written(
    tmp_path: Path,
    data: st.DataObject,
    language: str,
    encoding: str,
    delimiter: str,
    compression: str | None,
    quoting: int,
    case: Callable[[str], str],
    line: str,
) -> None:
    count = data.draw(st.integers(1, 6))
    rows = [row(n) for n in range(count)]
    for cells in rows:
        cells[2] = data.draw(names)
    order = data.draw(st.permutations(range(len(LIST_FIELDS) + 1)))
    headings = [case(heading) for heading in HEADINGS[language]] + ["Ескерту / note"]
    if encoding == "cp1251" and language == "kk":
        headings = [case(heading) for heading in HEADINGS["ru"]] + ["Примечание"]
    told = [headings[place] for place in order]
    shuffled = [[[*cells, "note"][place] for place in order] for cells in rows]
    if encoding == "xlsx":
        content = as_xlsx(shuffled, told)
    elif encoding == "jsonl":
        lines = [json.dumps(dict(zip(told, cells, strict=True)), ensure_ascii=False) for cells in shuffled]
        content = line.join(lines).encode()
    else:
        content = as_csv(shuffled, told, delimiter, quoting).replace("\r\n", line).encode(encoding)
    path = tmp_path / "list"
    path.write_bytes(PACKERS[compression](content))

    source = open_list(path)
    found = source.detected

    assert [raw.values for _, raw in source.rows()] == [tuple(cells) for cells in rows]
    assert [number for number, _ in source.rows()] == list(range(1, count + 1))
    assert [list(raw.cells) for _, raw in source.rows()] == shuffled
    assert found.format == (encoding if encoding in ("xlsx", "jsonl") else "csv")
    assert found.compression == compression
    assert found.extra == (headings[-1],)
    assert set(found.columns.values()) == set(LIST_FIELDS)
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    if found.format == "csv":
        assert found.delimiter == delimiter
        expected = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(encoding, encoding)
        assert found.encoding == expected
        assert found.bom == (encoding in ("utf-8-sig", "utf-16"))
    for spoken in LANGUAGES:
        assert headings[-1] in found.sentence(spoken)


def test_kazakh_letters_in_the_kazakh_variant_of_windows_1251(save: Callable[[bytes], Path]) -> None:
    good = row(1)
    good[2] = "Қасымов"
    source = open_list(save(as_csv([good], HEADINGS["kk"], ";").encode("kz1048")))
    assert source.detected.encoding == "kz1048"
    assert next(source.rows())[1].values[2] == "Қасымов"
    russian_headings = open_list(save(as_csv([good], HEADINGS["ru"], ";").encode("kz1048")))
    assert next(russian_headings.rows())[1].values[2] == "Қасымов"


def test_lists_as_they_are_sent() -> None:
    for path in sorted(DATA.iterdir()):
        source = open_list(path)
        assert [code for _, code in verdicts(source)] == ["", "", "iin_check_digit"], path.name


def test_two_languages_in_a_heading_a_note_and_excels_own_first_line(save: Callable[[str], Path]) -> None:
    headings = [
        "отбасы/семья",
        "ЖСН / ИИН",
        "Тегі (Фамилия)",
        "Аты",
        "Отчество (при наличии)",
        *HEADINGS["ru"][5:],
    ]
    source = open_list(save("sep=;\r\n" + as_csv([row(1)], headings, ";")))
    assert next(source.rows())[1].values == tuple(row(1))


def test_rows_may_be_read_any_number_of_times_but_not_of_another_file(save: Callable[[str], Path]) -> None:
    path = save(as_csv([row(1)]))
    source = open_list(path)
    assert list(source.rows()) == list(source.rows())
    path.write_text(as_csv([row(1), row(2)]))
    with pytest.raises(refusals.ListChanged):
        list(source.rows())


# --- files that are no list ---------------------------------------------------------------------------------

GOOD = as_csv([row(n) for n in range(20)])


def without(column: str) -> str:
    place = LIST_FIELDS.index(column)
    lines = [line.split(",") for line in GOOD.splitlines()]
    return "\n".join(",".join(cells[:place] + cells[place + 1 :]) for cells in lines)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "list_empty"),
        (b"\xef\xbb\xbf", "list_empty"),
        (b"\xff\xfe", "list_empty"),
        (b" \r\n\r\n", "list_empty"),
        (gzip.compress(b"", mtime=0), "list_empty"),
        (zipped(b""), "list_empty"),
        (",".join(LIST_FIELDS).encode(), "list_empty"),
        (as_xlsx([]), "list_empty"),
        (b"%PDF-1.7\n1 0 obj", "list_not_a_list"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "list_not_a_list"),
        (random.Random(1).randbytes(5000), "list_not_a_list"),
        (bytes(5000), "list_not_a_list"),
        (b"<html><table></table></html>", "list_not_a_list"),
        (b'[{"iin": 1}]', "list_not_a_list"),
        (zipped(zipped(b"x")), "list_not_a_list"),
        (zipped(GOOD.encode(), "a.csv", "b.csv"), "list_archive_ambiguous"),
        (gzip.compress(GOOD.encode(), mtime=0)[:-20], "list_compression_broken"),
        (bz2.compress(GOOD.encode())[:-20], "list_compression_broken"),
        (lzma.compress(GOOD.encode())[:-20], "list_compression_broken"),
        (zipped(GOOD.encode())[:-20], "list_compression_broken"),
        (gzip.compress(GOOD.encode(), mtime=0)[:60] + b"\0" * 9, "list_compression_broken"),
        (as_xlsx([row(1)])[:-200], "list_compression_broken"),
        (GOOD.encode("utf-32"), "list_encoding_unknown"),
        (GOOD.encode("utf-16")[:-1], "list_encoding_unknown"),
        (as_csv([row(1)] * 9, HEADINGS["ru"]).encode("koi8-r"), "list_encoding_unknown"),
        (as_csv([row(1)] * 9, HEADINGS["ru"]).encode("cp866"), "list_encoding_unknown"),
        (as_csv([row(1)] * 9).encode("cp866"), "list_encoding_unknown"),
        (as_csv([row(1)] * 9).encode("koi8-r"), "list_encoding_unknown"),
        (b"hello\nworld\n", "list_column_missing"),
        (as_csv([row(2)], row(1)).encode(), "list_column_missing"),
        (b'{"iin": "1"}\n', "list_column_missing"),
        (as_xlsx([], ["a", "b"]), "list_column_missing"),
        (GOOD.replace("surname", "ЖСН").encode(), "list_column_doubled"),
        (GOOD.replace("family_id", "IIN").encode(), "list_column_doubled"),
    ],
)
def test_a_file_that_is_no_list_is_refused_as_a_whole(
    save: Callable[[bytes], Path], data: bytes, code: str
) -> None:
    with pytest.raises(Refusal) as refusal:
        open_list(save(data))
    assert refusal.value.code == code
    for language in LANGUAGES:
        assert "{" not in refusal.value.sentence(language)


def test_a_file_that_is_not_there_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(refusals.ListNotFound):
            open_list(path)


@pytest.mark.parametrize("column", LIST_FIELDS)
def test_a_missing_column_is_named(save: Callable[[str], Path], column: str) -> None:
    with pytest.raises(refusals.ListColumnMissing) as refusal:
        open_list(save(without(column)))
    assert refusal.value.field == column
    assert column in refusal.value.sentence("kk")


def test_bombs_are_refused_early(save: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_BYTES", 3_000_000)
    for pack in PACKERS.values():
        for content in (bytes(5_000_000), (GOOD * 4000).encode()):
            with pytest.raises(refusals.ListTooLarge):
                open_list(save(pack(content)))
    workbook = io.BytesIO(as_xlsx([row(1)]))
    with zipfile.ZipFile(workbook, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/bomb.bin", bytes(5_000_000))
    with pytest.raises(refusals.ListTooLarge):
        open_list(save(workbook.getvalue()))


@pytest.mark.parametrize("shape", ["csv", "quoted", "jsonl"])
def test_a_row_too_many_is_refused_before_the_first_is_given(
    save: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    monkeypatch.setattr(limits, "MAX_ROWS", 10)

    def content(count: int) -> str:
        rows = [row(n) for n in range(count)]
        if shape == "jsonl":
            return "\n".join(json.dumps(dict(zip(LIST_FIELDS, cells, strict=True))) for cells in rows)
        return as_csv(rows, quoting=csv.QUOTE_ALL if shape == "quoted" else csv.QUOTE_MINIMAL)

    assert len(read(save(content(10) + "\n\n"))) == 10
    with pytest.raises(refusals.ListTooLarge):
        open_list(save(content(11)))


def test_too_many_rows_of_a_workbook(save: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(as_xlsx([row(n) for n in range(11)]))
    assert len(read(path)) == 11
    monkeypatch.setattr(limits, "MAX_ROWS", 10)
    with pytest.raises(refusals.ListTooLarge):
        read(path)


# --- quotes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "began"),
    [
        (lambda lines: [*lines[:4], lines[4].replace("Иванов", '"Иванов'), *lines[5:]], 4),
        (lambda lines: [*lines[:-1], lines[-1].replace("Иванов", '"Иванов')], 20),
        (
            lambda lines: [
                *lines[:4],
                lines[4].replace("Иванов", '"Иванов'),
                *lines[5:9],
                lines[9].replace("Иванов", 'Иванов"'),
                *lines[10:],
            ],
            4,
        ),
        # Closed by chance, with as many cells as there should be.
        (lambda lines: [lines[0], lines[1][:-10] + '"' + lines[1][-10:], lines[2] + '"', *lines[3:]], 1),
    ],
)
def test_an_unclosed_quote_swallows_no_row(
    save: Callable[[str], Path], lines: Callable[[list[str]], list[str]], began: int
) -> None:
    with pytest.raises(refusals.ListQuoteUnclosed) as refusal:
        open_list(save("\n".join(lines(GOOD.splitlines()))))
    assert refusal.value.details["row"] == began


def test_a_quote_never_closed_in_a_long_file(save: Callable[[str], Path]) -> None:
    lines = as_csv([row(7)] * 5000).splitlines()
    lines[2] = '"' + lines[2]
    with pytest.raises(refusals.ListQuoteUnclosed) as refusal:
        open_list(save("\n".join(lines)))
    assert refusal.value.details["row"] == 2


def test_a_misplaced_quote_within_a_line_costs_that_row_only(save: Callable[[str], Path]) -> None:
    lines = GOOD.splitlines()
    lines[3] = lines[3].replace("Иванов", '"Ив"анов')
    lines[5] = lines[5].replace("Иванов", 'Ив"ан"ов')
    found = dict(verdicts(open_list(save("\n".join(lines)))))
    assert len(found) == 20
    assert {number: code for number, code in found.items() if code} == {3: "quote_misplaced"}


def test_a_line_break_within_quotes_is_part_of_the_cell(save: Callable[[str], Path]) -> None:
    broken = row(1)
    broken[2] = "Ким\r\nЛи"
    found = read(save(as_csv([row(0), broken, row(2)])))
    assert [number for number, _ in found] == [1, 2, 3]
    taken = check_row(found[1][1].values, RULE)
    assert isinstance(taken, Beneficiary)
    assert taken.surname == "Ким Ли"


# --- rows ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_what_is_wrong_with_a_row_costs_that_row_only(
    save: Callable[[bytes], Path], quoting: int, encoding: str
) -> None:
    rows = [row(n) for n in range(12)]
    rows[1] = rows[1][:-1]
    rows[2] = [*rows[2], "more"]
    rows[3] = [*rows[3], "", " "]
    rows[4][2] = "Я" * 10_001
    rows[5][3] = "Пё\0тр"
    rows[6][2] = '=HYPERLINK("http://x")'
    rows[7][1] = rows[7][1][:11]
    rows[8] = [""] * 9
    rows[9] = []
    rows[10][2] = "Я" * 300_000
    found = dict(verdicts(open_list(save(as_csv(rows, quoting=quoting).encode(encoding)))))
    assert 9 not in found
    assert 10 not in found
    assert found[8] in ("iin_not_12_digits", "iin_leading_zero_lost")
    del found[8]
    assert found == {
        1: "",
        2: "cells_too_few",
        3: "cells_too_many",
        4: "",
        5: "cell_too_long",
        6: "text_has_nul",
        7: "formula_in_cell",
        11: "cell_too_long",
        12: "",
    }


def test_a_row_in_another_encoding_costs_that_row_only(save: Callable[[bytes], Path]) -> None:
    lines = [line.encode() for line in GOOD.splitlines()]
    lines[4] = lines[4].decode().encode("cp1251")
    found = dict(verdicts(open_list(save(b"\n".join(lines)))))
    assert {number: code for number, code in found.items() if code} == {4: "text_broken"}
    assert len(found) == 20


def test_a_lone_surrogate_in_utf_16(save: Callable[[bytes], Path]) -> None:
    data = GOOD.replace("Иванов", "Ив\ud800анов", 1).encode("utf-16", "surrogatepass")
    found = dict(verdicts(open_list(save(data))))
    assert {number: code for number, code in found.items() if code} == {1: "text_broken"}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{", "json_invalid"),
        ("not json", "json_invalid"),
        ("[" * 100_00, "json_invalid"),
        ("[1]", "json_not_an_object"),
        ('"text"', "json_not_an_object"),
        ('{"iin": "1", "iin": "2"}', "json_key_doubled"),
        (json.dumps(dict(zip(LIST_FIELDS, row(1), strict=True)) | {"ЖСН": "1"}), "json_key_doubled"),
        ('{"iin": NaN}', "json_nan"),
        ('{"iin": -Infinity}', "json_nan"),
        ('{"iin": true}', "json_value_not_text"),
        ('{"iin": {"a": 1}}', "json_value_not_text"),
        ('{"iin": "1"}', "json_key_missing"),
        (json.dumps(dict(zip(LIST_FIELDS, row(1), strict=True)) | {"iin": "\ud800"}), "text_broken"),
        (json.dumps(dict(zip(LIST_FIELDS, row(1), strict=True)) | {"iin": "\0"}), "text_has_nul"),
        (
            json.dumps(dict(zip(LIST_FIELDS, row(1), strict=True)) | {"surname": "x" * 10_001}),
            "cell_too_long",
        ),
        ('{"iin": "' + "x" * 200_000 + '"}', "cell_too_long"),
        ('{"iin": ' + "9" * 5000 + "}", "json_key_missing"),
        (json.dumps(dict(zip(LIST_FIELDS, row(1), strict=True)) | {"iin": 8.9e11}), "iin_not_12_digits"),
        (
            json.dumps(dict(zip(LIST_FIELDS, row(1), strict=True))).replace(f'"{row(1)[1]}"', "8.9E+11"),
            "iin_scientific",
        ),
        (json.dumps(dict(zip(LIST_FIELDS, row(1), strict=True)) | {"патроним": 1}), ""),
        (json.dumps({k: v for k, v in zip(LIST_FIELDS, row(1), strict=True) if k != "patronymic"}), ""),
        (json.dumps(dict(zip(LIST_FIELDS, row(1), strict=True)) | {"patronymic": None}), ""),
    ],
)
def test_a_bad_line_of_json_costs_that_line_only(save: Callable[[str], Path], line: str, code: str) -> None:
    good = json.dumps(dict(zip(LIST_FIELDS, row(0), strict=True)))
    source = open_list(save(f"{good}\n{line}\n{good}\n"))
    assert list(verdicts(source)) == [(1, ""), (2, code), (3, "")]


# --- workbooks ----------------------------------------------------------------------------------------------


def test_numbers_and_dates_of_a_workbook(save: Callable[[bytes], Path]) -> None:
    chance = random.Random(5)
    whole = next(iin for iin in iter(lambda: some_iin(chance), "") if iin[0] != "0")
    eaten = next(iin for iin in iter(lambda: some_iin(chance), "") if iin[0] == "0")
    rows: list[list[object]] = [list(row(n)) for n in range(6)]
    rows[0][1], rows[0][5], rows[0][7], rows[0][8] = (
        int(whole),
        date(1985, 2, 3),
        113220100,
        datetime(2025, 6, 30),  # noqa: DTZ001
    )
    rows[1][1] = int(eaten)
    rows[2][1] = float(whole)
    rows[3][2] = "=CONCAT(A1,B1)"
    rows[4][8] = "=EOMONTH(TODAY(),-1)"
    rows[5][5] = datetime(1985, 2, 3, 12, 30)  # noqa: DTZ001
    found = list(verdicts(open_list(save(as_xlsx(rows)))))
    assert found == [
        (1, ""),
        (2, "iin_leading_zero_lost"),
        (3, ""),
        (4, "formula_in_cell"),
        (5, "formula_in_cell"),
        (6, "birth_date_invalid"),
    ]


def test_the_first_sheet_with_our_headings_is_read_and_the_others_are_named(
    save: Callable[[bytes], Path],
) -> None:
    book = openpyxl.Workbook()
    cover = book.active
    assert cover is not None
    cover.title = "Титул"
    cover.append(["Список получателей"])
    for title in ("Тізім", "Көшірме"):
        sheet = book.create_sheet(title)
        sheet.append(["Акмолинская область"])
        sheet.append([])
        sheet.append([*HEADINGS["kk"], None, "Ескерту"])
        sheet.append([*row(1), None, "x"])
        sheet.append([])
        sheet.append(row(2))
        sheet.append([*row(3), None, None, "far"])
    out = io.BytesIO()
    book.save(out)
    source = open_list(save(out.getvalue()))
    assert source.detected.sheet == "Тізім"
    assert source.detected.other_sheets == ("Титул", "Көшірме")
    assert source.detected.extra == ("(10)", "Ескерту")
    assert list(verdicts(source)) == [(1, ""), (3, ""), (4, "cells_too_many")]
    assert "Көшірме" in source.detected.sentence("kk")


def damaged(change: Callable[[str, bytes], bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(as_xlsx([row(1), row(2)]))) as book, zipfile.ZipFile(out, "w") as copy:
        for name in book.namelist():
            copy.writestr(name, change(name, book.read(name)))
    return out.getvalue()


@pytest.mark.parametrize(
    "change",
    [
        lambda name, data: data[: len(data) // 2] if "sheet1" in name else data,
        lambda name, data: b"" if name == "xl/workbook.xml" else data,
        lambda name, data: b"<x/>" if name == "[Content_Types].xml" else data,
        lambda name, data: data.replace(b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet'),
    ],
)
def test_a_damaged_workbook_is_refused(
    save: Callable[[bytes], Path], change: Callable[[str, bytes], bytes]
) -> None:
    with pytest.raises(Refusal) as refusal:
        read(save(damaged(change)))
    assert refusal.value.code in ("list_xlsx_broken", "list_column_missing")


# --- files that go back -------------------------------------------------------------------------------------


def test_R14_rejects_go_back_as_they_came_with_row_code_and_reason(
    save: Callable[[str], Path], tmp_path: Path
) -> None:
    rows = [row(n) for n in range(6)]
    rows[1][2] = "=1+1"
    rows[3] = rows[3][:5]
    rows[4] = [*rows[4], "surplus"]
    source = open_list(save(as_csv(rows, HEADINGS["ru"], ";")))
    out = tmp_path / "rejects.csv"
    out.write_text("old")
    out.chmod(0o644)
    told: list[tuple[int, str, dict[str, object]]] = [
        (number, raw.rejection.code, raw.details or {})
        if raw.rejection
        else (number, "formula_in_cell", {"field": "surname"})
        for number, raw in source.rows()
        if raw.rejection or raw.values[2] == "=1+1"
    ]
    assert RejectsFile(out, source, "ru").write(told) == 3
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    with open(out, encoding="utf-8-sig", newline="") as file:
        written = list(csv.reader(file))
    assert written[0] == [*HEADINGS["ru"], "row", "code", "reason"]
    assert written[1][:4] == ["F0", rows[1][1], "'=1+1", "Пётр"]
    assert written[1][9:] == [
        "2",
        "formula_in_cell",
        "Ячейка начинается с =, +, - или @: фамилия. Формулы не принимаются.",
    ]
    assert written[2] == [*rows[3], "", "", "", "", "4", "cells_too_few", written[2][11]]
    assert "5, а в заголовке 9" in written[2][11]
    assert written[3][:9] == rows[4][:9]
    assert written[3][10] == "cells_too_many"
    assert written[3][12] == "surplus"
    assert sorted(os.listdir(tmp_path)) == ["a list.bin", "rejects.csv"]


def test_rejects_out_of_order_or_of_no_row_leave_no_file(save: Callable[[str], Path], tmp_path: Path) -> None:
    source = open_list(save(GOOD))
    out = tmp_path / "rejects.csv"
    for wrong in ((3, 2), (99,)):
        with pytest.raises(ValueError, match="row"):
            RejectsFile(out, source, "en").write((number, "iin_missing", {}) for number in wrong)
    assert [path.name for path in tmp_path.iterdir()] == ["a list.bin"]


def test_what_went_back_can_be_sent_again(save: Callable[[str], Path], tmp_path: Path) -> None:
    source = open_list(save(GOOD))
    out = tmp_path / "rejects.csv"
    RejectsFile(out, source, "kk").write([(2, "outside_region", {}), (2, "iin_in_other_family", {})])
    again = open_list(out)
    assert again.detected.extra == ("row", "code", "reason")
    assert [raw.values for _, raw in again.rows()] == [tuple(row(1))] * 2


def test_R18_the_rows_without_a_number_are_reported_back(save: Callable[[str], Path], tmp_path: Path) -> None:
    source = open_list(save(GOOD))
    out = tmp_path / "none.csv"
    assert NoNumberFile(out, source, "en").write_rows([1, 5]) == 2
    assert NoNumberFile(out, source, "en").write_families({"F1", "F6"}) == 5
    with open(out, encoding="utf-8-sig", newline="") as file:
        written = list(csv.DictReader(file))
    assert [cells["row"] for cells in written] == ["4", "5", "6", "19", "20"]
    assert {cells["code"] for cells in written} == {"no_number"}
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


# --- numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "+77011234567",
        "87011234567",
        "77011234567",
        "8 (701) 123-45-67",
        "+7 701 123 45 67",
        "7011234567",
        " 8701 1234567 ",
    ],
)
def test_R2_13_one_phone_in_its_usual_spellings(text: str) -> None:
    assert normalise_phone(text) == "+77011234567"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8",
        "87163820020",
        "+77163820020",
        "8701123456",
        "870112345678",
        "701",
        "no",
        "8701123456a",
        "7.7E+10",
        "+7701123４567x",
        "=87011234567",
        "+1",
        "9" * 5000,
    ],
)
def test_R16_what_is_no_mobile_number(text: str) -> None:
    assert normalise_phone(text) is None


@settings(max_examples=300, deadline=None)
@given(st.from_regex(r"(\+7|8|7)7[0-9]{9}", fullmatch=True))
def test_the_short_way_agrees_with_the_phone_library(text: str) -> None:
    import phonenumbers

    number = phonenumbers.parse(text if text[0] == "+" else "+7" + text[1:])
    mobile = phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) == 1
    expected = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if mobile else None
    assert normalise_phone(text) == expected


def test_R16_numbers_are_read_and_the_others_counted(save: Callable[[str], Path]) -> None:
    iins = [row(n)[1] for n in range(5)]
    lines = [
        f"{iins[0]};87011234567;x",
        f"{iins[1]};+7 702 123 45 67;x",
        f"{iins[2]};87163820020;x",
        f"{iins[3]};;x",
        "123;87011234567;x",
        f"{iins[4]};87011234567",
    ]
    numbers = read_numbers(save("ЖСН;Ұялы телефон;Ескерту\n" + "\n".join(lines)))
    assert list(numbers) == [(iins[0], "+77011234567"), (iins[1], "+77021234567")]
    assert numbers.rejected == {
        "phone_invalid": 1,
        "phone_missing": 1,
        "iin_not_12_digits": 1,
        "cells_too_few": 1,
    }
    assert numbers.detected.extra == ("Ескерту",)
    assert list(read_numbers(save("iin,phone\n"))) == []


def test_no_heading_names_two_columns() -> None:
    for columns in (LIST_COLUMNS, NUMBERS_COLUMNS):
        accepted = [heading for headings in columns.accepted.values() for heading in headings]
        assert len(accepted) == len(set(accepted))


# --- size ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_memory_does_not_grow_with_the_list(tmp_path: Path, quoting: int) -> None:
    path = tmp_path / "list.csv.gz"
    few = [row(n) for n in range(1000)]
    with gzip.open(path, "wt", encoding="utf-8", newline="", compresslevel=1) as file:
        writer = csv.writer(file, quoting=quoting)  # type: ignore[arg-type]
        writer.writerow(LIST_FIELDS)
        for n in range(100_000):
            writer.writerow([f"F{n // 3}", *few[n % 1000][1:]])
    tracemalloc.start()
    source = open_list(path)
    assert sum(1 for _, code in verdicts(source) if not code) == 100_000
    rows = source.rows()
    told: Iterator[tuple[int, str, dict[str, object]]] = ((n, "outside_region", {}) for n, _ in rows)
    assert RejectsFile(tmp_path / "rejects.csv", source, "kk").write(told) == 100_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60_000_000
