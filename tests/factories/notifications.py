"""Letters and messages for tests."""

from sqlalchemy import text

from app.core import codes, tokens
from app.core.db import uuid7
from app.extensions import db
from app.notifications.models import Message, Rehearsal, State
from app.notifications.outbox import Letter

WAY = {
    State.QUEUED: [],
    State.SUPPRESSED: [State.SUPPRESSED],
    State.CANCELLED: [State.CANCELLED],
    State.EXPIRED: [State.EXPIRED],
    State.FAILED: [State.FAILED],
    State.SENDING: [State.SENDING],
    State.SENT: [State.SENDING, State.SENT],
    State.UNKNOWN: [State.SENDING, State.UNKNOWN],
    State.BOUNCED: [State.SENDING, State.SENT, State.BOUNCED],
}


def make_letter(**changes):
    """A letter of the plain kind to one recipient."""
    facts = {"key": "notice:1", "kind": "test-notice", "address": "recipient@alvania.example", "locale": "en", "zone": "UTC"}
    return Letter(**{**facts, **changes})


def put_in_state(session, key, state, now):
    """Bring a queued message to this state by the allowed way."""
    for step in WAY[state]:
        session.execute(
            text(
                "UPDATE messages SET state = :state, lease_token = :token, lease_until = :now, "
                "sent_at = CASE WHEN :state = 'sent' THEN :now ELSE sent_at END WHERE key = :key AND state <> :state"
            ),
            {"state": step, "token": uuid7(), "now": now, "key": key},
        )


def notice(n=1, **changes):
    """A letter of a kind that has templates."""
    base = {
        "key": f"notice:{n}",
        "address": f"r{n}@alvania.example",
        "recipient_name": f"Reader {n}",
        "facts": {"links": {"page": f"http://127.0.0.1:8000/en/p/{n}"}},
        "common": NOTICE,
    }
    return make_letter(**{**base, **changes})


NOTICE = {
    "titles": {"en": "Family reunification", "ar": "لم شمل الأسرة"},
    "note": "Plain words.",
    "agenda": {"md": "**Strong** words"},
}


SECRET_KEY = "a-secret-of-the-tests-with-more-than-32-characters"


def link_in(message: Message, name: str) -> str:
    """A link as the recipient of this message gets it."""
    return tokens.opened([SECRET_KEY], message.facts["links"][name])


def code_in(message: Message, name: str) -> str:
    """A short code as the recipient of this message gets it."""
    return codes.opened([SECRET_KEY], message.facts["codes"][name])


def make_rehearsal(person_id, now, words="Ada Guest", **fields):
    """Mail to many that one person looks at."""
    sample = {
        "name": words, "locale": "en", "zone": "Africa/Nairobi", "kind": "circular", "subject": words, "text": words, "calendar": "",
        "html": '<html lang="en"><body><p>Words</p></body></html>', "files": [],
    }  # fmt: skip
    told = {
        "languages": [["en", 21]], "kinds": [["circular", 21]], "moment": now.isoformat(), "of_event": False, "leaves": now.isoformat(),
        "zones": [{"zones": ["Africa/Nairobi"], "more": 0, "count": 21}], "samples": [sample], "problems": {}, "remarks": [words],
        "missed": {"counts": [["no_address", 1]], "people": [[words, "no_address", words]]}, "seconds": 0.1,
    }  # fmt: skip
    row = Rehearsal(
        person_id=person_id, created_at=now, path="/en/desk/circulars/x/send", back="/en/desk", fields={"version": ["1"], "note": [words]},
        digest="x", mails=21, passed=True, told=told, **fields,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row
