"""Every report there is."""

from __future__ import annotations

from projections.reports.appeals import APPEALS
from projections.reports.daily import DAILY
from projections.reports.goods import GOODS
from projections.reports.month import MONTH
from projections.reports.pilot import PILOT
from projections.reports.reconciliation import RECONCILIATION
from projections.reports.report import Report
from projections.reports.shops import SHOPS

REPORTS: dict[str, Report] = {
    report.id: report for report in (DAILY, MONTH, PILOT, GOODS, SHOPS, APPEALS, RECONCILIATION)
}
