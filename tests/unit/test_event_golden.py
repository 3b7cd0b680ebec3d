"""Stored events, one JSON file a type and version: what was written once must be read for ever.

`python -m tests.unit.test_event_golden` writes the files that are missing, and never changes one that is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.domain import CanMutateAggregate
from eventsourcing.persistence import StoredEvent
from eventsourcing.utils import resolve_topic

from domain.access import Access, Grant, Reading
from domain.audit_events import Audits, Verdict
from domain.brought_lists import BroughtLists
from domain.calendar import Task, day_end
from domain.cycle import Cycle, StrayReply
from domain.office_acts import OfficeAct
from domain.replies import Answer
from domain.seal import FIRST, Sealed, Seals
from domain.serving import Counted, Measurement
from domain.sign_ins import BY_SQL, SignIn
from domain.signatory import Signatory
from domain.staff import Staff
from domain.terminal import Terminal
from domain.trade.catalogue import Article, Catalogue
from domain.trade.market import Market
from domain.trade.shop import Loan, Shop, ShopFacts
from infra.postgres.log import AGGREGATES
from tests.unit.brought import APPROVER, CLERK, checked_list
from tests.unit.given_when_then import MAPPER, Story, on, programme, replayed, reply, sms, story
from tests.unit.told_cases import told_cases

FOLDER = Path(__file__).parents[1] / "data" / "events"
NEVER_STORED = {"Event", "Created", "Answered", "Drawn"}
# Order in which the golden events of a stream make a life; together they name every type of the stream.
LIVES = {
    "bought": [
        *("family.eligible", "family.changed", "sms.sent", "sms.reported", "family.answer_not_understood"),
        *("family.consented", "voucher.issued", "voucher.activated", "voucher.redeemed", "voucher.held"),
        *("voucher.captured", "voucher.reversed", "family.rated", "family.answer_ignored", "voucher.expired"),
    ],
    "called off": [
        *("family.eligible", "family.changed", "sms.sent", "family.consented", "voucher.issued"),
        *("voucher.activated", "voucher.held", "voucher.voided", "family.consent_withdrawn"),
    ],
    "left": [
        *("family.eligible", "family.number_missing", "family.changed", "family.number_unsettled"),
        *("family.number_missing", "family.number_found", "family.left"),
    ],
    "silent": ["family.eligible", "sms.failed", "family.lapsed"],
    "refused": ["family.eligible", "sms.sent", "family.refused"],
    "cycle": ["cycle.opened", "cycle.list_started", "cycle.list_received", "cycle.task_done"],
    "stray": ["reply.unknown_sender"],
    "shop": [
        *(
            "shop.joined",
            "shop.changed",
            "shop.loan_recorded",
            "shop.prices_set",
            "shop.closed",
            "shop.opened",
        ),
        *("shop.breach_recorded", "shop.breach_mended", "shop.loan_ended"),
    ],
    "catalogue": ["catalogue.begun", "catalogue.articles_listed"],
    "market": ["market.begun", "market.prices_set"],
    "seals": ["seal.begun", "seal.day_sealed"],
    "audits": ["audit.begun", "audit.ended"],
    "case": [
        *("case.opened", "case.step_opened", "case.remark_recorded", "case.acted", "case.step_passed_over"),
        *(
            "case.reassigned",
            "case.became_overdue",
            "case.escalated",
            "case.result_issued",
            "case.notice_due",
        ),
        *("case.notice_sent", "case.notice_failed", "case.notice_reported", "case.closed"),
        "case.result_withdrawn",
    ],
    "case refused": ["case.acceptance_refused"],
    "sitting": ["sitting.held"],
    "service": ["service.begun", "service.version_published"],
    "staff": [
        *("staff.enrolled", "staff.changed", "staff.key_rotated", "staff.key_issued", "staff.identified"),
        "staff.revoked",
    ],
    "signatory": ["signatory.begun", "signatory.named"],
    "access": ["access.begun", "access.granted", "access.blocked"],
    "access ended": ["access.begun", "access.granted", "access.ended"],
    "reading": ["access.report_read"],
    "serving": ["serving.measured"],
    "reading refused": ["access.reading_refused"],
    "signed in": ["access.signed_in"],
    "not signed in": ["access.sign_in_refused"],
    "signed out": ["access.signed_out"],
    "disconnected": ["access.disconnected"],
    "lists": [
        *(
            "list.begun",
            "list.refused",
            "list.brought_in",
            "list.rejects_read",
            "list.declined",
            "list.brought_in",
        ),
        *("list.act_refused", "list.approved", "list.failed", "list.retried", "list.taken_in"),
        *("list.returns_deleted", "list.brought_in", "list.lapsed"),
    ],
    "office in": ["office.signed_in"],
    "office out": ["office.signed_out"],
    "office refused": ["office.refused"],
    "numbers": ["office.missing_numbers_read"],
    "parked retried": ["office.parked_retried"],
    "parked discarded": ["office.parked_discarded"],
    "terminal": ["terminal.code_issued", "terminal.enrolled", "terminal.key_rotated", "terminal.revoked"],
}


def event_classes() -> dict[str, type[Any]]:
    """Every type of event that is stored, by topic."""
    found: dict[str, type[Any]] = {}
    for aggregate in AGGREGATES:
        for name, value in vars(aggregate).items():
            if isinstance(value, type) and issubclass(value, CanMutateAggregate) and name not in NEVER_STORED:
                event_class: Any = value
                found[event_class.TOPIC] = event_class
    return found


def version_of(event_class: type[Any]) -> int:
    return int(getattr(event_class, "class_version", 1))


def optional(event_class: type[Any]) -> set[str]:
    """Fields that came later: what was recorded before has none of them."""
    return {field.name for field in fields(event_class) if str(field.type).endswith("| None")}


def path_of(topic: str, version: int) -> Path:
    return FOLDER / f"{topic}@{version}.json"


def stored(path: Path, position: int = 1) -> StoredEvent:
    """A golden file as the log holds it, at a position of its stream."""
    golden = json.loads(path.read_text(encoding="utf-8"))
    return StoredEvent(
        UUID(golden["stream"]), position, golden["topic"], json.dumps(golden["state"]).encode()
    )


def lives() -> Iterator[StoredEvent]:
    """The same lives as the code of today tells them."""
    bought = asked_after_change()
    bought.given(
        lambda f, m: f.record_report("m-consent_request", "delivered", on(5)),
        lambda f, m: reply(f, m, Answer.UNCLEAR, on(6), "unclear"),
        lambda f, m: reply(f, m, Answer.YES, on(7)),
        lambda f, m: f.activate(m, via="link", at=on(8)),
    )
    bought.given_bought(("rice", "2"), ("milk", "0.5"))
    bought.given_bought(("salt", "3"), receipt="r2", key="k2", capture=False)
    bought.given(lambda f, m: f.capture(m, redemption="shop/k2", key="paid", at=on(10)))
    bought.when_brought_back([(0, "1")])
    bought.given(lambda f, m: f.rate(m, redemption="shop/k1", stars=4, at=on(12)))
    bought.given(
        lambda f, m: reply(f, m, Answer.YES, on(13), "late"), lambda f, m: f.expire(m, day_end(m.valid_to))
    )
    called_off = asked_after_change().given(
        lambda f, m: reply(f, m, Answer.YES, on(7)), lambda f, m: f.activate(m, via="link", at=on(8))
    )
    called_off.given_bought(("salt", "3"), receipt="r2", key="k2", capture=False)
    called_off.given(
        lambda f, m: f.void(m, redemption="shop/k2", key="unpaid", reason="not paid", at=on(10)),
        lambda f, m: reply(f, m, Answer.NO, on(11), "withdrawal"),
    )
    left = story().given(
        lambda f, m: f.record_number(m, False, on(2)),
        lambda f, m: f.list_again(m, "113220100", "b", ["b", "c", "d"], "2-d", on(3)),
        lambda f, m: f.record_number(m, False, on(3)),
        lambda f, m: f.record_number(m, True, on(3)),
        lambda f, m: f.leave_list(m, "3-d", on(4)),
    )
    silent = story().given(
        lambda f, m: f.record_sms_failed(
            m, message="m-consent_request", purpose="consent_request", reason="rejected", at=on(5)
        ),
        lambda f, m: f.lapse(m, day_end(m.deadline)),
    )
    refused = story().given_asked().given(lambda f, m: reply(f, m, Answer.NO, on(6)))
    for told in (bought, called_off, left, silent, refused):
        yield from told.log
    yield from told_cases()
    stray = StrayReply.receive(reply="digest", channel="http", answer="yes", at=on(6))
    trade = (shop(), seals(), audits(), *price_sources())
    for aggregate in (
        cycle(),
        stray,
        terminal(),
        staff(),
        signatory(),
        *trade,
        *accesses(),
        *office_acts(),
        measurement(),
        brought_lists(),
    ):
        yield from (MAPPER.to_stored_event(event) for event in aggregate.collect_events())


def office_acts() -> Iterator[OfficeAct]:
    """What staff did on one morning, each in a stream of its own."""
    told: list[tuple[type[OfficeAct.Created], dict[str, Any]]] = [
        (OfficeAct.SignedIn, {"way": "signature"}),
        (OfficeAct.SignedOut, {}),
        (OfficeAct.Refused, {"act": "parked_discard", "code": "office_role_missing"}),
        (OfficeAct.NumbersMissingRead, {"programme": "akkol-2025", "month": "2025-07", "families": 3}),
        (OfficeAct.ParkedRetried, {"place": "azyq.events.v1/0", "number": 7, "taken_in": True}),
        (OfficeAct.ParkedDiscarded, {"place": "families", "number": 7, "reason": "written by a test"}),
    ]
    for number, (kind, said) in enumerate(told):
        yield OfficeAct.of(kind, UUID(int=80 + number), "k.operator", on(1), **said)


def accesses() -> Iterator[Access | Reading | SignIn]:
    """An auditor whose access is blocked, one whose year is over, and what they read and were refused."""
    facts = {"body": "Тексеру комиссиясы", "body_kind": "revision_commission", "region": "110000000"}
    for case, end in (("AA-2025-4K7QXM2V", "block"), ("AA-2025-5K7QXM2V", "end")):
        access = Access.begin("a" * 32, on(1))
        access.grant(
            case=case, facts={**facts, "administrator": "252"}, valid_until=date(2026, 7, 1), at=on(1)
        )
        if end == "block":
            access.block(case=case, reason="requested", at=on(2))
        else:
            access.end(case=case, at=on(2))
        yield access
    stream, grant = UUID(int=7), Grant("AA-2025-4K7QXM2V", "", ("11",), on(9))
    yield Reading.of(stream, "a" * 32, grant, "month", {"region": "11"}, 7, "json", on(1))
    yield Reading.refused(stream, "a" * 32, grant.case, "month", "region_foreign", "75", on(1))
    yield SignIn.signed_in(stream, "a" * 32, grant.case, BY_SQL, on(1))
    yield SignIn.refused(stream, "", "sign_in_failed", on(1))
    yield SignIn.signed_out(stream, "a" * 32, on(1))
    yield SignIn.disconnected(stream, "a" * 32, grant.case, "reader_lock_held", on(1))


def brought_lists() -> BroughtLists:
    """July's lists at the office: no list, one declined, one taken in at the second try, one that nobody decided on."""
    lists = BroughtLists.begin(programme().month("2025-07"), on(1))
    lists.refuse(code="list_not_a_list", sha256="f" * 64, size=9, by="a.clerk", at=on(1))
    declined = lists.bring_in("a" * 32, checked_list("a"), CLERK, on(1))
    lists.note_reading(declined, "rejects", 1, "kk", CLERK, on(1))
    lists.decline(declined, APPROVER, "wrong_file", on(1))
    taken = lists.bring_in("b" * 32, checked_list("b"), CLERK, on(2))
    lists.note_refused_act(taken, "approve", "same_person", CLERK.staff, on(2))
    lists.approve(taken, APPROVER, on(2))
    lists.fail(taken, "internal_error", on(2))
    lists.retry(taken, APPROVER, on(2))
    lists.take_in(taken, "1-" + "b" * 16, on(2))
    lists.delete_returns(taken, on(9))
    lists.lapse(lists.bring_in("c" * 32, checked_list("c"), CLERK, on(3)), on(9))
    return lists


