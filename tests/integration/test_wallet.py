"""The wallet over HTTP: who sees what when, what a GET does not do, what a page tells nobody."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.trade.shop import Shop
from infra.parts.counter.shop_window import ShopWindow
from infra.web.assets import FOLDER, Assets
from infra.web.guesses import Guesses
from infra.web.pages import HEADERS
from infra.web.words import _WORDS, WORDS
from tests.integration.wallet_in_process import MILK, RICE, SUGAR, Site, a_site

pytestmark = pytest.mark.views_ready

KK, RU, EN = ({"Accept-Language": one} for one in ("kk", "ru", "en"))
OPENED = "voucher.activated"


@pytest.fixture
def site(database: str, tmp_path: Path) -> Iterator[Site]:
    with a_site(database, tmp_path) as site:
        yield site


@pytest.fixture
def client(site: Site) -> TestClient:
    return TestClient(site.app, follow_redirects=False, raise_server_exceptions=False)


def shown(answer: Any, status: int = 200) -> str:
    """The page's text, once it has the headers every page must have."""
    assert answer.status_code == status
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    text: str = answer.text
    assert "<script>" not in text
    assert "style=" not in text
    assert not re.search(r'\son\w+="', text)
    return re.sub(r"[\s\u00a0]+", " ", text)


# --- opening --------------------------------------------------------------------------------------------


def test_R7_R23_looking_at_the_link_opens_nothing(site: Site, client: TestClient) -> None:
    for ask in (client.get, client.head, client.options):
        for page in ("", "/full", "/code", "/qr.svg"):
            assert ask(site.path + page).status_code < 500
    client.get(site.path, headers={"User-Agent": "WhatsApp/2.2 A", "Sec-Purpose": "prefetch;prerender"})
    assert OPENED not in site.topics()


