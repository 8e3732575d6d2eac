"""Machine words of mails and expressions in the reader's words. Each sentence says what happened and what can be done."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from app.audit.words import register
from app.interests.models import Status
from app.notifications.models import Message, State

STATUSES: dict[Status, tuple[Any, str]] = {
    Status.DRAFT: (_l("Draft"), ""),
    Status.SUBMITTED: (_l("Submitted"), "warn"),
    Status.UNDER_REVIEW: (_l("Under review"), "warn"),
    Status.CLARIFICATION_ASKED: (_l("Clarification asked"), "warn"),
    Status.ACCEPTED: (_l("Accepted"), "good"),
    Status.WAITLISTED: (_l("Waitlisted"), ""),
    Status.DECLINED: (_l("Declined"), ""),
    Status.WITHDRAWN: (_l("Withdrawn"), ""),
}
"""Where an expression of interest stands: word and tone."""

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
    "join-invitation": _l("Invitation to join"),
    "password-changed": _l("Password changed"),
    "address-confirm": _l("Address to confirm"),
    "expression-draft": _l("Link to a draft"),
    "expression-received": _l("Expression of interest received"),
    "expression-confirm": _l("Address to confirm"),
    "expression-question": _l("Question to the applicant"),
    "expression-moved": _l("Expression of interest under review"),
    "expression-decided": _l("Decision on an expression of interest"),
    "expression-withdrawn": _l("Expression of interest withdrawn"),
    "expression-copy": _l("Copy of an expression of interest"),
    "session-invite": _l("Invitation"),
    "session-update": _l("Change of a session"),
    "session-cancel": _l("Session cancelled"),
    "session-uninvite": _l("Invitation withdrawn"),
    "session-confirmation": _l("Confirmation of an answer"),
    "session-waiting": _l("Place on the waiting list"),
    "session-seat": _l("Seat from the waiting list"),
    "session-reminder": _l("Reminder"),
    "session-nudge": _l("Request for an answer"),
    "session-copy": _l("Copy for information"),
    "answer-recorded": _l("Answer entered for somebody"),
}
"""What a mail is about. A kind that is not here shows its machine word."""

WHY_NOT: dict[str, Any] = {
    "address_refused": _l("The recipient's mail server does not know this address. Check it on the person's page."),
    "mailbox_full": _l("The recipient's mailbox is full."),
    "content_refused": _l("The recipient's mail server refused the content of this mail."),
    "too_large": _l("The recipient's mail server found this mail too large."),
    "sender_refused": _l("The mail server refused our own address as the sender. Tell the administrator."),
    "sign_in_refused": _l("Our mail server did not accept the platform's sign-in. Tell the administrator."),
    "server_away": _l("Our mail server could not be reached."),
    "server_busy": _l("The mail server asked to try later, each time."),
    "connection_lost": _l("The connection to the mail server broke."),
    "tls_refused": _l("A safe connection to the mail server could not be made. Tell the administrator."),
    "not_rendered": _l("The text of this mail could not be made. Tell the administrator."),
    "tried_too_long": _l("It was tried many times over three days."),
    "expired": _l("Its moment passed before it could leave."),
    "no_address": _l("No address is known for this person. Add it on the person's page, or write by post."),
    "address_unusable": _l("This is not an address that mail can be sent to. Correct it on the person's page."),
    "undeliverable": _l("Mail to this address came back before, so nothing more is sent to it."),
    "history": _l("This mail belongs to the history that came with the demonstration. It was never sent."),
}
"""Why a mail did not arrive, and what can be done. Keys are the machine words of delivery."""

SOMETHING_ELSE = _l("The mail server gave a reason that is shown below.")


def kind_word(kind: str) -> Any:
    """What a mail is about."""
    return KINDS.get(kind, kind)


def why_not(message: Message) -> Any:
    """Why a mail did not arrive, in plain words; empty when nothing went wrong."""
    word = message.suppressed_reason if message.state is State.SUPPRESSED else message.error_class
    if word is None and message.state is State.EXPIRED:
        word = "expired"
    if word is None:
        return ""
    return WHY_NOT.get(word, SOMETHING_ELSE)


def trouble(state: str, error_class: str | None) -> Any:
    """One sentence for the desk: why it did not arrive, else what its state means."""
    return WHY_NOT.get(error_class or "", STATE_SENTENCES[State(state)])


register(
    {"mail.sent_again": _l("Mail sent again"), "mail.hurried": _l("Waiting mail sent at once")},
    fields={"address": _l("Address")},
    kinds={"message": _l("Mail")},
)
