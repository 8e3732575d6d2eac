"""Every macro on three pages, looked at in a browser: both directions, both widths, light and dark."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, render_template, request
from jinja2 import ChoiceLoader, FileSystemLoader
from werkzeug.datastructures import MultiDict
from werkzeug.serving import make_server
from whitenoise import WhiteNoise

from app import assets
from app.core.text import LocalText
from app.web.guards import CSP
from tests.browser import audit
from tests.web.house import TEMPLATES, Everything, built

pytestmark = pytest.mark.browser

START = datetime(2027, 3, 11, 13, 0, tzinfo=UTC)
LONG = "Interministerielle Koordinierungsstelle für Rückführungsangelegenheiten und Familienzusammenführung"
PAGES = ("form", "session", "desk")
HERE = Path(__file__).parent / "pages"


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, str]]:
    """The three pages, served compressed under the real policy."""
    out = tmp_path_factory.mktemp("build")
    app = built(out)
    app.jinja_env.loader = ChoiceLoader([FileSystemLoader(TEMPLATES), FileSystemLoader(HERE)])
    app.jinja_env.globals["theme"] = lambda: ""
    app.wsgi_app = WhiteNoise(app.wsgi_app, root=str(out), prefix="static/")  # type: ignore[method-assign]

    @app.get("/<page>")
    def show(page: str) -> Response:
        form = Everything(formdata=MultiDict({"title-fr": "x" * 11}), meta={"csrf": False})
        form.validate()
        facts = {"form": form} if page == "form" else {}
        other = LocalText("# إلمارا\n\n**نص** [رابط](https://x.example)", "ar", "rtl")
        html = render_template(f"{page}.html", start=START, end=START + timedelta(minutes=90), long=LONG, other=other, **facts)
        headers = {"Content-Security-Policy": CSP}
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            return Response(gzip.compress(html.encode()), mimetype="text/html", headers={**headers, "Content-Encoding": "gzip"})
        return Response(html, mimetype="text/html", headers=headers)

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield app, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.skipif(not audit.AXE.is_file(), reason="axe-core is not installed (npm ci)")
@pytest.mark.parametrize("lang", ["en", "ar"])
@pytest.mark.parametrize("name", PAGES)
def test_every_macro_is_accessible_and_fits(chromium: Any, gallery: tuple[Flask, str], name: str, lang: str) -> None:
    app, url = gallery
    app.config["LANG"] = lang
    for width, scheme in ((1280, "light"), (1280, "dark"), (360, "light")):
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
        page = context.new_page()
        page.goto(f"{url}/{name}")
        got = {"axe": audit.findings(page), "sideways": audit.sideways(page), "small": audit.small_targets(page)}
        context.close()
        assert got == {"axe": [], "sideways": 0, "small": []}, (width, scheme)


@pytest.mark.skipif(not audit.AXE.is_file(), reason="axe-core is not installed (npm ci)")
def test_the_audit_sees_what_is_wrong(chromium: Any) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 900})
    page = context.new_page()
    page.set_content(
        '<html lang="en"><title>T</title><main><h1>T</h1><img src="data:,"><div style="width:500px">x</div>'
        '<button style="height:9px;padding:0;border:0;font-size:5px">go</button></main>'
    )
    assert any(found.startswith("image-alt") for found in audit.findings(page))
    assert audit.sideways(page) > 100
    assert len(audit.small_targets(page)) == 1
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_without_scripts_shows_and_fits_on_the_narrowest_phone(chromium: Any, gallery: tuple[Flask, str], name: str) -> None:
    app, url = gallery
    app.config["LANG"] = "en"
    context = chromium.new_context(viewport={"width": 320, "height": 640}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{url}/{name}")
    page.click(".only-small > summary")
    assert page.is_visible("nav[aria-label='Main, small screen'] >> text=Calls")
    box = page.locator("html").bounding_box()
    widest = max(e.bounding_box()["width"] for e in page.locator("main > *, header, footer").all())
    assert widest <= box["width"] == 320
    context.close()


@pytest.mark.skipif(not (assets.PACKAGES / assets.FONTS["vazirmatn.woff2"]).is_file(), reason="fonts are not installed (npm ci)")
@pytest.mark.parametrize("lang", list(audit.BUDGETS))
def test_a_first_visit_is_light(chromium: Any, gallery: tuple[Flask, str], lang: str) -> None:
    app, url = gallery
    app.config["LANG"] = lang
    context = chromium.new_context(locale=lang)
    weights = audit.weigh(context, f"{url}/session")
    context.close()
    assert 4 <= len(weights) <= audit.REQUESTS
    assert sum(weights.values()) <= audit.BUDGETS[lang], weights
    assert any(where.endswith(".woff2") for where in weights) is (lang != "zh")
