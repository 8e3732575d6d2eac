"""What this room does on news from below."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select

from app.accounts import holdings
from app.accounts.events import HandedOver
from app.accounts.models import Person
from app.audit.rules import record
from app.core import clock
from app.extensions import db
from app.files.models import StoredFile
from app.interests.events import ExpressionsErased
from app.letters.messages import SUBJECT
from app.letters.models import About, Letter
from app.letters.rules import taking_over
from app.notifications.models import Message, State

holdings.register("letters", _l("Letters whose mail has not left yet"), taking_over.count_waiting)

_UNDER_WAY = (State.QUEUED, State.SENDING)


def take_over(event: HandedOver) -> None:
    """Somebody took over: letters on their way to the former go to the successor."""
    former, successor, by = (db.session.get_one(Person, i) for i in (event.from_id, event.to_id, event.by_id))
    taking_over.take_over(former, successor, event.mails, by=by, now=clock.now())


def forget_applicants(news: ExpressionsErased) -> None:
    """Letters about expressions whose time is over lose names, addresses, text and files; number, date and State stay."""
    about = Letter.about_kind == About.EXPRESSION, Letter.about_id.in_(news.expression_ids), Letter.erased_at.is_(None)
    letters = list(db.session.scalars(select(Letter).where(*about)))
    if not letters:
        return
    ids = [letter.id for letter in letters]
    for letter in letters:
        letter.content, letter.recipients, letter.own, letter.correspondent = None, {}, {}, ""
        letter.pdf_id = letter.docx_id = letter.scan_id = letter.person_id = letter.cancel_reason = None
        letter.erased_at = letter.updated_at = news.at
        record("letter.erased", "letter", letter.id, by=None, now=news.at)
    db.session.flush()
    db.session.execute(delete(StoredFile).where(StoredFile.object_kind == "letter", StoredFile.object_id.in_(ids)))
    sent = Message.subject_kind == SUBJECT, Message.subject_id.in_(ids), Message.state.not_in(_UNDER_WAY)
    db.session.execute(delete(Message).where(*sent))
