"""B, in a real browser: words that would run open no dialog, break no policy, load nothing from elsewhere."""

import pytest

from app.accounts.models import Role
from app.extensions import db
from tests.browser.served import served
from tests.factories.accounts import make_person
from tests.security.test_b_markup import PLANTED
from tests.security.world import make_world, pages

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_b_no_page_runs_or_loads_what_was_planted(app, sign_in, chromium):
    with app.app_context():
        _, _, ids, links = make_world(PLANTED)
        root = make_person(PLANTED)
        db.session.commit()
        db.session.remove()
    cookie = sign_in(root, Role.ADMINISTRATOR).get_cookie("pathways")
    wrong: list[str] = []
    context = chromium.new_context()
    page = context.new_page()
    page.on("dialog", lambda dialog: (wrong.append(f"dialog at {page.url}"), dialog.dismiss()))
    page.on("console", lambda said: "Content Security Policy" in said.text and wrong.append(f"{said.text} at {page.url}"))
    page.on("pageerror", lambda error: wrong.append(f"{error} at {page.url}"))
    with served(app) as base:
        page.on("request", lambda asked: asked.url.startswith((base, "data:")) or wrong.append(f"{asked.url} at {page.url}"))
        context.add_cookies([{"name": "pathways", "value": cookie.value, "url": base}])
        opened = 0
        for address in pages(app, ids, links):
            if not address.endswith((".ics", "/scan")) and not {"files", "scans", "evidence"} & set(address.split("/")):
                page.goto(base + address)
                opened += 1
    context.close()
    assert opened >= 50
    assert wrong == []
