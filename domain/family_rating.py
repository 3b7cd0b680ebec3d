"""What a recipient says of a purchase: one to five stars, changed at will until the month ends (R30)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from domain.errors import Refusal
from domain.family_events import Event
from domain.family_purchases import Purchases
from domain.programmes import ProgrammeMonth
from domain.voucher_refusals import NotHeld, UnknownRedemption

STARS = range(1, 6)


class RatingOutOfBounds(Refusal):
    """A rating is one to five stars (R30)."""

    code = "rating_out_of_bounds"
    texts = {
        "en": "A rating is from 1 to 5.",
        "ru": "Оценка – от 1 до 5.",
        "kk": "Баға 1-ден 5-ке дейін болады.",
    }


class Rated(Event):
    """The recipient rated the service at a purchase; a later rating of the same one replaces it (R30)."""

    TOPIC = "family.rated"
    redemption: str
    shop: str
    stars: int
    rules: str

    def apply(self, family: Any) -> None:
        family.ratings[self.redemption] = self.stars


class Ratings(Purchases):
    """The part of `FamilyVouchers` that is about ratings; its state lives there."""

    ratings: dict[str, int]  # redemption -> stars

    def rate(self, month: ProgrammeMonth, *, redemption: str, stars: int, at: datetime) -> bool:
        """Rate the service at a paid purchase (R30): `stars` 1 to 5; False when it has this rating already.

        Raises RatingOutOfBounds, UnknownRedemption, NotHeld (not paid), and what tells that the voucher isn't open.
        """
        if type(stars) is not int or stars not in STARS:
            raise RatingOutOfBounds("stars")
        found = self.redemptions.get(redemption)
        if found is None:
            raise UnknownRedemption("redemption")
        self._must_be_open(month, at)
        if found.status != "captured":
            raise NotHeld("redemption", status=found.status)
        if self.ratings.get(redemption) == stars:
            return False
        self._record(
            Rated,
            redemption=redemption,
            shop=found.shop,
            stars=stars,
            rules=month.terms.version,
            timestamp=at,
        )
        return True
