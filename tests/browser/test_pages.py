"""Every page of the demonstration in a real browser: each reader's own pages, in English and Arabic, wide and narrow."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest

from app import assets
from app.core.languages import direction
from tests.browser import audit
from tests.browser.house import House, open_house
from tests.browser.sights import PUBLIC, Sight, errors, pages_of, sights
from tests.conftest import NOW

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ALL = sights()
READERS = list(dict.fromkeys(s.who for s in ALL))
BOTH = ("en", "ar")
AXE_AT = {("en", 1280), ("ar", 360)}  # where axe looks: each width once, each direction once
if os.environ.get("AXE") == "all":  # minutes more: at both widths in both languages
    AXE_AT = {(lang, width) for lang in BOTH for width in audit.WIDTHS}
needs_axe = pytest.mark.skipif(not audit.AXE.is_file(), reason="axe-core is not installed (npm ci)")


@pytest.fixture(scope="module")
def house(base_app: Any) -> Iterator[House]:
    """The demonstration, served."""
    from app.core import clock

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: NOW)
        with open_house(base_app) as found:
            yield found


class Reader:
    """One person's browser: one page, and what the browser complained about."""

    def __init__(self, chromium: Any, house: House, who: str, **options: Any) -> None:
        self.house = house
        self.context = chromium.new_context(base_url=house.url, viewport={"width": 1280, "height": 900}, **options)
        self.context.add_cookies(house.cookie_of(who))
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.at = ""
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))

    def open(self, sight: Sight, lang: str) -> int:
        """Go there; press the button of its form with nothing filled in where the sight says so. Answers the status."""
        with self.house.app.test_request_context("/"):
            address = sight.path(self.house, lang)
        if not sight.send:
            answer, self.at = self.page.goto(address), address
            return int(answer.status)
        if self.at != address:  # mostly its form was looked at just now, and stands there untouched
            self.page.goto(address)
        self.at = ""
        with self.page.expect_navigation() as gone:
            self.page.evaluate(EMPTY)
        return int(gone.value.status)


EMPTY = """() => {
    const form = document.querySelector('main form[method=post]:not(.inline):not(.note)');
    for (const e of form.elements) {
        if (e.type === 'hidden' || e.closest('.pot')) continue;
        if (e.type === 'checkbox' || e.type === 'radio') e.checked = false;
        else if (e.tagName === 'SELECT') e.selectedIndex = e.multiple ? -1 : 0;
        else if (e.tagName !== 'BUTTON') e.value = '';
    }
    form.submit();
}"""

SHAPE = """() => ({
    lang: document.documentElement.lang, dir: document.documentElement.dir, title: document.title,
    h1: document.querySelectorAll('h1').length, main: document.querySelectorAll('main').length,
    names: [...document.querySelectorAll('[id]')].map(e => e.id).filter((id, n, all) => all.indexOf(id) !== n),
    shift: [...document.querySelectorAll('[style]')].filter(e => !e.closest('svg')).length,
})"""


def _look(reader: Reader, lang: str, widths: tuple[int, ...] = audit.WIDTHS) -> list[str]:
    """What is wrong with the page as it stands, at each width."""
    page, wrong = reader.page, []
    shape = page.evaluate(SHAPE)
    if (shape["lang"], shape["dir"]) != (lang, direction(lang)):
        wrong.append(f"language {shape['lang']} {shape['dir']}")
    if not re.fullmatch(r"\S.* – \S.*", shape["title"]):
        wrong.append(f"title {shape['title']!r}")
    wrong += [f"{n} {part}" for part in ("h1", "main") if (n := shape[part]) != 1]
    wrong += [f"id twice: {name}" for name in shape["names"]]
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        findings, small, over = audit.everything(page, axe=(lang, width) in AXE_AT)
        wrong += [f"{width}: {found}" for found in findings]
        wrong += [f"{width}: small {found}" for found in small]
        if over:
            wrong.append(f"{width}: {over} px too wide")
    wrong += [f"the browser: {said}" for said in reader.complaints if not said.startswith("Failed to load resource")]
    reader.complaints.clear()
    return wrong


