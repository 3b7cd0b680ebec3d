"""Papers of a case: the receipt F3, the report F2, what is given out, and the QR that tells a genuine paper."""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import cbor2
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from domain.procedures.definition import Service
from infra.cases.services import load_services
from infra.papers.case_papers import (
    CasePaper,
    Discussion,
    Office,
    Remark,
    discussion_report,
    receipt,
    result_paper,
)
from infra.papers.html import html
from infra.papers.paper import Code
from infra.papers.seal import PREFIX, Seal, Verdict, facts_digest, link, sealed, verify
from infra.qr.keys import QrKeys
from infra.settings import ROOT
from tests.unit.test_papers import IDS, LANGUAGES, SERVICES, Texts, check_paper

MADE_AT = datetime(2026, 11, 21, 13, 30, tzinfo=UTC)
KEYS = QrKeys([b"a" * 32])
OTHERS = QrKeys([b"b" * 32])
URL = "https://azyq.example"
TODAY = date(2026, 11, 21)


def case_of(service: Service, result: str = "") -> CasePaper:
    return CasePaper(
        number="LD-2026-7K3MQ2WX",
        service=service,
        kind=next(iter(service.kinds), ""),
        applicant=("ТОО «Жобалау» <b>", "Қызылорда"),
        facts={field.id: "value" for field in service.fields if field.type == "text"},
        missing=tuple(document.id for document in service.documents),
        result=result,
        result_number="KZ-000123",
        issued_on=TODAY,
        valid_until=date(2031, 11, 20),
        ground=next(iter(service.grounds), ""),
        note="why\nand more",
        signer="A. Signer",
        signed_at=MADE_AT,
        office=dict.fromkeys(
            LANGUAGES, Office("7", "Мира 2", "A. Worker", "B. Executor", "8 7242 000000", corporation=True)
        ),
    )


