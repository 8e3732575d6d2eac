"""Machine words of mails and expressions in the reader's words. Each sentence says what happened and what can be done."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import lazy_gettext as _l

from app.audit.words import register
from app.interests.words import STATUSES as STATUSES  # where an expression stands: the templates read it from here
from app.notifications.models import Message, State
from app.notifications.samples import name_kinds
from app.notifications.writing import BY_CHOICE as BY_CHOICE  # templates read it from here

STATES: dict[State, tuple[Any, str]] = {
    State.QUEUED: (_l("Waiting"), "warn"),
    State.SENDING: (_l("Being sent"), "warn"),
    State.SENT: (_l("Sent"), "good"),
    State.BOUNCED: (_l("Returned"), "bad"),
    State.FAILED: (_l("Failed"), "bad"),
    State.EXPIRED: (_l("Too late"), "bad"),
    State.CANCELLED: (_l("Cancelled"), ""),
    State.SUPPRESSED: (_l("Not sent"), ""),
    State.UNKNOWN: (_l("Not known"), "bad"),
}
"""Where a mail stands: word and tone."""

STATE_SENTENCES: dict[State, Any] = {
    State.QUEUED: _l("This mail waits for its turn."),
    State.SENDING: _l("This mail is leaving at this moment."),
    State.SENT: _l("The mail server took this mail."),
    State.BOUNCED: _l("The mail server took this mail, but it came back."),
    State.FAILED: _l("This mail could not be delivered."),
    State.EXPIRED: _l("This mail could not leave in time, and saying it later would be wrong."),
    State.CANCELLED: _l("This mail was taken back before it left, because what it spoke of had changed."),
    State.SUPPRESSED: _l("This mail was not sent."),
    State.UNKNOWN: _l("The connection broke at the last moment. Nobody knows whether this mail arrived."),
}
"""What a state means, as a sentence."""

KINDS: dict[str, Any] = {
    "sign-in-link": _l("Sign-in link"),
    "test-mail": _l("Test mail"),
    "join-invitation": _l("Invitation to join"),
    "password-changed": _l("Password changed"),
    "expression-draft": _l("Link to a draft"),
    "expression-received": _l("Expression of interest received"),
    "expression-confirm": _l("Address to confirm"),
    "expression-question": _l("Question to the applicant"),
    "expression-moved": _l("Expression of interest under review"),
    "expression-decided": _l("Decision on an expression of interest"),
    "expression-withdrawn": _l("Expression of interest withdrawn"),
    "expression-copy": _l("Copy of an expression of interest"),
    "expression-links": _l("New links for an expression of interest"),
    "handed-over": _l("Took over from somebody"),
    "opinion-asked": _l("Opinion of a co-lead asked for"),
    "opinion-reminder": _l("Reminder of an opinion"),
    "session-invite": _l("Invitation"),
    "session-update": _l("Change of a session"),
    "session-clocks": _l("Other clock rules for a session"),
    "session-cancel": _l("Session cancelled"),
    "session-uninvite": _l("Invitation withdrawn"),
    "session-confirmation": _l("Confirmation of an answer"),
    "session-waiting": _l("Place on the waiting list"),
    "session-seat": _l("Seat from the waiting list"),
    "session-offer": _l("Offer of a seat"),
    "place-confirm": _l("Wish for a place to confirm"),
    "place-asked": _l("Wish for a place arrived"),
    "place-declined": _l("No place given"),
    "place-to-decide": _l("Wish for a place to decide"),
    "session-reminder": _l("Reminder"),
    "session-nudge": _l("Request for an answer"),
    "poll-asked": _l("Question about times"),
    "poll-reminder": _l("Reminder of a date poll"),
    "poll-recorded": _l("Copy of an answer to a date poll"),
    "poll-closed": _l("End of a date poll"),
    "session-copy": _l("Copy for information"),
    "letter-sent": _l("Letter of the secretariat"),
    "answer-recorded": _l("Answer entered for somebody"),
    "circular": _l("Circular"),
    "digest": _l("Digest"),
    "address-failed": _l("Address to correct"),
    "delegate-proposed": _l("Somebody wants to send another person"),
    "delegate-refused": _l("Delegate not accepted"),
    "session-proposal-declined": _l("Proposed time not taken"),
    "session-not-invited": _l("Answer of somebody not invited"),
    "pilot-due": _l("Milestone due soon"),
    "pilot-overdue": _l("Milestone overdue"),
    "pilot-overdue-lead": _l("Milestone two weeks overdue"),
}
"""What a mail is about. A kind that is not here shows its machine word."""

WHY_NOT: dict[str, Any] = {
    "refused": _l("The recipient's mail server refused this mail for good."),
    "bounced": _l("This mail came back. Nothing more is sent to this address until it is corrected on the person's page."),
    "postponed": _l("The recipient's mail server asked to try later."),
    "domain_busy": _l("The recipient's mail server takes few mails at a time. The next try follows by itself."),
    "relay_unreachable": _l("Our mail server cannot be reached at the moment. The next try follows by itself."),
    "ambiguous": _l("The connection broke at the last moment, so this mail may have arrived."),
    "gave_up": _l("It was tried many times over three days."),
    "expired": _l("Its moment passed before it could leave."),
    "poisoned": _l("The text of this mail could not be made. Tell the administrator."),
    "sender_gone": _l("The program that was sending it stopped. The next try follows by itself."),
    "withdrawn": _l("What it spoke of had changed before it left."),
    "restored": _l("It waited in a backup that was restored, and an operator cancelled it."),
    "replaced": _l("A newer mail about the same thing took its place."),
    "no_address": _l("No address is known for this person. Add it on the person's page, or write by post."),
    "bad_address": _l("This is not an address that mail can be sent to. Correct it on the person's page."),
    "undeliverable": _l("Mail to this address came back before, so nothing more is sent to it. Correct it on the person's page."),
    "closed": _l("The record of this person is closed, so nothing is sent to them any more."),
    "chosen": _l("This person chose not to get such mails."),
    "unsubscribed": _l("This person ended such mails from a mail program."),
    "quiet": _l("This person wanted no mail at that time, and it would have been too late afterwards."),
    "in_digest": _l("It was gathered, and a digest said it."),
    "history": _l("This mail belongs to the history that came with the demonstration. It was never sent."),
}
"""Why a mail did not arrive, and what can be done. Keys are the machine words of delivery."""

SOMETHING_ELSE = _l("The reason is shown below.")

MISSED: dict[str, Any] = {
    "no_address": _l("No address is known. Tell them another way."),
    "bad_address": _l("The address is not one that mail can be sent to."),
    "undeliverable": _l("Mail to the address came back."),
    "unconfirmed": _l("Nobody has confirmed the address."),
    "closed": _l("The record is closed."),
    "already": _l("Is invited already, and stays as they are."),
}
"""Why somebody who is meant gets no mail of their own. A reason that is not here is one of a mail that does not leave."""

FOUND: dict[str, Any] = {
    "foreign_address": _l("These mails name an address that is neither their reader's nor ours."),
    "other_end": _l("The calendars of these readers would end with something else than their mail says."),
    "poisoned": _l("The text of these mails cannot be made. Tell the administrator."),
}
"""What keeps mail to many from leaving, as a look at every mail found it."""


def missed(word: str) -> Any:
    """Why somebody gets no mail of their own."""
    return MISSED.get(word) or WHY_NOT.get(word) or SOMETHING_ELSE


REFUSALS: dict[str, Any] = {
    "5.1": _l("The recipient's mail server does not know this address. Check it on the person's page."),
    "5.2": _l("The recipient's mailbox is full or closed."),
    "5.3": _l("The recipient's mail server found this mail too large, or could not take it."),
    "5.4": _l("No way to the recipient's mail server was found. Check the part of the address after the @."),
    "5.6": _l("The recipient's mail server could not read this mail. Tell the administrator."),
    "5.7": _l("The recipient's mail server does not accept mail from us. Tell the administrator."),
}
"""What the first two figures of the enhanced status code (RFC 3463) in a refusal mean."""

_CODE = re.compile(r"\b(5\.\d)\.\d{1,3}\b")


WAITS: dict[str, Any] = {
    "daily": _l("It is gathered for this person's daily digest."),
    "weekly": _l("It is gathered for this person's digest on Monday."),
    "away": _l("This person wants no mail for now. It is gathered for the digest afterwards."),
    "later": _l("This person wants no mail for now. It leaves afterwards."),
}
"""For what a mail waits because its recipient chose so."""


def kind_word(kind: str) -> Any:
    """What a mail is about."""
    return KINDS.get(kind, kind)


def why_not(message: Message) -> Any:
    """Why a mail did not arrive or does not leave, in plain words; empty when nothing stands in its way."""
    if message.state in (State.SENT, State.SENDING):
        return ""
    if message.state is State.SUPPRESSED:
        return WHY_NOT.get(message.suppressed_reason or "", SOMETHING_ELSE)
    if message.state is State.QUEUED and message.waits:
        return WAITS[message.waits]
    return why(message.error_class, message.last_error) if message.error_class else ""


def why(error_class: str, told: str | None) -> Any:
    """One sentence for a machine word; a refusal is read more closely by its status code."""
    if error_class in ("refused", "bounced"):
        code = _CODE.search(told or "")
        return REFUSALS.get(code[1] if code else "", WHY_NOT[error_class])
    return WHY_NOT.get(error_class, SOMETHING_ELSE)


def trouble(state: str, error_class: str | None, told: str | None) -> Any:
    """One sentence for the desk: why it did not arrive, else what its state means."""
    return why(error_class, told) if error_class else STATE_SENTENCES[State(state)]


name_kinds(KINDS)
register(
    {
        "mail.sent_again": _l("Mail sent again"), "mail.hurried": _l("Waiting mail sent at once"),
        "mails.rehearsed": _l("Mails looked at before they leave"), "mails.confirmed": _l("Mails confirmed"),
    },
    fields={"address": _l("Address")},
    kinds={"message": _l("Mail")},
)  # fmt: skip
register(
    {},
    fields={
        "mails": _l("Mails"), "languages": _l("Languages"), "zones": _l("Time zones"), "without_mail": _l("People without a mail"),
        "problems": _l("Problems found"),
    },
    kinds={"rehearsal": _l("Mail to many, looked at")},
)  # fmt: skip
