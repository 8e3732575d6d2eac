"""The scripts, in a real browser under the real policy: what they add, and that pages do without them."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response, request
from playwright.sync_api import expect
from werkzeug.serving import make_server
from whitenoise import WhiteNoise

from app import assets
from app.web.guards import CSP

pytestmark = pytest.mark.browser

BAR = """<form id="bar" method="post" action="/zone" hidden data-device-zone="{zone}"><input type="hidden" name="zone" value="">
<span data-words="Your device says {{place}}."></span> <button>Use it</button></form>"""
DRAFT = """<p role="status" data-saved="Saved {time}" data-unsaved="Not saved yet."></p>
<form id="draft" method="post" action="/send" data-autosave="/save"><input type="hidden" name="csrf_token" value="t">
<label for="aim">Aim</label><textarea id="aim" name="aim"></textarea>
<label for="start">Start</label><input type="date" id="start" name="start"><p data-date-of="start"></p>
<label for="file">File</label><input type="file" id="file" name="file"><button>Send</button></form>"""
LIST = """<form method="get" action="/list" data-swap="#results"><label for="q">Word</label><select id="q" name="q">
<option value="">all</option><option value="a">a</option></select><button>Apply</button></form>
<p id="outside">{hits}</p><div id="results"><b>{word}</b></div>"""

LONG = """<p data-narrows="all" hidden><label for="find">Show only</label><input type="search" id="find"></p><form action="/list"><div id="all">
<label><input type="checkbox" name="a" value="1" checked> Kinship</label><label><input type="checkbox" name="a" value="2"> Résidence temporaire</label>
<label><input type="checkbox" name="a" value="3"> تصريح</label></div></form>"""


class Site:
    """A few pages as the scripts meet them; keeps what was posted."""

    def __init__(self, out: Any) -> None:
        self.app = Flask("scripts", static_folder=None)
        assets.init_app(self.app, out)
        self.saved: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.answer = 204
        self.hits = 0
        self.app.add_url_rule("/<path:name>", view_func=self.page, methods=["GET", "POST"])
        self.app.wsgi_app = WhiteNoise(self.app.wsgi_app, root=str(out), prefix="static/")  # type: ignore[method-assign]
        self.server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def page(self, name: str) -> Response:
        """The page of this name, or what a form posted to it."""
        if request.method == "POST":
            self.saved.append({"to": name, **request.form})
            self.headers.append(dict(request.headers))
            return Response(status=self.answer) if name == "save" else Response("<title>done</title>", mimetype="text/html")
        self.hits += name == "list"
        bodies = {
            "list": LIST.format(hits=self.hits, word=request.args.get("q") or "all"),
            "draft": DRAFT,
            "long": LONG,
            "bar": BAR.format(zone=request.args.get("zone", "Africa/Nairobi")),
            "errors": '<a href="/">first</a><div class="summary-err" tabindex="-1">There is 1 thing to fix</div>',
        }
        script = self.app.jinja_env.globals["asset_url"]("site.js")
        head = f'<title>T</title><script type="module" src="{script}"></script>'
        html = f'<!doctype html><html lang="{request.args.get("lang", "en")}">{head}{bodies.get(name, "")}'
        return Response(html, mimetype="text/html", headers={"Content-Security-Policy": CSP})


@pytest.fixture
def site(tmp_path: Any) -> Iterator[Site]:
    """The pages, served."""
    found = Site(tmp_path)
    thread = threading.Thread(target=found.server.serve_forever)
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


@pytest.fixture
def page(chromium: Any, site: Site) -> Iterator[Any]:
    """A page of a browser whose device is in Dhaka; any complaint of the browser fails the test."""
    context = chromium.new_context(timezone_id="Asia/Dhaka", base_url=site.url)
    found = context.new_page()
    complaints: list[str] = []
    found.on("console", lambda m: complaints.append(m.text) if "Content Security" in m.text else None)
    found.on("pageerror", lambda e: complaints.append(str(e)))
    yield found
    context.close()
    assert complaints == []


def test_another_zone_of_the_device_is_offered_and_never_taken_by_itself(page: Any, site: Site) -> None:
    page.goto("/bar")
    page.wait_for_selector("#bar:not([hidden])")
    assert "Your device says Dhaka." in page.inner_text("#bar")
    assert site.saved == []
    page.click("text=Use it")
    page.wait_for_url("**/zone")
    assert site.saved == [{"to": "zone", "zone": "Asia/Dhaka"}]


@pytest.mark.parametrize("zone", ["Asia/Dhaka", "Asia/Thimphu", "Nowhere/Place"])
def test_the_same_hour_under_another_name_is_no_reason_to_ask(page: Any, zone: str) -> None:
    page.goto(f"/bar?zone={zone}", wait_until="load")
    page.wait_for_timeout(100)
    assert page.is_hidden("#bar")


def test_a_draft_is_saved_three_seconds_after_the_last_key(page: Any, site: Site) -> None:
    page.clock.install()
    page.goto("/draft")
    page.set_input_files("#file", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"x"})
    page.fill("#aim", "We seek")
    page.clock.run_for(2900)
    page.fill("#aim", "We seek peers")
    page.clock.run_for(2900)
    assert site.saved == []
    page.clock.run_for(200)
    expect(page.locator("[data-saved]")).to_have_text(re.compile(r"^Saved \d\d:\d\d$"))
    assert site.saved == [{"to": "save", "csrf_token": "t", "aim": "We seek peers", "start": ""}]
    assert site.headers[0]["X-Autosave"] == "1"


def test_a_draft_that_could_not_be_saved_says_so_and_tries_again(page: Any, site: Site) -> None:
    site.answer = 503
    page.clock.install()
    page.goto("/draft")
    page.fill("#aim", "x")
    page.clock.run_for(3100)
    expect(page.locator("[data-saved]")).to_have_text("Not saved yet.")
    site.answer = 204
    page.clock.run_for(31000)
    expect(page.locator("[data-saved]")).to_have_text(re.compile(r"^Saved \d\d:\d\d$"))
    assert [s["aim"] for s in site.saved] == ["x", "x"]


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", "Thursday 11 March 2027"),
        ("fr", "jeudi 11 mars 2027"),
        ("zh", "2027年3月11日星期四"),
        ("es", "jueves 11 de marzo de 2027"),
        ("ru", "четверг, 11 марта 2027 г."),
    ],
)
def test_a_date_is_repeated_in_words(page: Any, lang: str, words: str) -> None:
    page.goto(f"/draft?lang={lang}")
    page.fill("#start", "2027-03-11")
    page.dispatch_event("#start", "change")
    assert page.inner_text("[data-date-of]") == words
    page.fill("#start", "")
    page.dispatch_event("#start", "change")
    assert page.inner_text("[data-date-of]") == ""


def test_a_list_is_refreshed_in_place_and_its_address_follows(page: Any, site: Site) -> None:
    page.goto("/list")
    page.select_option("#q", "a")
    expect(page.locator("#results")).to_have_text("a")
    assert page.inner_text("#outside") == "1"
    assert page.url.endswith("/list?q=a")
    page.go_back()
    expect(page.locator("#results")).to_have_text("all")


def test_a_list_does_without_the_script(chromium: Any, site: Site) -> None:
    context = chromium.new_context(java_script_enabled=False, base_url=site.url)
    page = context.new_page()
    page.goto("/list")
    page.select_option("#q", "a")
    page.click("text=Apply")
    page.wait_for_url("**/list?q=a")
    assert page.inner_text("#results") == "a"
    context.close()


def test_the_summary_of_errors_gets_the_focus(page: Any) -> None:
    page.goto("/errors")
    expect(page.locator(".summary-err")).to_be_focused()


def test_a_long_list_is_narrowed_by_words_and_what_is_ticked_stays_in_sight(page: Any) -> None:
    page.goto("/long")
    page.fill("#find", "RESIDENCE")
    assert page.eval_on_selector_all("#all label", "rows => rows.map(row => row.hidden)") == [False, False, True]
    page.press("#find", "Enter")
    assert page.url.endswith("/long")
    page.fill("#find", "تصريح")
    assert page.eval_on_selector_all("#all label", "rows => rows.map(row => row.hidden)") == [False, True, False]
    page.fill("#find", "")
    assert page.eval_on_selector_all("#all label", "rows => rows.map(row => row.hidden)") == [False] * 3
