"""Every view there is."""

from __future__ import annotations

from projections.families import Families
from projections.missing_numbers import MissingNumbers
from projections.month_status import MonthStatus
from projections.purchases import Purchases
from projections.sms_journal import SmsJournal
from projections.view import View
from projections.voucher_balances import VoucherBalances

VIEWS: tuple[View, ...] = (
    MonthStatus(),
    Families(),
    SmsJournal(),
    MissingNumbers(),
    VoucherBalances(),
    Purchases(),
)
