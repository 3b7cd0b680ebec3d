"""Which headings name which column, in Kazakh, Russian and English, in any case and spelling."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from infra.lists.refusals import ListColumnDoubled, ListColumnMissing


def plain_heading(heading: str) -> str:
    """A heading without case, punctuation, underscores, blanks around it, and with е for ё."""
    folded = unicodedata.normalize("NFKC", heading).casefold().replace("ё", "е")
    return re.sub(r"[\W_]+", " ", folded).strip()


@dataclass(frozen=True, slots=True)
class ColumnSet:
    """The columns a kind of file has: `accepted` gives the plain headings of each, in the values' order.

    `optional` columns may be absent from a line of JSON. `may_be_empty`: a file without rows is no mistake.
    """

    name: str
    accepted: dict[str, frozenset[str]]
    optional: frozenset[str] = frozenset()
    may_be_empty: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(self.accepted)

    def field_of(self, heading: str) -> str | None:
        """The column a heading names; None for a column that is not ours."""
        if len(heading) > 200:
            return None
        spellings = [heading, re.sub(r"\([^)]*\)", " ", heading)]
        for spelling in spellings:
            plain = plain_heading(spelling)
            for field, accepted in self.accepted.items():
                if plain in accepted:
                    return field
        # "ЖСН / ИИН": two languages in one heading.
        parts = [part for part in map(plain_heading, re.split(r"[/|\n]", spellings[1])) if part]
        named = {field for part in parts for field, accepted in self.accepted.items() if part in accepted}
        known = all(any(part in accepted for accepted in self.accepted.values()) for part in parts)
        return named.pop() if len(parts) > 1 and known and len(named) == 1 else None

    def places(self, headings: Sequence[str]) -> dict[str, int]:
        """Where each column stands. Raises ListColumnMissing, ListColumnDoubled, which name the columns."""
        places: dict[str, int] = {}
        for place, heading in enumerate(headings):
            field = self.field_of(heading)
            if field is None:
                continue
            if field in places:
                raise ListColumnDoubled(field, columns=f"{field} ({headings[places[field]]}, {heading})")
            places[field] = place
        missing = [field for field in self.accepted if field not in places]
        if missing:
            raise ListColumnMissing(missing[0], columns=", ".join(missing))
        return places

    def known_in(self, headings: Sequence[str]) -> int:
        """How many of the headings are ours."""
        return sum(1 for heading in headings if self.field_of(heading))


def _accepted(**headings: str) -> dict[str, frozenset[str]]:
    return {
        field: frozenset(plain_heading(text) for text in (field, *texts.split(",")))
        for field, texts in headings.items()
    }


_IIN = (
    "ИИН, ЖСН, individual identification number, IIN number, ЖСН нөмірі, жеке сәйкестендіру нөмірі, ЖСН ИИН,"
    "ИИН ЖСН, номер ИИН, ИИН получателя, ИИН члена семьи, индивидуальный идентификационный номер"
)

LIST_COLUMNS = ColumnSet(
    "list",
    _accepted(
        family_id=(
            "familyid, family, family reference, family code, family number, family no, household,"
            " household id,"
            "household code, отбасы, отбасы коды, отбасының коды, отбасы нөмірі, отбасының нөмірі, отбасы id,"
            "отбасы идентификаторы, отбасының идентификаторы, отбасы сәйкестендіргіші, семья, семьи,"
            " код семьи,"
            "номер семьи, id семьи, ид семьи, идентификатор семьи"
        ),
        iin=_IIN,
        surname="last name, lastname, family name, тегі, тек, фамилиясы, фамилия",
        given_name="givenname, first name, firstname, forename, name, аты, ат, есімі, есім, имя",
        patronymic=(
            "middle name, father s name, fathers name, әкесінің аты, әкесінің есімі, әкесінің аты бар болса,"
            "отчество, отчество при наличии"
        ),
        birth_date=(
            "birthdate, date of birth, birthday, dob, born, born on, туған күні, туған күн, туылған күні,"
            "туған күні айы жылы, туған жылы, дата рождения, дата рожд, день рождения, др, д р"
        ),
        role=(
            "role in family, role in the family, family role, member role, рөлі, рөл, отбасындағы рөлі,"
            "отбасындағы рөл, мәртебесі, роль, роль в семье, статус в семье, статус"
        ),
        kato=(
            "kato code, cato, region code, като, код като, като коды, ӘАОЖ, ӘАОЖ коды, аумақ коды,"
            "елді мекен коды, код территории, код населенного пункта, код региона"
        ),
        assistance_on=(
            "assistance date, date of assistance, assistance established on, assistance as of,"
            " established on,"
            "көмек күні, көмек тағайындалған күн, көмек тағайындалған күні, көмек белгіленген күн,"
            "көмек белгіленген күні, тағайындалған күні, АӘК күні, АӘК тағайындалған күні, дата помощи,"
            "дата назначения помощи, дата назначения, дата назначения АСП, дата АСП,"
            " дата установления помощи,"
            "помощь на дату, помощь установлена на, помощь назначена на"
        ),
    ),
    optional=frozenset({"patronymic"}),
)

NUMBERS_COLUMNS = ColumnSet(
    "numbers",
    _accepted(
        iin=_IIN,
        phone=(
            "phone number, mobile, mobile phone, mobile number, msisdn, tel, telephone, телефон, телефоны,"
            "телефон нөмірі, ұялы телефон, ұялы телефон нөмірі, ұялы нөмірі, ұялы нөмір,"
            " байланыс телефоны, нөмірі,"
            "номер телефона, номер, мобильный, мобильный телефон, мобильный номер, сотовый, сотовый телефон"
        ),
    ),
    may_be_empty=True,
)

_SHOP = (
    "shop, shop code, shop id, store, store id, outlet, outlet id, дүкен, дүкен коды, дүкен id, дүкен нөмірі,"
    "магазин, код магазина, id магазина, номер магазина, торговая точка, код торговой точки"
)
_GTIN = (
    "NTIN, GTIN NTIN, EAN, EAN13, barcode, bar code, штрихкод, штрих код, штрих коды, код товара, тауар коды"
)
_POSITION = (
    "position number, list position, goods position, no, тізімдегі нөмірі, тізбедегі нөмірі, нөмірі, реттік нөмірі,"
    "позиция, номер позиции, номер в перечне, номер по перечню, номер"
)
_KATO = "kato code, cato, region code, като, код като, като коды, ӘАОЖ, ӘАОЖ коды, аумақ коды, код территории"
_FROM = (
    "valid since, from, since, price from, effective from, басталу күні, қолданыла бастайтын күні, күнінен бастап,"
    "действует с, дата начала, дата начала действия, с даты, начало действия"
)

SHOP_COLUMNS = ColumnSet(
    "shops",
    _accepted(
        shop_id=_SHOP,
        bin="BIN IIN, БСН, БСН ЖСН, БИН, БИН ИИН, ИИН БИН, business identification number",
        name="shop name, store name, title, атауы, дүкен атауы, дүкеннің атауы, название, название магазина,"
        "наименование, наименование магазина",
        kato=_KATO,
        address="street address, мекенжайы, мекенжай, дүкен мекенжайы, адрес, адрес магазина",
        opened_on="opened, open since, joined on, ашылған күні, қатыса бастаған күні, дата открытия,"
        "дата начала участия, открыт, открыт с",
        loan="has loan, working capital, қарыз, қарызы бар, айналым қаражаты, заём, займ, есть заём, оборотные средства",
        loan_contract="contract, loan contract number, қарыз шарты, шарт нөмірі, қарыз шартының нөмірі, договор,"
        "договор займа, номер договора",
        loan_until="loan end, loan ends on, қарыз мерзімі, қарыздың соңғы күні, срок займа, займ до, заём до",
    ),
    optional=frozenset({"address", "loan", "loan_contract", "loan_until"}),
)
ARTICLE_COLUMNS = ColumnSet(
    "articles",
    _accepted(
        gtin=_GTIN,
        name="article, article name, goods, product, product name, атауы, тауар, тауар атауы, тауардың атауы,"
        "название, наименование, наименование товара, товар",
        position=_POSITION,
        measure="unit, unit of measure, өлшем бірлігі, бірлігі, өлшемі, единица, единица измерения, ед, ед изм",
    ),
)
PRICE_COLUMNS = ColumnSet(
    "prices",
    _accepted(
        shop_id=_SHOP,
        gtin=_GTIN,
        purchase_price="price, cost, бағасы, баға, сатып алу бағасы, цена, закупочная цена, цена закупки, закуп",
        source="origin, supplier, көзі, тауар көзі, жеткізуші, источник, источник товара, поставщик",
        valid_from=_FROM,
    ),
)
MARKET_COLUMNS = ColumnSet(
    "market",
    _accepted(
        position=_POSITION,
        kato=_KATO,
        market_price="price, retail price, бағасы, баға, нарық бағасы, нарықтық баға, бөлшек баға, цена,"
        "рыночная цена, розничная цена",
        valid_from=_FROM,
    ),
)
RECEIPT_COLUMNS = ColumnSet(
    "receipts",
    _accepted(
        receipt="receipt number, чек, номер чека, чек нөмірі, № чека",
        drawn="amount, paid by voucher, sum, сумма, сумма ваучера, оплачено ваучером, сома, ваучер төлегені",
    ),
)


_KAZAKH_LETTERS = re.compile(r"[әғқңөұүһі]")
_KAZAKH_WITHOUT = {"аты", "ат", "жсн", "тек", "отбасы", "отбасы коды"}
_OF_BOTH = {"като", "код", "статус"}


def heading_languages(headings: Sequence[str]) -> tuple[str, ...]:
    """The languages of headings: kk, ru, en, as many as there are. Our own names of the columns are English."""
    found = set()
    for part in (plain_heading(part) for heading in headings for part in re.split(r"[/|\n]", heading)):
        if re.search(r"[a-z]", part):
            found.add("en")
        elif _KAZAKH_LETTERS.search(part) or part in _KAZAKH_WITHOUT:
            found.add("kk")
        elif part and part not in _OF_BOTH:
            found.add("ru")
    return tuple(language for language in ("kk", "ru", "en") if language in found)