def _told(wrong: dict[str, list[str]]) -> str:
    return "\n".join(f"{where}: {found}" for where, all_found in wrong.items() for found in dict.fromkeys(all_found))


def test_no_page_is_left_out(base_app: Any) -> None:
    assert {s.endpoint for s in ALL} == pages_of(base_app)


@needs_axe
@pytest.mark.parametrize("lang", BOTH)
@pytest.mark.parametrize("who", READERS)
def test_every_page_is_accessible_fits_and_pleases_the_browser(chromium: Any, house: House, who: str, lang: str) -> None:
    reader = Reader(chromium, house, who)
    reader.context.add_init_script(path=audit.AXE)
    wrong: dict[str, list[str]] = {}
    for sight in ALL:
        if sight.who != who:
            continue
        status = reader.open(sight, lang)
        found = _look(reader, lang) + ([f"status {status}"] if status not in sight.statuses else [])
        if found:
            wrong[str(sight)] = found
    reader.context.close()
    assert not wrong, _told(wrong)


@needs_axe
@pytest.mark.parametrize("lang", BOTH)
def test_the_pages_of_what_went_wrong_are_pages_too(chromium: Any, house: House, lang: str) -> None:
    reader = Reader(chromium, house, PUBLIC)
    reader.context.add_init_script(path=audit.AXE)
    wrong: dict[str, list[str]] = {}
    for name, code in errors():
        answer = reader.page.goto(f"/{lang}/{name}")
        found = _look(reader, lang) + ([f"status {answer.status}"] if answer.status != code else [])
        if found:
            wrong[name] = found
    reader.context.close()
    assert not wrong, _told(wrong)


SEEN = """() => {
    const e = document.activeElement, box = e.getBoundingClientRect(), look = getComputedStyle(e);
    return {
        tag: e.tagName, words: (e.innerText || e.getAttribute('aria-label') || e.name || '').trim().split('\\n')[0],
        top: box.top + scrollY, // the button inside a date field shows its own ring
        ring: e.type === 'date' || look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) >= 2,
        shown: box.width > 0 && box.height > 0 && box.right > 0 && box.left < innerWidth,
    };
}"""


def _tabbed(page: Any, most: int = 150) -> list[dict[str, Any]]:
    """What the Tab key reaches, in its order, until the page is left."""
    found = []
    for _ in range(most):
        page.keyboard.press("Tab")
        here = page.evaluate(SEEN)
        if here["tag"] == "BODY":
            return found
        found.append(here)
    raise AssertionError(f"no way out of {page.url} by the keyboard")


@pytest.mark.parametrize(
    ("who", "endpoint", "about"),
    [
        (PUBLIC, "dashboards.home", {}),
        ("applicant", "interests.what", {"token": "draft"}),
        ("applicant", "exchanges.answer", {"token": "answer asked"}),
        ("secretariat", "dashboards.desk", {}),
        ("secretariat", "interests.queue", {}),
    ],
)
def test_the_keyboard_reaches_everything_in_the_order_of_the_page_and_shows_where_it_is(
    chromium: Any, house: House, who: str, endpoint: str, about: dict[str, str]
) -> None:
    reader = Reader(chromium, house, who)
    reader.open(Sight(endpoint, who, about), "en")
    stops = _tabbed(reader.page)
    assert stops[0]["words"] == "Skip to main content"
    assert [s for s in stops if not s["ring"] or not s["shown"]] == []
    top, main = reader.page.evaluate("[document.querySelector('header').offsetHeight, document.querySelector('main').offsetTop]")
    places = ["header" if s["top"] < top else "rest" for s in stops]
    assert places == sorted(places), "the header comes first"
    able = "main :is(a[href], button, select, textarea, input:not([type=hidden], [type=radio], .pot *))"
    wanted = reader.page.evaluate(
        f"[...document.querySelectorAll('{able}')].filter(e => e.checkVisibility() && e.tabIndex >= 0).length"
    )
    radios = reader.page.evaluate("new Set([...document.querySelectorAll('main input[type=radio]')].map(e => e.name)).size")
    closed = reader.page.evaluate("document.querySelectorAll('main details > summary').length")
    reached = [s for s in stops if s["top"] >= main]
    foot = reader.page.evaluate("document.querySelectorAll('footer a').length")
    assert len(reached) >= wanted + radios + closed + foot, (len(reached), wanted, radios, closed, foot)
    reader.context.close()


