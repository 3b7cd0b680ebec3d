"""The analysts' pages as assistive technology walks them: landmarks, headings, names (ARIA's rules of landmark regions)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from tests.browser.analytics_site import AnalyticsSite, analytics_site
from tests.conftest import new_database
from tests.integration.test_analytics import MONTH, asking

_VOID = {"meta", "link", "input", "br", "hr", "img", "rect", "path", "line", "circle", "col", "wbr"}
_LANDMARKS = {"header", "main", "nav", "footer"}


class Walk(HTMLParser):
    """What stands where on a page; `wrong` is what the rules are against."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.found: Counter[str] = Counter()
        self.names: dict[str, list[str]] = {"nav": [], "region": [], "form": []}
        self.labelled_by: list[tuple[str, str]] = []
        self.ids: Counter[str] = Counter()
        self.levels: list[int] = []
        self.wrong: list[str] = []
        self.feed(text)
        self.close()
        self._finish()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if one := told.get("id"):
            self.ids[one] += 1
        if tag in _LANDMARKS:
            self.found[tag] += 1
            inside = [name for name, _ in self.open]
            if tag in ("main", "footer") and set(inside) & _LANDMARKS:
                self.wrong.append(f"<{tag}> within another landmark")
        kind = {"nav": "nav", "section": "region", "form": "form"}.get(tag)
        if kind and (label := told.get("aria-label")):
            self.names[kind].append(label)
        elif kind and (by := told.get("aria-labelledby")):
            self.labelled_by.append((kind, by))
        elif tag == "nav":
            self.wrong.append("a <nav> without a name")
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.levels.append(int(tag[1]))
        if tag not in _VOID:
            self.open.append((tag, told))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in [name for name, _ in self.open]:
            while self.open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        inside = [tag for tag, _ in self.open]
        if not data.strip() or "body" not in inside or {"script", "style"} & set(inside):
            return
        skip = any(told.get("class") == "skip" for _, told in self.open)
        if not skip and not set(inside) & _LANDMARKS:
            self.wrong.append(f"outside of every landmark: {data.strip()[:40]}")

    def _finish(self) -> None:
        if (self.found["main"], self.found["header"]) != (1, 1):
            self.wrong.append(f"landmarks: {dict(self.found)}")
        if self.levels.count(1) != 1:
            self.wrong.append(f"headings of the first level: {self.levels.count(1)}")
        deep = 0
        for level in self.levels:
            if level > deep + 1:
                self.wrong.append(f"a heading of level {level} after one of level {deep}")
            deep = level
        for kind, by in self.labelled_by:
            if not self.ids[by]:
                self.wrong.append(f"named by #{by}, which is not there")
            self.names[kind].append(f"#{by}")
        for kind, names in self.names.items():
            self.wrong += [f"two of {kind} are named {one}" for one, n in Counter(names).items() if n > 1]
        self.wrong += [f"two elements #{one}" for one, n in self.ids.items() if n > 1]


@pytest.fixture(scope="module")
def site(
    postgres_dsn: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AnalyticsSite]:
    with (
        new_database(postgres_dsn, migrated_template) as dsn,
        analytics_site(dsn, tmp_path_factory.mktemp("landmarks"), 30) as site,
    ):
        yield site


@pytest.mark.parametrize(
    "address",
    [
        f"/analytics?{MONTH}",
        f"/analytics?{MONTH}&region=11",
        f"/analytics?{MONTH}&compare=2025-07-10&on=2025-07-20",
        "/analytics?month=2026-03",  # nothing happened
        f"/analytics/rows/goods/articles?{MONTH}&limit=4&page=2",
        f"/analytics/rows/month/regions?{MONTH}&compare=0",
        f"/analytics/rows/appeals/ratings?{MONTH}",
        f"/analytics/rows/month/regions?{MONTH}&sort=iin",
        "/analytics/sign-in",
    ],
)
@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_each_page_is_walked_by_its_landmarks(site: AnalyticsSite, address: str, language: str) -> None:
    told = asking(site).get(address, headers={"Accept-Language": language})
    assert Walk(told.text).wrong == []


@pytest.mark.parametrize(
    ("was", "becomes", "wrong"),
    [
        ("<main ", "<main></main><main ", "landmarks"),
        ("</main>", "</main><p>x</p>", "outside of every landmark"),
        ("<h1", "<h3>x</h3><h1", "a heading of level 3"),
        ('<nav aria-label="', '<nav data-label="', "a <nav> without a name"),
        ("</header>", '<nav aria-label="Language"></nav></header>', "two of nav are named"),
    ],
)
def test_the_walk_sees_what_is_wrong(site: AnalyticsSite, was: str, becomes: str, wrong: str) -> None:
    text = asking(site).get(f"/analytics?{MONTH}&lang=en").text
    assert was in text
    assert any(one.startswith(wrong) for one in Walk(text.replace(was, becomes, 1)).wrong)
