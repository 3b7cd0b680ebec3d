"""A log that an older azyq wrote, on real PostgreSQL: all that reads it goes on as before."""

from __future__ import annotations

from pathlib import Path

import orjson

from infra.audit.run import run_audit
from infra.postgres.log_reader import LogReader
from infra.reporting.running import Reports, Request
from projections.all_views import VIEWS
from streams.messages import decode, encode
from streams.rebuild import rebuild
from tests.integration.cases_in_process import an_office, save_told
from tests.integration.complaints import SERVICES, complaint
from tests.integration.month_in_process import query
from tests.integration.test_report_appeals import FRIDAY, NOW, facts
from tests.unit.given_when_then import MAPPER
from tests.unit.older import before
from tests.unit.test_audit_cases import told_by
from tests.unit.test_services_construction import ISSUED


def test_a_log_from_before_is_read_by_all(database: str, tmp_path: Path) -> None:
    # given two cases as version 1 told them, in raw bytes, and the published texts of their services
    told = [before(event) for event in told_by(ISSUED)]
    complained = complaint(1, FRIDAY, facts(), "upheld", FRIDAY)
    told += [before(MAPPER.to_stored_event(event)) for event in complained.collect_events()]
    with an_office(database, tmp_path) as office:
        save_told(database, told)
        (state,) = query(
            database, "SELECT state FROM azyq_log.azyq_events WHERE topic = 'case.opened' LIMIT 1"
        )[0]
        assert not {"class_version", "through"} & orjson.loads(bytes(state)).keys()
        # then the aggregate is what it was
        case = office.azyq.log.load([complained.id])[complained.id]
        assert (case.case, case.through, case.end) == (complained.case, "", "upheld")
        # and the views have both, fed and folded anew
        rows = {name: office.rows(name) for name in ("cases", "case_steps", "case_course")}
        assert {row["state"] for row in rows["cases"]} == {"closed"}
        assert len(rows["cases"]) == len(rows["case_course"]) == 2
        assert {row["through"] for row in rows["case_steps"]} == {None}
        reader = LogReader(database)
        for name, fed in rows.items():
            rebuild(reader, office.azyq.view_store, next(view for view in VIEWS if view.name == name))
            assert sorted(map(repr, office.rows(name))) == sorted(map(repr, fed))
        assert query(database, "SELECT count(*) FROM azyq_views.parked") == [(0,)]
        # and the report on appeals says the same out of the views and out of the log
        reports = Reports(database, office.azyq.programmes, SERVICES)
        viewed, logged = (ask(Request("appeals"), NOW) for ask in (reports.answer, reports.from_log))
        assert [table.rows for table in viewed.tables] == [table.rows for table in logged.tables]
        complaints = next(table for table in viewed.tables if table.section.id == "complaints")
        assert len(complaints.rows) == 1
        # and the publisher carries it as it is, for readers to lift
        messages = [
            encode(raw, raw.position - 1, "https://azyq.example/schemas") for raw in reader.after(0, 100)
        ]
        schemas = [orjson.loads(message.value)["dataschema"].rpartition("/")[2] for message in messages]
        assert schemas.count("case.opened.v1.json") == 2
        carried = [decode(message.key, message.value).event for message in messages]
        assert [one.data["through"] for one in carried if one.topic == "case.opened"] == ["", ""]  # type: ignore[union-attr]
        # and the audit has nothing to say of the licence; the complaint's text was never published here
        verdict = run_audit(database, office.azyq.programmes, office.azyq.goods)
        assert {(one.check, one.stream) for one in verdict.findings} == {("case_version", complained.id.hex)}
        reader.close()