def pixels(png: bytes) -> Any:
    """A black and white PNG of one bit a pixel, as greys."""
    width, height, depth = struct.unpack(">IIB", png[16:25])
    assert depth == 1
    packed, place = b"", 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        if png[place + 4 : place + 8] == b"IDAT":
            packed += png[place + 8 : place + 8 + length]
        place += 12 + length
    rows, stride = zlib.decompress(packed), (width + 7) // 8 + 1
    grey, above = bytearray(), bytes(stride - 1)
    for row in range(height):
        how, *line = rows[row * stride : (row + 1) * stride]
        assert how in (0, 2), "as it is, or what differs from the line above"
        above = bytes(line) if how == 0 else bytes((a + b) % 256 for a, b in zip(line, above, strict=True))
        grey += bytes(255 * (above[x // 8] >> (7 - x % 8) & 1) for x in range(width))
    return memoryview(bytes(grey)).cast("B", (height, width))


RESULTS = [(service, result) for service in SERVICES for result in service.results]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("service", "result"), RESULTS, ids=[f"{service.id}-{result}" for service, result in RESULTS]
)
def test_S000_07_everything_given_out_has_a_code_that_verifies(
    service: Service, result: str, language: str
) -> None:
    case = case_of(service, result)
    paper = result_paper(case, language, MADE_AT, KEYS, URL)
    check_paper(paper)
    said = " ".join(Texts(html(paper)).texts)
    assert "KZ-000123" in said
    assert "ТОО «Жобалау» <b>" in said
    code = next(block for point in paper.points() for block in point.blocks if isinstance(block, Code))
    found = verify(code.link, KEYS, TODAY)
    assert found == (found.__class__)(Verdict.GENUINE, case.seal())
    if service.results[result].refusal:
        ground = service.grounds[case.ground].names[language]
        assert ground in said


def test_S000_07_a_phone_reads_the_printed_code() -> None:
    service, result = RESULTS[0]
    paper = result_paper(case_of(service, result), "kk", MADE_AT, KEYS, URL)
    code = next(block for point in paper.points() for block in point.blocks if isinstance(block, Code))
    (read,) = [found.text for found in zxingcpp.read_barcodes(pixels(code.png))]
    assert read == code.link
    assert read.startswith("HTTPS://AZYQ.EXAMPLE/V/AZYQD1-")


def test_S003_A03_a_certificate_whose_time_is_over_is_told_so() -> None:
    seal = Seal("CP-1", "KZ-1", facts_digest({}), date(2020, 1, 1), date(2025, 1, 1))
    text = sealed(seal, KEYS)
    assert verify(text, KEYS, date(2025, 1, 1)).verdict is Verdict.GENUINE
    assert verify(text, KEYS, date(2025, 1, 2)).verdict is Verdict.EXPIRED
    assert verify(text, OTHERS, date(2025, 1, 1)).verdict is Verdict.UNKNOWN


def test_a_seal_that_was_changed_is_forged() -> None:
    seal = Seal("CP-1", "KZ-1", facts_digest({"name": "A"}), TODAY, None)
    raw = base64.b32decode((spelt := sealed(seal, KEYS).removeprefix(PREFIX)) + "=" * (-len(spelt) % 8))
    parts = cbor2.loads(raw[:-64])
    parts[3] = "KZ-2"
    changed = base64.b32encode(cbor2.dumps(parts, canonical=True) + raw[-64:]).decode().rstrip("=")
    assert verify(PREFIX + changed, KEYS, TODAY).verdict is Verdict.FORGED


@given(st.integers(7, 200), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
def test_no_letter_of_a_seal_can_be_changed(place: int, letter: str) -> None:
    text = sealed(Seal("CP-1", "KZ-1", facts_digest({}), TODAY, None), KEYS)
    changed = text[:place] + letter + text[place + 1 :]
    found = verify(changed, KEYS, TODAY)
    assert (found.verdict is Verdict.GENUINE) == (changed == text)


@given(st.text(max_size=300))
def test_any_text_is_looked_at_without_an_error(text: str) -> None:
    assert verify(text, KEYS, TODAY).verdict is Verdict.UNKNOWN
    assert verify(PREFIX + text, KEYS, TODAY).verdict in (Verdict.UNKNOWN, Verdict.FORGED)


@given(st.binary(max_size=200))
def test_any_content_that_is_no_seal_is_forged(raw: bytes) -> None:
    text = PREFIX + base64.b32encode(raw).decode().rstrip("=")
    assert verify(text, KEYS, TODAY).verdict in (Verdict.FORGED, Verdict.UNKNOWN)


def test_a_link_keeps_the_path_under_which_the_system_is_reached() -> None:
    assert link("https://gov.example/azyq", "AZYQD1-X") == "HTTPS://GOV.EXAMPLE/azyq/v/AZYQD1-X"
    assert link("http://127.0.0.1:8080", "AZYQD1-X") == "HTTP://127.0.0.1:8080/V/AZYQD1-X"


@pytest.mark.parametrize("number", ["x" * 41, "LD\n1", "{}", "\ud800"])
def test_a_number_that_no_paper_has_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="a number on a paper"):
        sealed(Seal(number, "1", facts_digest({}), TODAY, None), KEYS)


def test_facts_have_one_digest_whatever_their_order() -> None:
    assert facts_digest({"a": 1, "b": date(2026, 1, 1)}) == facts_digest({"b": "2026-01-01", "a": "1"})
    assert facts_digest({"a": 1}) != facts_digest({"a": 2})


def test_nothing_is_given_out_before_there_is_a_result() -> None:
    service, result = RESULTS[0]
    with pytest.raises(ValueError, match="given out nothing"):
        result_paper(case_of(service, ""), "ru", MADE_AT, KEYS, URL)
    with pytest.raises(ValueError, match="given out nothing"):
        result_paper(replace(case_of(service, result), issued_on=None), "ru", MADE_AT, KEYS, URL)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("service", SERVICES, ids=IDS)
def test_S002_23_the_receipt_lists_what_is_missing_in_two_copies(service: Service, language: str) -> None:
    paper = receipt(case_of(service), language, MADE_AT)
    check_paper(paper)
    assert (paper.copies, len(paper.copy_words)) == (2, 2)
    said = " ".join(Texts(html(paper)).texts)
    for document in service.documents:
        assert said.count(document.names[language]) >= 2
    for words in ("A. Worker", "B. Executor, 8 7242 000000", "LD-2026-7K3MQ2WX"):
        assert said.count(words) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_S002_F2_the_report_counts_what_was_taken_and_shuts_late_remarks_out(language: str) -> None:
    service = next(one.service for one in load_services(ROOT / "services") if one.service.results)
    held = Discussion(
        "A draft",
        "on the portal",
        date(2026, 9, 1),
        date(2026, 9, 30),
        remarks=(
            Remark(1, "A", "shorter", "taken", "shortened"),
            Remark(2, "B", "cheaper", "not_taken", "the law sets the fee"),
            Remark(3, "C", "later", late=True),
        ),
    )
    paper = discussion_report(replace(case_of(service), discussion=held), language, MADE_AT)
    check_paper(paper)
    counts = paper.points()[-1].blocks[0]
    assert [lines for _, lines in counts.rows] == [("1",), ("2",)]  # type: ignore[union-attr]
    said = " ".join(Texts(html(paper)).texts)
    for words in ("A draft", "on the portal", "shortened", "the law sets the fee", "01.09.2026 – 30.09.2026"):
        assert words in said


def test_S002_F2_without_a_discussion_there_is_no_report() -> None:
    with pytest.raises(ValueError, match="no public discussion"):
        discussion_report(case_of(SERVICES[0]), "ru", MADE_AT)
