"""The way through the form of an expression of interest, for tests that walk it over HTTP."""

from __future__ import annotations

from sqlalchemy import select

from app.extensions import db
from app.interests.models import Expression
from tests.interests.pages import form_of


def one(app) -> Expression:
    with app.app_context():
        found = db.session.scalars(select(Expression)).one()
        db.session.expunge_all()
        return found


def start(client, place, lang="en"):
    page = client.get(f"/{lang}/calls/{place['call']}")
    assert page.status_code == 200
    form = form_of(page.text, "submission_key")
    answer = client.post(form.action, data=form.filled())
    assert answer.status_code == 303
    return answer.location


WHO = {
    "organisation_kind": "ministry",
    "organisation_name": "Ministry of the Interior",
    "organisation_unit": "Immigration",
    "contact_honorific": "Ms.",
    "contact_given_name": "Adaeze",
    "contact_family_name": "Morrow",
    "contact_post": "Director",
    "contact_email": "adaeze@interior.example",
    "contact_zone": "Africa/Nairobi",
}
WHAT = {
    "mode": "both",
    "asks": ["join_exchange", "pilot_tool"],
    "grounds": ["family", "child"],
    "languages": ["en", "fr"],
    "aim": "To hear how peers keep families together.",
    "start_on": "2027-04-05",
    "constraints": "",
}


def send(client, url, **values):
    return client.post(url, data=form_of(client.get(url).text).filled(**values))


def to_check(client, place, lang="en"):
    url = start(client, place, lang)
    url = send(client, url, **WHO, state_id=place["state"]).location
    url = send(client, url, **WHAT).location
    return send(client, url, endorsement="later").location
