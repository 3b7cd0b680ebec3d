"""`why`: the story of every kind of id, in three languages, without personal data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from string import Formatter
from uuid import UUID

import orjson
import pytest
from psycopg2.extensions import connection as Connection

import infra.stories.story
from domain.calendar import day_start
from domain.errors import LANGUAGES
from domain.family import FamilyVouchers
from domain.goods import load_goods
from domain.identity import cycle_id
from domain.money import kzt
from domain.replies import Answer
from infra.cases.story import TEXTS as CASE_TEXTS
from infra.cli.story_lines import story_lines
from infra.postgres.log import PostgresLog
from infra.postgres.log_reader import LogReader
from infra.postgres.view_store import ViewStore
from infra.programmes import load_programmes
from infra.stories.story import IdUnknown, StoryLine, tell
from infra.stories.texts import TOPICS, WORDS
from infra.vault.store import PostgresVault
from projections.all_views import VIEWS
from projections.events import KNOWN_TOPICS
from streams.feed import Feed
from tests.conftest import MASTER_KEY, new_database
from tests.integration.month_in_process import query
from tests.months import random_month, save_month

ROOT = Path(__file__).parents[2]
PROGRAMMES = load_programmes(ROOT / "programmes")
GOODS = load_goods((ROOT / "goods/goods-list.csv").read_text(encoding="utf-8"))
MONTH = PROGRAMMES["akkol-2025"].month("2025-07")


@pytest.fixture(scope="module", params=[False, True], ids=["no views", "views"])
def told(request: pytest.FixtureRequest, postgres_dsn: str, migrated_template: str) -> Iterator[str]:
    """A month in the log; with and without the views that know which stream an id belongs to."""
    with new_database(postgres_dsn, migrated_template) as dsn:
        log = PostgresLog(dsn)
        save_month(log, random_month(5, 60, MONTH, GOODS.on(MONTH.valid_from)))
        log.close()
        if request.param:
            reader, store = LogReader(dsn), ViewStore(dsn)
            Feed(reader, store, VIEWS).catch_up()
            reader.close()
            store.close()
        yield dsn


@pytest.fixture(scope="module")
def keeper(told: str) -> Iterator[PostgresVault]:
    vault = PostgresVault(told, MASTER_KEY)
    yield vault
    vault.close()


@pytest.fixture(scope="module")
def families() -> list[FamilyVouchers]:
    """The same month again: the same seed tells the same story."""
    return [
        a for a in random_month(5, 60, MONTH, GOODS.on(MONTH.valid_from)) if isinstance(a, FamilyVouchers)
    ]


def _reversals(dsn: str) -> list[str]:
    rows = query(
        dsn,
        "SELECT convert_from(state, 'UTF8')::json->>'reversal' FROM azyq_log.azyq_events"
        " WHERE topic = 'voucher.reversed'",
    )
    return [row[0] for row in rows]


def _shopper(families: list[FamilyVouchers]) -> FamilyVouchers:
    return next(
        f for f in families if f.stage == "expired" and len(f.redemptions) > 1 and len(f.vouchers) > 1
    )


def test_R26_a_voucher_is_told_with_what_remains_of_it(
    told: str, keeper: PostgresVault, families: list[FamilyVouchers]
) -> None:
    family = _shopper(families)
    voucher = next(iter(family.vouchers.values()))
    lines = tell(told, keeper, PROGRAMMES, voucher.id, "en")
    assert [line.position for line in lines] == sorted(line.position for line in lines)
    assert len(lines) == family.version
    by_topic = {line.topic: line for line in lines}
    assert by_topic["voucher.issued"].details == {"change": "+3 932.00", "remaining": "3 932.00"}
    assert by_topic["voucher.issued"].clauses == ("R5", "R24", "R2.6")
    assert by_topic["voucher.issued"].rules == "akkol-2025@1"
    assert lines[-1].details["remaining"] == kzt(voucher.available_tiyn)
    assert lines[0].at.tzname() == "+05"
    assert "remaining" not in lines[0].details


def test_ids_are_taken_with_dashes_and_without(
    told: str, keeper: PostgresVault, families: list[FamilyVouchers]
) -> None:
    family = _shopper(families)
    voucher = next(iter(family.vouchers))
    assert tell(told, keeper, PROGRAMMES, voucher) == tell(
        told, keeper, PROGRAMMES, f" {UUID(voucher)} ".upper()
    )


def test_a_family_is_found_by_stream_and_by_subject(
    told: str, keeper: PostgresVault, families: list[FamilyVouchers]
) -> None:
    family = _shopper(families)
    lines = tell(told, keeper, PROGRAMMES, str(family.id))
    assert lines == tell(told, keeper, PROGRAMMES, family.family)
    assert len(lines) == family.version
    assert lines[-1].details["remaining"] == kzt(family.available_tiyn)


def test_what_remains_is_that_of_the_month_it_is_told_of(
    keeper: PostgresVault, families: list[FamilyVouchers], database: str
) -> None:
    # given a family with vouchers in two programmes
    log = PostgresLog(database)
    there = (("akkol-2025", "2025-07", 3932_00), ("gas-2025", "2025-10", 3932_00))
    subject, member = "f" * 32, "a" * 32
    for number, (programme, name, _) in enumerate(there):
        month = PROGRAMMES[programme].month(name)
        at = day_start(month.first_sms_on)
        family = FamilyVouchers.list_family(month, subject, "113220100", member, [member], "1-x", at)
        family.record_sms(
            month,
            message=f"{number}" * 32,
            purpose="consent_request",
            language="kk",
            encoding="ucs2",
            parts=1,
            gateway="outbox",
            at=at,
        )
        family.record_reply(month, reply=f"{number}" * 32, answer=Answer.YES, channel="cli", at=at)
        log.save(family)
    log.close()
    # then each line says what remains in its own month
    lines = tell(database, keeper, PROGRAMMES, subject)
    issued = [line.details for line in lines if line.topic == "voucher.issued"]
    assert issued == [{"change": "+3 932.00", "remaining": "3 932.00"}] * 2


def test_a_family_is_found_when_its_programmes_file_is_gone(
    told: str, keeper: PostgresVault, families: list[FamilyVouchers]
) -> None:
    family = _shopper(families)
    assert tell(told, keeper, {}, family.family) == tell(told, keeper, PROGRAMMES, family.family)


def test_a_family_is_found_by_the_number_in_the_list(
    told: str, keeper: PostgresVault, families: list[FamilyVouchers], migrated_template: str
) -> None:
    (subject,) = keeper.families(["F-000123"])
    log = PostgresLog(told)
    family = FamilyVouchers.list_family(
        PROGRAMMES["akkol-2025"].month("2025-08"),
        subject,
        "113220100",
        "a" * 32,
        ["a" * 32],
        "1-x",
        _shopper(families).created_on,
    )
    log.save(family)
    log.close()
    (line,) = tell(told, keeper, PROGRAMMES, "F-000123", "ru")
    assert line.sentence == "Семья есть в списке за 2025-08; членов семьи: 1."
    assert line.clauses == ("R2.2", "R14", "R15", "R2.16")


def test_R27_a_purchase_is_told_with_what_led_to_it(
    told: str, keeper: PostgresVault, families: list[FamilyVouchers]
) -> None:
    family = _shopper(families)
    redemption = next(iter(family.redemptions.values()))
    lines = tell(told, keeper, PROGRAMMES, redemption.id)
    topics = [line.topic for line in lines]
    assert topics[:4] == ["family.eligible", "family.consented", "voucher.issued", "voucher.activated"]
    assert topics[4] in ("voucher.redeemed", "voucher.held")
    bought = lines[4]
    assert bought.details["change"] == f"-{kzt(redemption.drawn_tiyn)}"
    assert [line["gtin"] for line in bought.basket] == [line["gtin"] for line in redemption.lines]
    assert [line["pays_tiyn"] for line in bought.basket] == [line["pays_tiyn"] for line in redemption.lines]


@pytest.mark.parametrize(
    ("language", "first"), [("kk", "1-жол"), ("ru", "строка 1"), ("en", "line 1")], ids=LANGUAGES
)
def test_R27_a_basket_is_read_in_the_clerks_language(
    told: str, keeper: PostgresVault, families: list[FamilyVouchers], language: str, first: str
) -> None:
    family = _shopper(families)
    redemption = next(iter(family.redemptions.values()))
    lines = tell(told, keeper, PROGRAMMES, redemption.id, language)
    shown = "\n".join(story_lines(lines, language))
    line = redemption.lines[0]
    assert f"{first}: {line['gtin']}" in shown
    assert f"{line['quantity']} × {kzt(line['price_tiyn'])}" in shown
    for english in ("shelf", "voucher", "position", "cap ", "change", "remaining"):
        assert (english in shown) == (language == "en"), english
    # Days and times as they are written here, local ones; the data keep theirs.
    issued = next(line for line in lines if line.topic == "voucher.issued")
    assert "05.07.2025" in issued.sentence
    assert f"{issued.at:%d.%m.%Y %H:%M}  #{issued.position}" in shown
    assert not re.search(r"\d{4}-\d{2}-\d{2}", shown)
    assert json.loads(orjson.dumps(asdict(issued)))["at"].endswith("+05:00")


def test_R20_a_message_is_told_with_its_reports(
    told: str, keeper: PostgresVault, families: list[FamilyVouchers]
) -> None:
    family = next(f for f in families if "delivered" in f.messages.values())
    message = next(m for m, status in family.messages.items() if status == "delivered")
    lines = tell(told, keeper, PROGRAMMES, message)
    assert {line.topic for line in lines} >= {"family.eligible", "sms.sent", "sms.reported"}
    assert lines[-1].sentence == "The network reports: the SMS is delivered."


def test_R22_R27_an_answer_a_return_and_a_purchase_are_found_by_their_ids(
    told: str, keeper: PostgresVault, families: list[FamilyVouchers], migrated_template: str
) -> None:
    answered = {reply: family for family in families for reply in family.replies}
    assert {outcome for family in families for outcome in family.replies.values()} >= {"consented", "refused"}
    for reply, family in answered.items():
        lines = tell(told, keeper, PROGRAMMES, reply)
        assert lines[0].topic == "family.eligible", family.replies
        assert len(lines) > 1
    back, *_ = _reversals(told)
    assert tell(told, keeper, PROGRAMMES, back)[-1].topic == "voucher.reversed"
    with new_database(told, migrated_template) as empty, pytest.raises(IdUnknown):
        tell(empty, keeper, PROGRAMMES, back)


def test_a_purchase_is_found_without_reading_the_log(
    told: str, keeper: PostgresVault, families: list[FamilyVouchers], monkeypatch: pytest.MonkeyPatch
) -> None:
    redemption = next(iter(_shopper(families).redemptions))
    known = ViewStore(told)
    with known.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('azyq_views.purchases')")
        views = cursor.fetchone() != (None,)
    known.close()
    scanned: list[str] = []
    by_scan = infra.stories.story._by_scan

    def noting(connection: Connection, plain: str) -> list[str]:
        scanned.append(plain)
        return by_scan(connection, plain)

    monkeypatch.setattr(infra.stories.story, "_by_scan", noting)
    assert tell(told, keeper, PROGRAMMES, redemption)
    assert scanned == ([] if views else [redemption])


def test_the_month_itself_is_told(told: str, keeper: PostgresVault) -> None:
    lines = tell(told, keeper, PROGRAMMES, str(cycle_id("akkol-2025", "2025-07")), "kk")
    assert lines[0].sentence == "2025-07 айы ашылды."
    assert lines[-1].topic == "cycle.task_done"


@pytest.mark.parametrize("id", ["", "nothing", "0" * 32, "'; DROP TABLE x", "1" * 500, "٣" * 32, "%"])
def test_an_unknown_id_is_refused(told: str, keeper: PostgresVault, id: str) -> None:
    with pytest.raises(IdUnknown) as refused:
        tell(told, keeper, PROGRAMMES, id)
    assert refused.value.code == "id_unknown"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_family_can_be_told_in_every_language(
    told: str, keeper: PostgresVault, families: list[FamilyVouchers], language: str
) -> None:
    seen = set()
    for family in families:
        for line in tell(told, keeper, PROGRAMMES, family.id.hex, language):
            assert isinstance(line, StoryLine)
            assert "{" not in line.sentence
            assert "…" not in line.sentence
            assert line.clauses
            seen.add(line.topic)
    assert len(seen) > 15


# What a case is told by its number with, and what nobody asks the story of by an id: officials, readers, services, files.
ELSEWHERE = (
    "case.",
    "service.",
    "sitting.",
    "staff.",
    "signatory.",
    "serving.",
    "access.",
    "list.",
    "office.",
    "audit.",
)


def test_every_event_has_its_sentence_and_clauses() -> None:
    assert set(TOPICS) == {topic for topic in KNOWN_TOPICS if not topic.startswith(ELSEWHERE)}
    assert {topic for topic in KNOWN_TOPICS if topic.startswith("case.")} <= set(CASE_TEXTS)
    for topic in TOPICS.values():
        assert topic.clauses
        places = {
            frozenset(name for _, name, _, _ in Formatter().parse(text) if name)
            for text in topic.texts.values()
        }
        assert len(places) == 1


def test_every_word_is_there_in_every_language() -> None:
    assert all(set(word) == set(LANGUAGES) for word in WORDS.values())