def test_the_skip_link_leads_to_the_page_and_a_menu_opens_and_closes_by_the_keyboard(chromium: Any, house: House) -> None:
    reader = Reader(chromium, house, PUBLIC)
    page = reader.page
    page.goto("/en/")
    page.keyboard.press("Tab")
    assert page.locator(".skip").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    menu = page.locator("header details.menu").first
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    assert menu.evaluate("e => e.open")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.lang") == "ar"
    page.keyboard.press("Escape")
    assert not menu.evaluate("e => e.open")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Space")
    for _ in range(7):
        page.keyboard.press("Tab")
    assert not menu.evaluate("e => e.open"), "leaving a menu closes it"
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    menu.locator("a[lang=fr]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/fr/")
    assert reader.complaints == []
    reader.context.close()


def test_the_main_jobs_are_done_without_scripts(chromium: Any, house: House) -> None:
    reader = Reader(chromium, house, PUBLIC, java_script_enabled=False)
    page = reader.page
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/en/")
    page.click("details.only-small > summary")
    page.click("nav[aria-label='Main, small screen'] >> text=Calls")
    page.click("text=Call 2026")
    page.click("main form button")
    page.select_option("[name=organisation_kind]", "civil_society")
    page.fill("[name=organisation_name]", "House of Welcome")
    page.fill("[name=contact_family_name]", "Roux")
    page.fill("[name=contact_email]", "amelie@welcome.example")
    page.click("text=Save and continue")
    page.click("text=Save and continue")
    assert page.title().startswith("Error:")
    assert page.get_by_role("alert").is_visible()
    page.check("[name=mode] >> nth=0")
    page.check("[name=asks] >> nth=0")
    page.check("[name=grounds] >> nth=2")
    page.fill("[name=aim]", "We wish to hear how peers decide when papers are missing.")
    page.click("text=Save and continue")
    page.check("[name=endorsement] >> nth=-1")
    page.click("text=Save and continue")
    page.click("text=Send the expression of interest")
    assert re.search(r"EOI-\d{4}-\d{4}", page.inner_text("h1"))
    page.goto(f"/ar/answer/{house.links['answer apart']}")
    page.check("[name=answer][value=maybe]")
    page.click("main form button")
    assert page.locator(".flashes").is_visible()
    assert page.is_checked("[name=answer][value=maybe]")
    reader.context.close()


@pytest.mark.skipif(not (assets.PACKAGES / assets.FONTS["vazirmatn.woff2"]).is_file(), reason="fonts are not installed (npm ci)")
@pytest.mark.parametrize("lang", list(audit.BUDGETS))
def test_a_first_visit_stays_within_its_budget(chromium: Any, house: House, lang: str) -> None:
    with house.app.test_request_context("/"):
        session = Sight("exchanges.session_page", PUBLIC, {"session_id": "session"}).path(house, lang)
        form = Sight("interests.what", PUBLIC, {"token": "draft"}).path(house, lang)
    for address in (f"/{lang}/", session, form):
        context = chromium.new_context(locale=lang)
        weights = audit.weigh(context, house.url + address)
        context.close()
        assert len(weights) <= audit.REQUESTS
        assert sum(weights.values()) <= audit.BUDGETS[lang], (address, weights)
