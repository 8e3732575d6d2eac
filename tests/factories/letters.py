"""Signatories, prepared and issued letters for tests, made by the room's own rules."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from app.accounts.access import Viewer
from app.accounts.models import Organisation, Person, Role
from app.exchanges.models import PeerSession
from app.letters import queries, rules
from app.letters.models import About, Letter, LetterKind, LetterSet, Means, Signatory
from app.letters.queries import Subject
from tests.factories.accounts import make_person

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
POSTS = {"en": "Head of the secretariat", "fr": "Cheffe du secrétariat", "ar": "رئيسة الأمانة"}


def office() -> Viewer:
    """Somebody of the secretariat, as queries see them."""
    return Viewer(person=make_person(), roles=frozenset({Role.SECRETARIAT}))


def make_signatory(by: Person, name: str = "Wanjiru Kamau", **posts: str) -> Signatory:
    """Somebody who signs."""
    return rules.save_signatory(None, name, posts or POSTS, True, version=0, by=by, now=NOW)


def about(viewer: Viewer, row: Any, kind: About = About.SESSION) -> Subject:
    """What letters are about."""
    found = queries.subject_of(viewer, kind, row.id)
    assert found is not None
    return found


def prepare(viewer: Viewer, subject: Subject, signatory: Signatory, **more: Any) -> LetterSet:
    """A draft for every party there is."""
    chosen = {p.key for p in queries.parties(subject, NOW)}
    more = {"answer_due": None, "annexes": (), **more}
    return rules.prepare(subject, more.pop("chosen", chosen), signatory=signatory, by=viewer.person, now=NOW, **more)


def issue(viewer: Viewer, of: LetterSet, subject: Subject, now: datetime = NOW) -> list[Letter]:
    """Look at the letters, then issue them."""
    seen = rules.seen(rules.proofs(of, queries.letters_of(of), subject, now))
    return rules.issue(of, subject, looked_at=seen, by=viewer.person, now=now)


def issued(viewer: Viewer, row: PeerSession, signatory: Signatory, **more: Any) -> list[Letter]:
    """Letters about a session, issued."""
    subject = about(viewer, row)
    return issue(viewer, prepare(viewer, subject, signatory, **more), subject)


def received(viewer: Viewer, state: Organisation | None, **fields: Any) -> Letter:
    """A letter that came."""
    given = {
        "kind": LetterKind.NOTE_VERBALE, "their_number": "NV/12", "dated": date(2026, 11, 20), "came_on": date(2026, 11, 21),
        "means": Means.MAIL, "state_id": state.id if state else None, "correspondent": "" if state else "A university",
        "subject": "A question", "language": "en", "answer_due": None, "answers_id": None, **fields,
    }  # fmt: skip
    return rules.receive(given, None, by=viewer.person, now=NOW)
