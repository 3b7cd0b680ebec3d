"""Whether a paper whose seal is ours still stands: by the log, and by nothing beyond our own database."""

from __future__ import annotations

from domain.calendar import local_day
from domain.identity import case_id
from domain.procedures.case import Case
from infra.bootstrap import Azyq
from infra.papers.seal import Seal
from infra.web.cases.paper_standing import PaperStanding, Standing


def paper_standing(azyq: Azyq, seal: Seal) -> PaperStanding:
    """How the result of a genuine seal stands in the log. Raises what a database that can't be reached raises."""
    stream = case_id(seal.case)
    case = azyq.log.load([stream]).get(stream)
    if not isinstance(case, Case):
        return PaperStanding(Standing.UNRECORDED)
    until = seal.valid_until.isoformat() if seal.valid_until else ""
    told = (seal.result, seal.issued_on.isoformat(), until)
    if told not in {result[1:] for result in case.results}:
        return PaperStanding(Standing.UNRECORDED)
    ended = case.withdrawn.get(seal.result)
    if ended is None:
        return PaperStanding(Standing.IN_FORCE)
    return PaperStanding(Standing(ended.how), local_day(ended.at), ended.replaced_by)