def measurement() -> Measurement:
    """Five minutes of a process in which one purchase was refused and one request failed."""
    counted = Counted(
        {"counter": [0, 3, 1, 0], "wallet": [2]},
        {"counter": (1, 0), "wallet": (0, 1)},
        {"over_cap": 1},
        {"S001": {"over_cap": 1}},
    )
    return Measurement.of(
        process="ab12cd34", number=1, from_at=on(1), upto_at=on(1, 12, 5), counted=counted, parked=0
    )


def shop() -> Shop:
    """A shop that had a loan, and breached a condition of it."""
    facts = ShopFacts("Дүкен", "120240000013", "", "113220100", "Абая, 1", "2020-01-01")
    told = Shop.join("S001", facts, on(1))
    told.change(facts._replace(bin="", trader="d" * 32), on(1))
    told.record_loan(Loan("ОК-1", "2026-07-01"), on(1))
    told.set_prices("2025-07-01", [("4870000000016", "trade", 21_550)], on(1))
    told.close("repairs", on(2))
    told.open(on(3))
    told.check_assortment([2, 3], "166-NQ-2023", date(2025, 7, 3), on(3))
    told.check_assortment([], "166-NQ-2023", date(2025, 7, 4), on(4))
    told.end_loan("repaid", on(5))
    return told