def test_R7_R23_the_page_opens_the_voucher_by_a_post_of_its_own(site: Site, client: TestClient) -> None:
    text = shown(client.get(site.path, headers=EN))
    assert "Your voucher is ready" in text
    assert f'hx-post="{site.path}/open" hx-trigger="load"' in text
    answer = client.post(site.path + "/open", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (200, "true")
    (event,) = [topic for topic in site.topics() if topic == OPENED]
    again = client.post(site.path + "/open?lang=ru")
    assert (again.status_code, again.headers["Location"]) == (303, f"{site.path}?lang=ru")
    assert site.topics().count(event) == 1


def test_a_page_that_is_only_prefetched_waits_for_the_button(site: Site, client: TestClient) -> None:
    text = shown(client.get(site.path, headers={**EN, "Sec-Purpose": "prefetch;prerender"}))
    assert "hx-trigger" not in text
    assert "Open my voucher" in text


def test_R7_before_its_first_day_a_voucher_can_not_be_opened(database: str, tmp_path: Path) -> None:
    with a_site(database, tmp_path) as site:
        client = TestClient(site.app, follow_redirects=False)
        site.month.at(4)
        text = shown(client.get(site.path, headers=EN))
        assert "The voucher can be used from 05.07.2025" in text
        assert "/open" not in text
        assert client.post(site.path + "/open").status_code == 303
        assert OPENED not in site.topics()


def test_R7_it_can_be_opened_to_the_last_minute_of_the_month_and_not_after(
    site: Site, client: TestClient
) -> None:
    site.month.at(31, 23)
    site.month.clock.now += timedelta(minutes=59, seconds=59)
    client.post(site.path + "/open")
    assert OPENED in site.topics()
    site.month.clock.now += timedelta(seconds=1)
    assert "The voucher has ended" in shown(client.get(site.path, headers=EN), 410)


def test_R8_the_link_ends_with_the_voucher_and_then_shows_nothing_of_the_family(
    site: Site, client: TestClient
) -> None:
    site.activate()
    site.buy((RICE, "2"))
    site.month.clock.now = site.month.clock.now.replace(month=8, day=1)
    for page in ("", "/full"):
        answer = client.get(site.path + page, headers=RU, follow_redirects=True)
        text = shown(answer, 410)
        assert "Срок ваучера закончился" in text
        assert "июль 2025 года" in text
        assert not any(person.given_name in text for person in site.household.people)
        assert "11 " not in text
    assert shown(client.get(site.path + "/qr.svg"), 410)
    client.post(site.path + "/open")
    assert client.post(site.path + "/ratings", content="redemption=x&stars=5").status_code == 410
    site.month.day(31)  # expiry
    assert "Срок ваучера закончился" in shown(client.get(site.path, headers=RU), 410)


def test_R21_after_a_withdrawal_the_link_ends_too(site: Site, client: TestClient) -> None:
    site.activate()
    site.month.reply(site.household.phone, "21*2", "m-2")
    text = shown(client.get(site.path, headers=EN), 410)
    assert "You withdrew your consent" in text
    assert client.get(site.path + "/code?seen=1").headers["HX-Refresh"] == "true"


def test_O5_2_without_consent_there_is_no_wallet(site: Site, client: TestClient) -> None:
    other = site.silent
    stream = site.month.stream(other).hex
    token = site.month.azyq.vault.wallet_tokens([stream])[stream]
    assert "There is no such link" in shown(client.get(f"/w/{token}", headers=EN), 404)
    assert client.post(f"/w/{token}/open").status_code == 404
    assert OPENED not in site.month.topics(other)


# --- what is shown ----------------------------------------------------------------------------------------


def test_R5_R26_the_sums_left_by_member_and_in_all(site: Site, client: TestClient) -> None:
    site.activate()
    site.buy((RICE, "2"), (MILK, "0.5"))
    text = shown(client.get(site.path, headers=RU))
    assert "11 628,50 тг" in text
    assert "из 11 796 тг" in text
    names = [person.given_name for person in site.household.people]
    assert [name for name in names if name in text] == names
    assert text.count("3 932 тг</b>") == 2
    assert "3 764,50 тг" in text


def test_only_the_given_name_is_shown(site: Site, client: TestClient) -> None:
    site.activate()
    text = client.get(site.path).text
    for person in site.household.people:
        for secret in (person.iin, person.surname, person.birth_date):
            assert secret not in text
    assert str(site.household.phone) not in text
    assert site.household.reference not in text


def test_R28_the_history_has_what_was_bought_returned_held_and_called_off(
    site: Site, client: TestClient
) -> None:
    site.activate()
    site.month.at(10, 17)
    bought = site.buy((RICE, "2"), (MILK, "0.5"))
    site.month.at(11, 9)
    site.bring_back(bought, (0, "1"))
    site.month.at(12, 10)
    site.buy((SUGAR, "3"), capture=False, shop="S002")
    text = shown(client.get(site.path, headers=EN))
    history = text[text.index('id="history"') :]
    assert history.index("12.07.2025, 10:00") < history.index("10.07.2025, 17:00")
    assert "Polished rice, round grain, loose, 2 kg <em>(returned: 1 kg)</em>" in history
    assert "27.50 KZT" in history
    assert "<b>167.50 KZT</b>" in history
    assert "Goods returned, 11.07.2025, 09:00</span> <b>+70 KZT</b>" in history
    assert "219 KZT held until 12.07.2025, 10:15" in history
    assert "Магазин «Достык»" in history
    family = site.family()
    held = next(r for r in family.redemptions.values() if r.status == "held")
    family.void(site.month.month, redemption=held.id, key="v", reason="timed_out", at=site.month.clock())
    site.month.azyq.log.save(family)
    assert "The purchase came to nothing" in shown(client.get(site.path, headers=EN))


def test_R28_a_long_history_is_folded(site: Site, client: TestClient) -> None:
    site.activate()
    for _ in range(7):
        site.buy((RICE, "1"))
    text = shown(client.get(site.path, headers=EN))
    assert "Earlier purchases (2)" in text
    assert text.count('class="purchase"') == 7


def test_R2_3_R6_the_goods_list_of_the_day(site: Site, client: TestClient) -> None:
    site.activate()
    text = shown(client.get(site.path, headers=EN))
    assert "Wheat flour, first grade" in text
    assert "The list of goods (19)" in text
    assert "without its mark-up" in text


def test_R2_7_R13_where_to_buy_and_at_what_price(site: Site, client: TestClient) -> None:
    site.activate()
    text = shown(client.get(site.path, headers=RU))
    assert "Магазин «Достык»</a> <span>г. Акколь, ул. Бегельдинова, 5" in text
    assert "«Береке» дүкені" in text
    assert "Алыстағы" not in text
    assert "от 405 тг / кг" in text  # rice, at the cheaper of the two
    assert "от 432 тг / шт." in text  # sugar is sold by the piece there
    assert f"/w/{site.token}/shops/S002" in text
    prices = shown(client.get(site.path + "/shops/S002", headers=RU))
    assert "Күріш «Ақмаржан»</span> <span>405 тг / кг" in prices
    assert client.get(site.path + "/shops/FAR").headers["Location"] == site.path
    assert client.get(site.path + "/shops/nowhere").status_code == 303


def test_R2_7_a_shop_that_closed_is_not_named_a_minute_later(site: Site) -> None:
    window = ShopWindow(site.month.azyq, seconds=lambda: now[0])
    now, family = [0.0], site.family()
    assert sorted(shop.id for shop in window.shops(family)) == ["S001", "S002"]
    shop = site.month.azyq.log.load([Shop.create_id("S002")])[Shop.create_id("S002")]
    shop.close("repairs", site.month.clock())
    site.month.azyq.log.save(shop)
    site.month.azyq.catch_up_views()
    assert len(window.shops(family)) == 2
    now[0] = 61.0
    assert [shop.id for shop in window.shops(family)] == ["S001"]
    assert window.cheapest(family)[5].price_tiyn == 45_000


def test_a_page_is_there_before_the_views_are(site: Site, client: TestClient) -> None:
    site.activate()
    with psycopg2.connect(site.month.azyq.dsn) as connection, connection.cursor() as cursor:
        cursor.execute("DROP VIEW IF EXISTS azyq_views.shops")
    assert "Where to buy" not in shown(client.get(site.path, headers=EN))


def test_R30_complaints_go_to_the_oblast_akimat_through_e_otinish(site: Site, client: TestClient) -> None:
    site.activate()
    text = shown(client.get(site.path, headers=KK))
    assert "Ақмола облысының әкімдігі" in text
    assert 'href="https://eotinish.kz" rel="noopener noreferrer external"' in text


def test_a_voucher_that_is_spent_shows_no_code(site: Site, client: TestClient) -> None:
    site.activate()
    family = site.family()
    for voucher in family.vouchers.values():
        assert voucher.available_tiyn
    while site.family().available_tiyn >= 73_000:
        site.buy((SUGAR, "10"))
    left = site.family().available_tiyn
    site.buy((MILK, format(left / 5_500, ".3f")))
    rest = site.family().available_tiyn
    if rest:
        pytest.fail(f"{rest} tiyn are left")
    text = shown(client.get(site.path, headers=EN))
    assert "has been spent in full" in text
    assert "<svg" not in text
    assert client.get(site.path + "/full").headers["Location"] == site.path
    shown(client.get(site.path + "/qr.svg"), 404)


# --- the code -----------------------------------------------------------------------------------------------


def test_R25_the_renewed_code_is_a_fragment_that_verifies(site: Site, client: TestClient) -> None:
    site.activate()
    renewal = re.findall(r'hx-get="([^"]+)"', client.get(site.path + "?lang=en").text)[0].replace(
        "&amp;", "&"
    )
    assert "lang=en" in renewal
    site.month.clock.now += timedelta(seconds=30)
    text = shown(client.get(renewal))
    assert not text.startswith("<!doctype")
    (code,) = re.findall(r'id="code-text" hx-swap-oob="true">(.*?)</code>', text)
    read = site.month.azyq.qr_keys.read(code.replace("&#39;", "'"), site.month.clock())
    assert read.code.stream == site.month.stream(site.household)
    assert read.code.issued_at == site.month.clock()
    assert "valid until 12:02:00" in text


def test_R26_a_purchase_makes_the_renewal_reload_the_page(site: Site, client: TestClient) -> None:
    site.activate()
    renewal = re.findall(r'hx-get="([^"]+)"', client.get(site.path).text)[0]
    site.buy((RICE, "1"))
    assert client.get(renewal).headers["HX-Refresh"] == "true"


def test_R2_23_the_code_as_a_picture_alone(site: Site, client: TestClient) -> None:
    site.activate()
    answer = client.get(site.path + "/qr.svg")
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.content.startswith(b"<svg ")


def test_the_public_keys_are_published_with_an_etag(site: Site, client: TestClient) -> None:
    answer = client.get("/v1/qr-keys")
    assert answer.headers["Content-Type"] == "application/jwk-set+json"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    (key,) = answer.json()["keys"]
    assert key["kid"] == site.month.azyq.qr_keys.key_id.hex()
    assert "d" not in key
    for known in (answer.headers["ETag"], f'"x", W/{answer.headers["ETag"]}', "*"):
        again = client.get("/v1/qr-keys", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
    assert client.get("/v1/qr-keys", headers={"If-None-Match": '"x"'}).status_code == 200
    assert "/v1/qr-keys" in client.get("/openapi.json").json()["paths"]


# --- rating -------------------------------------------------------------------------------------------------


def rate(client: TestClient, site: Site, body: str | bytes, **headers: str) -> Any:
    return client.post(
        site.path + "/ratings?lang=en",
        content=body,
        headers={"Content-Type": "application/x-www-form-urlencoded", **headers},
    )


def test_R30_a_purchase_is_rated_once_and_the_rating_can_be_changed(site: Site, client: TestClient) -> None:
    site.activate()
    bought = site.buy((RICE, "2"))
    answer = rate(client, site, f"redemption={bought.id}&stars=4")
    assert answer.headers["Location"] == f"{site.path}?lang=en#p-{bought.id}"
    assert "Your rating: 4 of 5" in shown(client.get(site.path, headers=EN))
    rate(client, site, f"redemption={bought.id}&stars=4")
    rate(client, site, f"redemption={bought.id}&stars=2")
    assert site.topics().count("family.rated") == 2
    assert site.family().ratings == {bought.id: 2}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "stars=5",
        "redemption={id}",
        "redemption={id}&stars=0",
        "redemption={id}&stars=6",
        "redemption={id}&stars=５",
        "redemption={id}&stars=²",
        "redemption={id}&stars=true",
        "redemption={id}&stars=5&stars=1",
        "redemption=00&stars=5",
        "redemption=%00&stars=5",
        "redemption={id}&stars=5&" + "x" * 10_000,
        "&".join("a=1" for _ in range(100)),
        '{"redemption": "x", "stars": 5}',
        b"\xff\xfe",
    ],
)
def test_R30_a_rating_that_can_not_be_is_refused_on_the_page(
    site: Site, client: TestClient, body: str | bytes
) -> None:
    site.activate()
    bought = site.buy((RICE, "2"))
    text = body.replace("{id}", bought.id).encode() if isinstance(body, str) else body
    answer = rate(client, site, text)
    assert 'role="alert">Not done:' in shown(answer, 422)
    assert site.family().ratings == {}


