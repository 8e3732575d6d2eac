"""An office that uploads tables: pages as a browser walks them."""

from __future__ import annotations

import io
import re

import pytest
from openpyxl import Workbook

from app.accounts.models import Role
from tests.accounts.conftest import form_of
from tests.factories.accounts import make_person


@pytest.fixture
def office(within, sign_in):
    with within():
        person = make_person("Desk", email="desk@office.example", roles=(Role.SECRETARIAT,))
    return sign_in(person)


def workbook(rows, **more):
    """An XLSX file with these rows; ``merge`` merges cells."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    if more.get("merge"):
        book.active.merge_cells(more["merge"])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def upload(browser, kind, data, name="table.csv", lang="en", **fields):
    """Upload a table and answer the page it leads to."""
    address = f"/{lang}/desk/imports/new/{kind}"
    form = form_of(browser.get(address))
    data = data.encode() if isinstance(data, str) else data
    answer = browser.post(address, data={**form, **fields, "file": (io.BytesIO(data), name)})
    if answer.status_code != 303:
        return answer, address
    return browser.get(answer.location), answer.location


def confirm(browser, page, location):
    """Press the button of the page that says what a table would do."""
    found = re.search(r'name="figures" value="([\d-]+)"', page.get_data(as_text=True))
    assert found, "nothing to confirm"
    token = form_of(page, f"{location}/stop")["csrf_token"]
    answer = browser.post(f"{location}/confirm", data={"csrf_token": token, "figures": found[1]})
    return answer if answer.status_code != 303 else browser.get(answer.location)


def text_of(page):
    """What a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.get_data(as_text=True)).replace("&#39;", "'").replace("&#34;", '"').split())
