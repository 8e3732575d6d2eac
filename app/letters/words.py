"""Machine words of this room in the reader's words, and what the audit log calls its changes."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from app.audit.words import register, register_values
from app.letters.models import About, Addressed, Direction, LetterKind, Means, Status

DIRECTIONS: dict[Direction, Any] = {Direction.OUT: _l("Out"), Direction.IN: _l("In")}

KINDS: dict[LetterKind, Any] = {
    LetterKind.NOTE_VERBALE: _l("Note verbale"),
    LetterKind.LETTER: _l("Letter"),
    LetterKind.EMAIL: _l("E-mail"),
}

STATUSES: dict[Status, tuple[Any, str]] = {
    Status.DRAFT: (_l("Draft"), "warn"),
    Status.ISSUED: (_l("Issued"), "good"),
    Status.REPLACED: (_l("Replaced"), ""),
    Status.CANCELLED: (_l("Cancelled"), "bad"),
    Status.RECEIVED: (_l("Received"), "good"),
}
"""Word and tone."""

MEANS: dict[Means, Any] = {
    Means.MAIL: _l("by e-mail"),
    Means.POST: _l("by post"),
    Means.POUCH: _l("by diplomatic pouch"),
    Means.HAND: _l("by hand"),
}

ADDRESSED: dict[Addressed, Any] = {
    Addressed.MISSION: _l("A Permanent Mission"),
    Addressed.MINISTRY: _l("A Ministry"),
    Addressed.OTHER: _l("Other authorities"),
}

ABOUT: dict[About, Any] = {
    About.SESSION: _l("Session"),
    About.EXPRESSION: _l("Expression of interest"),
    About.DESIGNATION: _l("Designation"),
}

FIELDS: dict[str, Any] = {
    "addressee": _l("Addressee, line by line"),
    "office": _l("Name of the office in the sentence"),
    "form": _l("Form of address"),
    "subject": _l("Subject"),
    "body": _l("Text"),
}
"""What may be written by hand in one letter."""

STAND_INS: dict[str, Any] = {
    "title": _l("title of the session"),
    "purpose": _l("purpose of the session"),
    "call": _l("title of the call"),
    "office": _l("name of the office"),
    "state": _l("formal name of the State"),
    "post": _l("post of the addressee"),
    "signatory": _l("post of the signatory"),
    "reason": _l("reason of the decision"),
}
"""Texts that may be missing in the language of a letter."""

register(
    {
        "letter.prepared": _l("Letters prepared"),
        "letter.edited": _l("Draft of a letter changed"),
        "letter.left_out": _l("Letter left out"),
        "letter.discarded": _l("Letters discarded"),
        "letter.issued": _l("Letter issued"),
        "letter.replaced": _l("Letter replaced"),
        "letter.cancelled": _l("Letter cancelled"),
        "letter.received": _l("Letter received"),
        "letter.erased": _l("Names, texts and files deleted after 24 months"),
        "letter.sent": _l("Sending of a letter noted"),
        "letter.handed_over": _l("Mail goes to the successor"),
        "letter.answered": _l("Answer to a letter noted"),
        "formula.changed": _l("Wording of letters changed"),
        "formula.reviewed": _l("Wording of letters reviewed"),
        "signatory.added": _l("Signatory added"),
        "signatory.changed": _l("Signatory changed"),
    },
    {
        **FIELDS,
        "number": _l("Number"),
        "kind": _l("Kind"),
        "language": _l("Language"),
        "sent_on": _l("Sent on"),
        "means": _l("How it was sent"),
        "answered_on": _l("Answered on"),
        "answered_by": _l("Answered by"),
        "answer_due": _l("Answer due"),
        "text": _l("Text"),
        "posts": _l("Post"),
        "signs": _l("Signs letters"),
        "letters": _l("Letters"),
        "sha256": _l("SHA-256 of the PDF"),
    },
    {
        "letter": _l("Letter"),
        "letter_set": _l("Letters prepared together"),
        "formula": _l("Wording of letters"),
        "signatory": _l("Signatory"),
    },
)
register_values({"letter.kind": KINDS, "means": MEANS, "direction": DIRECTIONS, "addressed": ADDRESSED})
