"""Lists at the office in a real Chromium: dragged in, looked on, approved by another, with and without scripts."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from domain.office import APPROVER, CLERK
from infra.parts.api import Replies
from infra.parts.http_face import create_app
from infra.parts.office.list_work import ListWork, work_at_lists
from infra.parts.office.lists import OfficeLists
from infra.parts.office.reading import Office
from infra.parts.staff import enrol_staff
from infra.web.office.lists_words import LIST_WORDS
from tests.browser.fixtures import NewPage
from tests.integration.month_in_process import Month, Town, a_month, as_csv
from tests.integration.wallet_in_process import served

DESK = {"width": 1280, "height": 900}
DROP = """(zone, [name, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name, { type: "text/csv" }));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    zone.dispatchEvent(new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
  }
}"""


class Site:
    """The office of a month, and what works at its lists."""

    def __init__(self, month: Month, address: str) -> None:
        self.month = month
        self.address = address
        self._town = Town(8)

    def files(self, families: int, spoiled: int = 0) -> tuple[bytes, bytes]:
        households = [*self._town.households(families), self._town.household(phone=False)]
        rows = self.month.rows(households)
        for row in rows[:spoiled]:
            row[1] = "123"
        numbers = [[h.people[0].iin, str(h.phone)] for h in households if h.phone]
        return as_csv(rows).encode(), as_csv(numbers, "iin,phone").encode()

    def enter(self, page: Page, staff: str, language: str = "kk") -> Page:
        page.goto(f"{self.address}/office/sign-in?lang={language}")
        page.locator("select[name=staff]").select_option(staff)
        page.locator("form[action*=chosen] button").click()
        page.goto(f"{self.address}/office/lists?lang={language}")
        return page


@pytest.fixture
def site(database: str, tmp_path: Path) -> Iterator[Site]:
    with a_month(database, tmp_path) as month:
        azyq = month.azyq
        azyq.view_store.prepare(azyq.views)
        for staff, role in (("k.clerk", CLERK), ("k.approver", APPROVER)):
            enrol_staff(azyq).enrol(staff, "", (role,), month.clock())
        azyq.catch_up_views()
        office = Office(azyq)
        app = create_app(Replies(azyq, lambda: None), office=office, lists=OfficeLists(azyq))
        worker = threading.Thread(target=work_at_lists, args=(azyq, azyq.stopping))
        worker.start()
        try:
            with served(app) as address:
                yield Site(month, address)
        finally:
            azyq.stopping.set()
            azyq.lists_wait.set()
            worker.join(60)
            office.close()


def drop(page: Page, field: str, content: bytes) -> None:
    zone = page.locator(".drop", has=page.locator(f"#{field}"))
    zone.evaluate(DROP, [f"{field}.csv", base64.b64encode(content).decode()])
    expect(page.locator(f"#{field}")).to_have_js_property("files.length", 1)


@pytest.mark.parametrize(
    ("language", "size"), [("kk", DESK), ("ru", {"width": 360, "height": 740}), ("en", DESK)]
)
def test_R14_a_list_is_dragged_in_and_approved_by_another(
    site: Site, new_page: NewPage, tmp_path: Path, language: str, size: dict[str, int]
) -> None:
    said = {key: texts[("kk", "ru", "en").index(language)] for key, texts in LIST_WORDS.items()}
    content, numbers = site.files(60, spoiled=2)
    clerk = site.enter(new_page(viewport=size), "k.clerk", language)
    drop(clerk, "list", content)
    drop(clerk, "numbers", numbers)
    clerk.screenshot(path=tmp_path / "bring.png", full_page=True)
    clerk.get_by_role("button", name=said["send"]).click()
    expect(clerk.get_by_role("heading", name=said["stage_waiting"])).to_be_visible(timeout=30_000)
    expect(clerk.get_by_text(said["other_person"])).to_be_visible()
    expect(clerk.get_by_role("button", name=said["approve"])).to_have_count(0)
    clerk.screenshot(path=tmp_path / "waiting.png", full_page=True)
    assert clerk.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    for which, rows in (("rejects", 2), ("no_number", 1)):
        with clerk.expect_download() as coming:
            clerk.get_by_role("link", name=said[f"download_{which}"].partition(",")[0]).click()
        downloaded = Path(coming.value.path()).read_text("utf-8-sig").splitlines()
        assert len(downloaded) == rows + 1

    approver = site.enter(new_page(viewport=size), "k.approver", language)
    approver.screenshot(path=tmp_path / "lists.png", full_page=True)
    approver.get_by_role("table").get_by_role("link").first.click()
    approver.screenshot(path=tmp_path / "to-approve.png", full_page=True)
    approver.get_by_role("button", name=said["approve"]).click()
    expect(approver.get_by_role("heading", name=said["stage_taken_in"], exact=True)).to_be_visible(
        timeout=30_000
    )
    approver.screenshot(path=tmp_path / "in.png", full_page=True)
    wide = approver.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    assert site.month.counted()["family.eligible"] == 60


def test_R14_without_scripts_a_plain_form_and_a_page_that_refreshes_itself(
    site: Site, new_page: NewPage, tmp_path: Path
) -> None:
    content, numbers = site.files(20)
    path, numbers_path = tmp_path / "list.csv", tmp_path / "numbers.csv"
    path.write_bytes(content)
    numbers_path.write_bytes(numbers)
    clerk = site.enter(new_page(java_script_enabled=False), "k.clerk", "en")
    clerk.locator("#list").set_input_files(path)
    clerk.locator("#numbers").set_input_files(numbers_path)
    clerk.get_by_role("button", name="Bring in and check").click()
    expect(clerk.get_by_role("heading", name="Waits for approval")).to_be_visible(timeout=30_000)


def test_R14_what_is_no_list_is_said_where_one_looks(site: Site, new_page: NewPage, tmp_path: Path) -> None:
    clerk = site.enter(new_page(), "k.clerk", "en")
    drop(clerk, "list", b"MZ\x90\x00" + bytes(2000))
    clerk.get_by_role("button", name="Bring in and check").click()
    expect(clerk.get_by_role("heading", name="Refused: the file won't do")).to_be_visible(timeout=30_000)
    clerk.screenshot(path=tmp_path / "refused.png", full_page=True)
    clerk.get_by_role("link", name="To all lists").click()
    drop(clerk, "list", site.files(3)[0])
    clerk.get_by_role("button", name="Bring in and check").click()
    expect(clerk.get_by_role("heading", name="Waits for approval")).to_be_visible(timeout=30_000)
    clerk.goto(f"{site.address}/office/lists?lang=en")
    expect(clerk.get_by_text("Another list of July 2025 waits for a decision")).to_be_visible()
    expect(clerk.locator("form.bring")).to_have_count(0)


def test_R14_a_line_that_breaks_is_told_and_the_form_can_be_sent_again(site: Site, new_page: NewPage) -> None:
    clerk = site.enter(new_page(may_say="Failed to load|ERR_"), "k.clerk", "en")
    drop(clerk, "list", site.files(3)[0])
    clerk.route("**/office/lists?*", lambda route: route.abort("connectionreset"))
    clerk.get_by_role("button", name="Bring in and check").click()
    expect(clerk.get_by_role("status")).to_have_text(LIST_WORDS["broke_off"][2])
    clerk.unroute("**/office/lists?*")
    clerk.get_by_role("button", name="Bring in and check").click()
    expect(clerk.get_by_role("heading", name="Waits for approval")).to_be_visible(timeout=30_000)


def test_R14_a_refused_decision_is_not_sent_again_when_the_list_is_in(
    site: Site, new_page: NewPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = site.enter(new_page(), "k.clerk", "en")
    drop(clerk, "list", site.files(30)[0])
    clerk.get_by_role("button", name="Bring in and check").click()
    expect(clerk.get_by_role("heading", name="Waits for approval")).to_be_visible(timeout=30_000)
    first = site.enter(new_page(), "k.approver", "en")
    late = site.enter(new_page(may_say="422"), "k.approver", "en")
    for page in (first, late):
        page.get_by_role("table").get_by_role("link").first.click()
        expect(page.get_by_role("button", name="Approve")).to_be_visible()
    posts: list[str] = []
    late.on("request", lambda asked: posts.append(asked.url) if asked.method == "POST" else None)
    works = ListWork.round
    monkeypatch.setattr(ListWork, "round", lambda self: None)  # under way until both have decided
    first.get_by_role("button", name="Approve").click()
    expect(first.get_by_role("heading", name="Approved, being taken in")).to_be_visible()
    late.get_by_role("button", name="Approve").click()
    expect(late.get_by_role("alert")).to_contain_text("decided on already")
    late.reload()
    expect(late.get_by_role("alert")).to_have_count(0)
    monkeypatch.setattr(ListWork, "round", works)
    site.month.azyq.lists_wait.set()
    expect(late.get_by_role("heading", name="Taken in", exact=True)).to_be_visible(timeout=30_000)
    expect(late.get_by_role("alert")).to_have_count(0)
    assert len(posts) == 1
    assert "/approve" not in late.url


def drag(page: Page, paths: list[Path], onto: str) -> None:
    """Files of the machine dragged from outside the browser, as a person does."""
    box = page.locator(onto).bounding_box()
    assert box is not None
    session = page.context.new_cdp_session(page)
    where = {"x": box["x"] + 20, "y": box["y"] + min(20, box["height"] / 2)}
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, **where, "data": data})


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_R14_what_is_dropped_beside_or_by_twos_or_is_a_folder_is_told(
    site: Site, new_page: NewPage, tmp_path: Path, language: str
) -> None:
    said = {key: texts[("kk", "ru", "en").index(language)] for key, texts in LIST_WORDS.items()}
    content, numbers = site.files(2)
    (tmp_path / "list.csv").write_bytes(content)
    (tmp_path / "numbers.csv").write_bytes(numbers)
    (tmp_path / "folder").mkdir()
    files = [tmp_path / "list.csv", tmp_path / "numbers.csv"]
    clerk = site.enter(new_page(viewport=DESK), "k.clerk", language)
    here, zone, other = clerk.url, ".drop:has(#list)", ".drop:has(#numbers)"
    chosen = clerk.locator("#list")
    drag(clerk, files, zone)
    expect(clerk.locator(zone).get_by_role("alert")).to_have_text(said["one_file"])
    drag(clerk, [tmp_path / "folder"], zone)
    expect(clerk.locator(zone).get_by_role("alert")).to_have_text(said["a_folder"])
    expect(chosen).to_have_js_property("files.length", 0)
    clerk.screenshot(path=tmp_path / "folder.png", full_page=True)
    drag(clerk, files[:1], "h1")
    expect(chosen).to_have_js_property("files.length", 1)
    expect(clerk.locator(zone).get_by_role("alert")).to_be_hidden()
    drag(clerk, files[1:], "h1")
    expect(clerk.locator(zone).get_by_role("alert")).to_have_text(said["which_field"])
    drag(clerk, files[1:], other)
    expect(clerk.locator("#numbers")).to_have_js_property("files.length", 1)
    assert chosen.evaluate("one => one.files[0].name") == "list.csv"
    assert clerk.url == here
    clerk.get_by_role("button", name=said["send"]).click()
    expect(clerk.get_by_role("heading", name=said["stage_waiting"])).to_be_visible(timeout=30_000)
    here = clerk.url
    drag(clerk, files[:1], "h1")
    assert clerk.url == here
    assert clerk.locator("h1").is_visible()


def test_R14_a_session_that_ends_beside_a_filled_form_leaves_it_filled(site: Site, new_page: NewPage) -> None:
    clerk = site.enter(new_page(viewport=DESK), "k.clerk", "en")
    drop(clerk, "list", site.files(2)[0])
    clerk.context.clear_cookies()
    clerk.get_by_role("button", name="Bring in and check").click()
    expect(clerk.get_by_role("status")).to_contain_text(LIST_WORDS["signed_out_form"][2])
    with clerk.context.expect_page() as opened:
        clerk.get_by_role("status").get_by_role("link", name="Sign in").click()
    door = opened.value
    door.locator("select[name=staff]").select_option("k.clerk")
    door.locator("form[action*=chosen] button").click()
    door.wait_for_url("**/office?lang=en")
    clerk.get_by_role("button", name="Bring in and check").click()
    expect(clerk.get_by_role("heading", name="Waits for approval")).to_be_visible(timeout=30_000)


def test_R14_the_form_is_not_on_paper_and_landmarks_have_names_of_their_own(
    site: Site, new_page: NewPage
) -> None:
    clerk = site.enter(new_page(viewport=DESK), "k.clerk", "en")
    drop(clerk, "list", site.files(2)[0])
    clerk.get_by_role("button", name="Bring in and check").click()
    expect(clerk.get_by_role("heading", name="Waits for approval")).to_be_visible(timeout=30_000)
    clerk.get_by_role("link", name="To all lists").click()
    expect(clerk.get_by_role("region", name="Lists that were brought in")).to_have_count(1)
    clerk.emulate_media(media="print")
    expect(clerk.get_by_role("heading", name="Bring a list in")).to_be_hidden()
    expect(clerk.get_by_role("table")).to_be_visible()


@pytest.mark.parametrize(
    ("language", "size"), [("kk", {"width": 360, "height": 740}), ("ru", DESK)], ids=["kk", "ru"]
)
def test_R19_a_list_that_nobody_approved_in_time_says_so(
    site: Site, new_page: NewPage, tmp_path: Path, language: str, size: dict[str, int]
) -> None:
    said = {key: texts[("kk", "ru", "en").index(language)] for key, texts in LIST_WORDS.items()}
    site.month.at(4, 22)
    clerk = site.enter(new_page(viewport=size), "k.clerk", language)
    drop(clerk, "list", site.files(2)[0])
    clerk.get_by_role("button", name=said["send"]).click()
    expect(clerk.get_by_role("heading", name=said["stage_waiting"])).to_be_visible(timeout=30_000)
    approver = site.enter(new_page(viewport=size), "k.approver", language)
    approver.get_by_role("table").get_by_role("link").first.click()
    site.month.at(5, 0)
    approver.get_by_role("button", name=said["approve"]).click()
    expect(approver.get_by_role("alert")).to_contain_text("05.07.2025")
    expect(approver.get_by_role("heading", name=said["stage_late"])).to_be_visible()
    expect(approver.get_by_role("button", name=said["approve"])).to_have_count(0)
    approver.screenshot(path=tmp_path / "late.png", full_page=True)
    for path in ("/office/lists", "/office"):
        approver.goto(f"{site.address}{path}?lang={language}")
        approver.screenshot(path=tmp_path / f"late{path.replace('/', '-')}.png", full_page=True)