# --- who does not get in ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["a" * 16, "x", "A" * 5000, "%00", "..%2f..", "' OR 1=1--", "１" * 16])
def test_a_link_that_was_never_given_is_a_plain_page_in_three_languages(
    client: TestClient, token: str
) -> None:
    answer = client.get(f"/w/{token}", headers=RU)
    if answer.headers["Content-Type"].startswith("application/problem"):
        assert answer.status_code == 404  # more than one part: no address of ours
        return
    text = shown(answer, 404)
    assert (
        text.index("Такой ссылки нет")
        < text.index("Мұндай сілтеме жоқ")
        < text.index("There is no such link")
    )
    assert client.post(f"/w/{token}/open").status_code == 404


def test_whoever_comes_without_a_link_is_told_where_it_is(client: TestClient) -> None:
    text = shown(client.get("/", headers=EN), 200)
    assert text.index("Food vouchers") < text.index("Азық-түлік ваучерлері") < text.index("Продовольственные")
    assert 'href="/till?lang=kk"' in text
    assert client.head("/").status_code == 200


def test_whoever_guesses_has_to_wait(site: Site, client: TestClient) -> None:
    for number in range(30):
        assert client.get(f"/w/{number:016}").status_code == 404
    for path in ("/w/0000000000000099", "/w/x"):
        answer = client.get(path)
        assert "Too many attempts" in shown(answer, 429)
        assert answer.headers["Retry-After"] == "60"
    # Phones share addresses: who has a link is not made to wait for a guesser beside him.
    assert client.get(site.path).status_code == 200