def price_sources() -> tuple[Catalogue, Market]:
    """What prices and their caps follow from, beside the shop."""
    catalogue = Catalogue.begin(on(1))
    catalogue.list_articles("166-NQ-2023", [Article("4870000000016", "Күріш", 5, "kg")], on(1))
    market = Market.begin("113220100", on(1))
    market.set_prices("166-NQ-2023", "2025-07-01", [(5, 40_000)], on(1))
    return catalogue, market


def audits() -> Audits:
    """A first audit, which found nothing."""
    made = Audits.begin(on(3))
    made.end(Verdict(9, 9, 40, 0, ""), on(3))
    return made


def seals() -> Seals:
    """A chain with its first seal."""
    chain = Seals.begin(on(2))
    digest = "a" * 64
    first = Sealed(1, "2025-07-01", 0, 7, 7, digest, 4096, (digest,), FIRST, digest, digest, "b" * 128)
    chain.seal(first, on(2))
    return chain


def terminal() -> Terminal:
    """A till from its code to its end."""
    till = Terminal.invite(terminal="k7qm2xva", shop="S001", code_hash="c" * 64, at=on(1))
    till.enrol(code_hash="c" * 64, key_hash="a" * 64, env="trial", at=on(1))
    till.rotate(key_hash="b" * 64, old_hash="a" * 64, env="trial", at=on(3))
    till.revoke(reason="lost", at=on(4))
    return till


