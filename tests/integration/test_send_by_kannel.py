"""A family asked, answering and confirmed through a real Kannel (R20, R22, R23)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.sms.kannel import KannelGateway
from tests.integration.month_in_process import Month, Town, a_month, events_of
from tests.integration.test_kannel import (  # noqa: F401  (fixtures)
    Kannel,
    api_port,
    content,
    gateway,
    kannel,
    kannel_programs,
    services,
    until,
)
from tests.integration.test_send_sms import Sending
from tests.integration.test_sms_http import FakeServices


@pytest.fixture
def july(database: str, tmp_path: Path) -> Iterator[Month]:
    with a_month(database, tmp_path) as month:
        yield month


def test_R20_R22_R23_request_answer_and_confirmation_by_a_real_kannel(
    july: Month,
    kannel: Kannel,  # noqa: F811
    gateway: KannelGateway,  # noqa: F811
    services: FakeServices,  # noqa: F811
) -> None:
    sending = Sending(july, gateway)
    homes = Town().households(3)
    july.asked(*homes)
    requests = 3 * next(e.state["parts"] for e in events_of(july.azyq.dsn) if e.topic == "sms.sent")
    until(lambda: len(kannel.operator.received()) >= requests, "the requests")
    assert {line.split(" ")[1] for line in kannel.operator.received()} == {home.phone for home in homes}
    until(lambda: {(r.message_id, r.status) for r in services.reports} >= delivered(july), "the reports")
    sending.sms.record_reports(services.reports)
    reported = [event.state for event in events_of(july.azyq.dsn) if event.topic == "sms.reported"]
    assert Counter(state["status"] for state in reported)["delivered"] == 3

    kannel.operator.send(f"{homes[0].phone} 1414 text 21*1")
    until(lambda: services.replies, "the reply")
    (reply,) = services.replies
    assert july.reply(reply.sender, reply.text, reply.message_id, july.at(6)) == "consented"
    july.azyq.drain_sms()
    confirmation = [e.state["parts"] for e in events_of(july.azyq.dsn) if e.topic == "sms.sent"][-1]
    until(lambda: len(kannel.operator.received()) >= requests + confirmation, "the confirmation")
    text = "".join(
        content(line).decode("utf-16-be", errors="replace") for line in kannel.operator.received()[requests:]
    )
    assert "https://w/" in text


def delivered(month: Month) -> set[tuple[str, str]]:
    return {(e.state["message"], "delivered") for e in events_of(month.azyq.dsn) if e.topic == "sms.sent"}
