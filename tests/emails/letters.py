"""A letter on its way by mail: the kind of mail that ``world`` does not tell."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import select

from app.extensions import db
from app.files.models import StoredFile
from app.files.rules import keep
from app.letters import messages
from app.letters.models import Letter, LetterSet
from app.letters.queries.subjects import Recipient
from app.notifications.models import Message
from tests.emails.world import NOW, TITLES, Reader
from tests.factories.accounts import make_person, make_state


def _kept(letter: Letter, name: str) -> StoredFile:
    return keep(f"%PDF-1.7 {name}".encode(), name, "application/pdf", "letter-pdf", "letter", letter.id, None, NOW)


def told(reader: Reader, language: str) -> dict[str, Message]:
    """A letter about the session, with an annex and a day for the answer, to this reader."""
    person = make_person(
        reader.family_name, given_name=reader.given_name, of=make_state(), language=language, forms_of_address=reader.forms,
        email=f"{reader.given_name}.{reader.family_name}@foreign.example".lower(),
    )  # fmt: skip
    letter = Letter(id=uuid.uuid4(), number="PX/2026/L-0012", subject=TITLES[language])
    pdf, more = (_kept(letter, name) for name in ("letter.pdf", "annex.pdf"))
    to = Recipient(
        address=str(person.email), language=language, zone="Africa/Nairobi", person_id=person.id, name=person.full_name,
        salutation=person.salutation(language),
    )  # fmt: skip
    annex = messages.attached(more, "annex.pdf")
    messages.send(letter, LetterSet(answer_due=date(2026, 12, 11)), [to], [annex], pdf, NOW)
    db.session.flush()
    return {m.kind: m for m in db.session.scalars(select(Message).where(Message.subject_id == letter.id))}