def test_guesses_are_counted_by_address_and_forgotten_after_a_minute() -> None:
    now = [0.0]
    guesses = Guesses(misses=2, seconds=60, clock=lambda: now[0])
    guesses.missed("a")
    assert not guesses.too_many("a")
    guesses.missed("a")
    assert guesses.too_many("a")
    assert not guesses.too_many("b")
    now[0] = 61.0
    assert not guesses.too_many("a")
    guesses.missed("a")
    assert not guesses.too_many("a")
    for number in range(20_000):
        guesses.missed(str(number))
    assert len(guesses._since) <= 10_000


def test_R32_R33_a_database_that_does_not_answer_is_a_page_too(
    site: Site, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.activate()

    def gone(*_: Any) -> Any:
        raise psycopg2.OperationalError("host=secret")

    monkeypatch.setattr(site.month.azyq.log, "load", gone)
    answer = client.get(site.path, headers=EN)
    text = shown(answer, 503)
    assert "Reload the page in a few seconds" in text
    assert "secret" not in text
    assert answer.headers["Retry-After"] == "5"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=30), st.text(max_size=60))
def test_no_text_in_the_address_gets_into_a_page_as_it_is(
    site: Site, client: TestClient, language: str, seen: str
) -> None:
    answer = client.get(site.path, params={"lang": "<script>" + language, "x": seen})
    assert "<script>" not in answer.text
    assert client.get(site.path + "/code", params={"seen": seen}).status_code == 200


