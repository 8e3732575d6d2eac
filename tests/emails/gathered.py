"""What was gathered for somebody, in one mail: the mails that ``world`` does not tell."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select

from app.accounts.queries import letter_for
from app.accounts.rules import digests
from app.extensions import db
from app.notifications import choices, outbox
from app.notifications.kinds import Mode, Topic
from app.notifications.models import Message
from app.pilots import messages
from tests.emails.pilots import MILESTONE, PILOT
from tests.emails.world import ALVANIA, FORM, FORM_TEXT, LATER, NOW, Reader
from tests.factories.accounts import make_person, make_state
from tests.factories.pilots import make_milestone, make_pilot


def told(reader: Reader, language: str) -> dict[str, Message]:
    """A digest of a day, and the one after a time without mail."""
    gathered = dict.fromkeys((Topic.NEWS, Topic.CALLS, Topic.TASKS), Mode.DAILY)
    return {
        "digest": _digest(reader, language, "a", gathered, None),
        "digest-away": _digest(reader, language, "b", {}, NOW.date() + timedelta(days=6)),
    }


def _digest(reader: Reader, language: str, mark: str, modes: dict[Topic, Mode], until: date | None) -> Message:
    state = make_state(names=ALVANIA, zone="Africa/Nairobi")
    person = make_person(
        reader.family_name, given_name=reader.given_name, of=state, language=language, zone="Africa/Nairobi",
        forms_of_address=reader.forms, email=f"{mark}.{reader.family_name}@gathered.example".lower(),
    )  # fmt: skip
    choices.choose(person.id, modes, until, zone=person.zone, by=person, now=NOW)
    milestone = make_milestone(make_pilot(state, titles=PILOT), date(2026, 12, 7), titles=MILESTONE, owner_id=person.id)
    common = {
        "subjects": {language: FORM[language]}, "texts": {language: FORM_TEXT[language]}, "own": True, "language_name": "",
        "sent_in": "", "translated_from": "", "because": "member", "about": {}, "corrects": None,
    }  # fmt: skip
    facts = {"links": {"page": "http://127.0.0.1:8000/en/circulars/read/" + "s" * 54}, "personal": {"instead_of": ""}}
    other = {**common, "subjects": {language: LATER[language]}}
    letters = [
        letter_for(person, kind="circular", key=f"news:{person.id}", facts=facts, common=common),
        letter_for(person, kind="circular", key=f"call:{person.id}", facts=facts, common=other, topic=Topic.CALLS),
        messages.due(milestone, person, key=f"due:{person.id}", expires_at=NOW + timedelta(days=30)),
    ]
    outbox.queue(letters, now=NOW)
    later = NOW + timedelta(days=8)
    assert digests.write(person.id, later)
    row = db.session.scalars(select(Message).where(Message.kind == "digest", Message.recipient_id == person.id)).one()
    row.created_at = NOW
    db.session.flush()
    return row
