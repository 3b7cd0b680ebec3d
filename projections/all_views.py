"""Every view there is."""

from __future__ import annotations

from projections.accesses import Accesses
from projections.articles import Articles
from projections.case_course import CaseCourse
from projections.case_steps import CaseSteps
from projections.cases import Cases
from projections.families import Families
from projections.market_prices import MarketPrices
from projections.measurements import Measurements
from projections.missing_numbers import MissingNumbers
from projections.month_status import MonthStatus
from projections.purchases import Purchases
from projections.ratings import Ratings
from projections.shop_breaches import ShopBreaches
from projections.shop_prices import ShopPrices
from projections.shops import Shops
from projections.sign_ins import SignIns
from projections.sms_journal import SmsJournal
from projections.sold_lines import SoldLines
from projections.staff import StaffMembers
from projections.terminals import Terminals
from projections.view import View
from projections.voucher_balances import VoucherBalances

VIEWS: tuple[View, ...] = (
    MonthStatus(),
    Families(),
    SmsJournal(),
    MissingNumbers(),
    VoucherBalances(),
    Purchases(),
    SoldLines(),
    Ratings(),
    Shops(),
    ShopPrices(),
    ShopBreaches(),
    Articles(),
    MarketPrices(),
    Terminals(),
    Cases(),
    CaseSteps(),
    CaseCourse(),
    StaffMembers(),
    Accesses(),
    SignIns(),
    Measurements(),
)