def test_names_are_escaped() -> None:
    from infra.web.pages import Pages

    pages = Pages(Assets())
    assert pages._environment.autoescape is True


# --- files and words -------------------------------------------------------------------------------------------


def test_files_are_served_packed_for_a_year_under_names_of_their_content(client: TestClient) -> None:
    assets = Assets()
    for name in ("htmx.min.js", "wallet.css", "icon.svg"):
        asset = assets[name]
        answer = client.get(asset.url)
        assert answer.content == (FOLDER / name).read_bytes()
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        plain = client.get(asset.url, headers={"Accept-Encoding": "identity"})
        assert (plain.content, plain.headers.get("Content-Encoding")) == (answer.content, None)
    assert client.get("/static/wallet.css").status_code == 404
    assert client.get("/static/..%2fpages.py").status_code == 404


def test_what_is_not_ours_is_as_it_was_published_and_with_its_licence() -> None:
    vendored = json.loads((FOLDER / "vendored.json").read_text())
    for name, about in vendored.items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == about["sha256"]
        assert (FOLDER / about["licence_file"]).read_text().strip()
    scripts = {path.name for path in FOLDER.iterdir() if path.suffix in (".js", ".wasm")}
    assert {name for name in scripts if not name.startswith(("till", "analytics", "office"))} == set(vendored)


def test_every_word_is_there_in_three_languages_with_the_same_placeholders() -> None:
    for key, texts in _WORDS.items():
        assert len(set(texts)) >= 2 or key in ("voucher", "skip"), key
        assert len({frozenset(re.findall(r"\{\w+\}", text)) for text in texts}) == 1, key


@pytest.mark.parametrize(
    ("tiyn", "kk", "en"),
    [
        (0, "0 тг", "0 KZT"),
        (5, "0,05 тг", "0.05 KZT"),
        (393_200, "3 932 тг", "3 932 KZT"),
        (123_456_789, "1 234 567,89 тг", "1 234 567.89 KZT"),
        (-100, "−1 тг", "−1 KZT"),
    ],
)
def test_sums_are_written_for_people(tiyn: int, kk: str, en: str) -> None:
    assert WORDS["kk"].money(tiyn).replace("\u00a0", " ") == kk
    assert WORDS["en"].money(tiyn).replace("\u00a0", " ") == en