def staff() -> Staff:
    """A clerk from the first key to the end."""
    clerk = Staff.enrol(
        staff="k.clerk", unit="clerk", roles=["clerk"], key_hash="a" * 64, env="trial", at=on(1)
    )
    clerk.change(unit="head", roles=["clerk", "head"], at=on(2))
    clerk.rotate(key_hash="b" * 64, old_hash="a" * 64, env="trial", at=on(3))
    clerk.issue_key(key_hash="c" * 64, at=on(4))
    clerk.identify(subject="e" * 32, at=on(4))
    clerk.revoke(reason="left", at=on(5))
    return clerk


def signatory() -> Signatory:
    """A person who is the clerk."""
    person = Signatory.begin("e" * 32, on(4))
    person.name("k.clerk", on(4))
    return person


def asked_after_change() -> Story:
    """A family that a second delivery changed, then asked."""
    told = story().given(lambda f, m: f.list_again(m, "113220100", "b", ["b", "c", "d"], "2-d", on(3)))
    return told.given(lambda f, m: sms(f, m, "consent_request", on(5)))


def cycle() -> Cycle:
    """July with one list and its first task."""
    month = programme().month("2025-07")
    opened = Cycle.open(month, on(1))
    delivery = opened.start_list(month, "0123456789abcdef" * 4, on(2))
    opened.finish_list(
        month,
        delivery=str(delivery),
        rows=5,
        accepted=4,
        rejected={"iin_invalid": 1},
        families={"added": 2, "changed": 0, "unchanged": 0, "left": 0},
        members=4,
        no_number=1,
        at=on(2),
    )
    opened.finish_task(
        month, task=Task.FIRST_SMS.value, due_on=date(2025, 7, 5), days_late=0, families=1, at=on(5)
    )
    return opened


def shape(value: Any) -> Any:
    """What a JSON value is made of: names and types, no contents."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


@pytest.mark.parametrize("topic", sorted(event_classes()))
def test_every_event_type_has_a_golden_file_with_its_fields(topic: str) -> None:
    event_class = event_classes()[topic]
    path = path_of(topic, version_of(event_class))
    assert path.exists(), f"{path.name} is missing: see this file's docstring"
    state = json.loads(path.read_text(encoding="utf-8"))["state"]
    now = {field.name for field in fields(event_class)} - {"originator_id", "originator_version"}
    assert now - optional(event_class) <= set(state) - {"class_version"} <= now, (
        f"{topic} changed: it needs a class_version and an upcast"
    )
    assert state.get("class_version", 1) == version_of(event_class)


@pytest.mark.parametrize("event", list(lives()), ids=lambda event: event.topic)
def test_what_is_written_today_is_made_as_the_golden_file_is(event: StoredEvent) -> None:
    golden = json.loads(path_of(event.topic, version_of(event_classes()[event.topic])).read_text("utf-8"))
    then, now = golden["state"], json.loads(event.state)
    now = {k: v for k, v in now.items() if k in then or k not in optional(event_classes()[event.topic])}
    assert shape({k: v for k, v in now.items() if v}) == shape({k: v for k, v in then.items() if now[k]})


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_a_golden_event_is_read_and_written_as_it_was(path: Path) -> None:
    golden = stored(path)
    event = MAPPER.to_domain_event(golden)
    event_class = event_classes()[golden.topic]
    assert type(event) is event_class
    assert {field.name for field in fields(event_class)} - optional(event_class) <= set(vars(event))
    if path == path_of(golden.topic, version_of(event_class)):
        again = MAPPER.to_stored_event(event)
        assert (again.topic, json.loads(again.state)) == (golden.topic, json.loads(golden.state))


def life(name: str, version: int | None = None) -> list[StoredEvent]:
    """A life made of golden events, by default of the types' newest versions."""
    return [
        stored(path_of(topic, version or version_of(event_classes()[topic])), position)
        for position, topic in enumerate(LIVES[name], start=1)
    ]


@pytest.mark.parametrize("name", ["bought", "called off", "left", "silent", "refused"])
@pytest.mark.parametrize("version", [1, None])
def test_golden_events_replay_to_a_family(name: str, version: int | None) -> None:
    family = replayed(life(name, version))
    ends = {
        "bought": "expired",
        "called off": "withdrawn",
        "left": "left",
        "silent": "lapsed",
        "refused": "refused",
    }
    assert family.stage == ends[name]
    for voucher in family.vouchers.values():
        assert voucher.available_tiyn == voucher.held_tiyn == 0
        assert voucher.amount_tiyn == voucher.spent_tiyn + voucher.expired_tiyn + voucher.cancelled_tiyn


def test_golden_events_replay_to_a_cycle_and_a_stray_reply() -> None:
    opened = replayed(life("cycle"))
    assert (opened.started, opened.deliveries, len(opened.done)) == (None, 1, 1)
    assert replayed(life("stray")).reply == "digest"


def test_every_event_type_is_in_a_life_and_every_golden_file_has_a_type() -> None:
    assert set(chain(*LIVES.values())) == set(event_classes())
    assert {path.stem.rpartition("@")[0] for path in FOLDER.glob("*.json")} == set(event_classes())


def test_golden_events_replay_to_a_shop_and_its_prices() -> None:
    opened = replayed(life("shop"))
    assert (opened.closed, opened.loan, opened.breaches, opened.breaches_recorded) == (False, None, {}, 1)
    assert opened.prices == {"4870000000016": [("2025-07-01", "trade", 21_550)]}
    assert replayed(life("catalogue")).positions == {"4870000000016": {"166-NQ-2023": 5}}
    assert replayed(life("market")).prices == {("166-NQ-2023", 5): [("2025-07-01", 40_000)]}


def test_a_topic_stands_for_one_class() -> None:
    for topic, event_class in event_classes().items():
        assert resolve_topic(topic) is event_class


def write_missing() -> None:
    """Keep the events of today whose files are missing."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for event in lives():
        path = path_of(event.topic, version_of(event_classes()[event.topic]))
        if not path.exists():
            golden = {
                "topic": event.topic,
                "stream": str(event.originator_id),
                "state": json.loads(event.state),
            }
            path.write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_missing()
