"""The words pages, mails and refusals use for what this room holds. Labels only; nothing is decided here."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from app.audit import words as audit
from app.exchanges.models import (
    Answer,
    Capacity,
    Cause,
    Decision,
    Line,
    ListShown,
    Registration,
    Seat,
    SessionStatus,
    Touch,
    Visibility,
)

FIELDS: dict[str, Any] = {
    "titles": _l("Title"),
    "purposes": _l("Purpose"),
    "agendas": _l("Agenda"),
    "local_start": _l("Start"),
    "zone": _l("Time zone"),
    "fold": _l("Which of the two times"),
    "keeps_instant": _l("When clock rules of this zone change, keep the moment and not the hour"),
    "minutes": _l("Length in minutes"),
    "capacity": _l("Number of seats"),
    "languages": _l("Languages"),
    "join_url": _l("Link to join"),
    "dial_in": _l("Dial-in"),
    "test_url": _l("Link to test the connection"),
    "visibility": _l("Who may see it"),
    "grounds": _l("Grounds of admission and stay"),
    "invite_accepted": _l("Also invite accepted expressions of interest on these grounds"),
    "sitting": _l("Second sitting"),
    "registration": _l("How people come by a place"),
    "hosts_approve": _l("Verified focal points of the hosts decide too"),
    "quota": _l("Seats for each State or organisation"),
    "own_quotas": _l("Other numbers of seats for some"),
    "line": _l("Order of the waiting list"),
    "offer_hours": _l("Hours for which a free seat is offered"),
    "delegation_whole": _l("Keep a delegation together"),
    "themes": _l("Theme"),
    "hosts": _l("Hosts"),
    "reminders": _l("Reminders"),
    "status": _l("State of the session"),
    "list_shown": _l("Who may see which States and organisations are invited"),
}

ANSWERS: dict[Answer, Any] = {Answer.YES: _l("Yes"), Answer.MAYBE: _l("Maybe"), Answer.NO: _l("No")}

SEATS: dict[Seat, Any] = {
    Seat.NONE: _l("No seat"),
    Seat.HELD: _l("Seat held"),
    Seat.WAITING: _l("On the waiting list"),
}

CAPACITIES: dict[Capacity, Any] = {
    Capacity.PARTICIPANT: _l("Participant"),
    Capacity.OBSERVER: _l("Observer"),
    Capacity.INFORMATION: _l("Copy for information"),
}

REGISTRATIONS: dict[Registration, Any] = {
    Registration.INVITATION: _l("By invitation only"),
    Registration.APPROVAL: _l("Anyone who sees the session may ask; each place is approved"),
    Registration.OPEN: _l("Anyone who sees the session may take a place while there is room"),
}

LINES: dict[Line, Any] = {
    Line.FIRST: _l("First come, first served"),
    Line.FAIR: _l("A State with fewer seats goes first, then first come"),
}

STATUSES: dict[SessionStatus, Any] = {
    SessionStatus.DRAFT: _l("Draft"),
    SessionStatus.SCHEDULED: _l("Scheduled"),
    SessionStatus.CANCELLED: _l("Cancelled"),
}

VISIBILITIES: dict[Visibility, Any] = {
    Visibility.PUBLIC: _l("Everyone"),
    Visibility.INVITED: _l("Only those who are invited"),
}

GUESTS = _l("Invited to the exchange")

LISTS_SHOWN: dict[ListShown, Any] = {
    ListShown.HOSTS: _l("The secretariat and the hosts"),
    ListShown.INVITED: _l("Those who are invited too"),
    ListShown.PUBLIC: _l("Everyone who may see the exchange"),
}

ROUTES: dict[str, Any] = {
    "page": _l("on the page"),
    "mail": _l("by mail"),
    "state": _l("by the focal point"),
    "secretariat": _l("entered by the secretariat"),
}

SOURCES: dict[str, Any] = {
    "note_verbale": _l("Note verbale"),
    "email": _l("E-mail"),
    "phone": _l("Phone"),
}

BECAUSE: dict[str, Any] = {
    "by_hand": _l("Invited by name"),
    "state": _l("Invited for the State"),
    "organisation": _l("Invited for the organisation"),
    "expression": _l("Invited for an accepted expression of interest"),
    "delegate": _l("Named by the State"),
    "hand_over": _l("Took over from somebody who was invited"),
    "asked": _l("Asked for a place"),
    "sitting": _l("Changed from the other sitting"),
}
"""Why somebody is invited, on the record of the invitation."""

UNCLEAR: dict[str, Any] = {
    "unknown_uid": _l("The answer names a session that we do not know."),
    "unknown_replier": _l("The person who answers was not invited to this session."),
    "sender_differs": _l("The mail came from another address than the one it answers for."),
    "not_authentic": _l("Our mail server could not confirm that the mail comes from this address. Ask the person another way."),
    "alias": _l("The answer comes from an address that we do not know, and it seems to be of somebody who is invited."),
    "contradicts": _l("The mail says something else than an earlier one of the same moment."),
    "older_answer": _l("The mail is older than the answer that stands, and says something else."),
    "delegated": _l("The person wants to send somebody else."),
    "delegate_answers": _l("Somebody answers in the place of a person who is invited."),
    "counter": _l("The person proposes another time."),
    "no_calendar_part": _l("The mail has no calendar answer. Read it and record what it says."),
    "several_attendees": _l("The mail answers for more than one person."),
    "session_over": _l("The session is over or cancelled."),
    "uninvited": _l("The invitation was taken back before this answer came."),
    "several_events": _l("The mail answers for more than one session."),
    "unreadable": _l("The calendar answer cannot be read."),
    "too_large": _l("The mail is too large to be read."),
    "too_many_parts": _l("The mail has too many parts to be read."),
    "broken": _l("The mail is damaged and cannot be read."),
    "too_deep": _l("The mail has mails inside mails and cannot be read."),
    "delivery_report": _l("A mail server reports about a mail of ours. Check the address."),
    "stop_over": _l("A mail program asked to end mails by a link that no longer works. Set it on the person's page."),
    "not_judged": _l("The mail could not be judged. Read it and record what it says."),
    "information_copy": _l("The person got a copy for information and was not asked to answer."),
    "no_answer": _l("The mail program sent back the invitation without an answer."),
}
"""Why an inbound mail is on the secretariat's desk."""

DECISIONS = (
    "recorded", "set_aside", "delegate_accepted", "delegate_refused", "replier_invited", "replier_refused", "proposal_declined",
    "proposal_taken", "address_marked",
)  # fmt: skip
"""What the desk, or a focal point, can decide about such a mail."""

CAUSES: dict[Cause, Any] = {
    Cause.ANCHOR: _l("The hour in the session's zone is another moment now."),
    Cause.GAP: _l("This hour does not happen any more that day in the session's zone."),
    Cause.FOLD: _l("This hour happens twice now that day in the session's zone."),
    Cause.PEOPLE: _l("The session stands. Clocks of people who are invited show another hour."),
}
"""What a change of clock rules did to a session."""

SETTLED: dict[Decision, Any] = {
    Decision.WALL: _l("The hour was kept"),
    Decision.SECOND: _l("The later of the two was taken"),
    Decision.INSTANT: _l("The moment was kept"),
    Decision.EDITED: _l("The session got another time"),
    Decision.CANCELLED: _l("The session was cancelled"),
    Decision.UNDONE: _l("Later rules took the change back"),
    Decision.LAPSED: _l("The session began, and nobody had decided"),
}
"""What became of it."""

TOUCHES: dict[Touch, Any] = {
    Touch.MOVED: _l("another hour: the session moved"),
    Touch.OWN: _l("another hour: their clocks changed"),
    Touch.SAME: _l("the same hour: their calendar is corrected"),
}
"""How it reaches a person."""

audit.register(
    {
        "exchange.created": _l("Exchange created"),
        "exchange.changed": _l("Exchange changed"),
        "exchange.copied": _l("Exchange copied from another"),
        "exchange.series_planned": _l("Series of sessions planned"),
        "exchange.sessions_moved": _l("Sessions moved together"),
        "exchange.sessions_cancelled": _l("Sessions cancelled together"),
        "exchange.listed": _l("Put on the list of those invited to the exchange"),
        "exchange.unlisted": _l("Taken off the list of those invited to the exchange"),
        "session.created": _l("Session created"),
        "session.scheduled": _l("Session scheduled"),
        "session.changed": _l("Session changed"),
        "session.cancelled": _l("Session cancelled"),
        "session.invited": _l("People invited"),
        "session.day_off_meant": _l("Invited on a day off of many States, and meant so"),
        "session.uninvited": _l("Invitation taken back"),
        "session.answered": _l("Answer recorded"),
        "session.seat_found": _l("Seat given to the first on the waiting list"),
        "session.seat_offered": _l("Seat offered to the next on the waiting list"),
        "session.offer_lapsed": _l("Offer of a seat passed on"),
        "session.place_asked": _l("Place asked for"),
        "session.place_approved": _l("Place approved"),
        "session.place_declined": _l("Place declined"),
        "session.places_changed": _l("Rules about places changed"),
        "session.second_sitting": _l("Second sitting added"),
        "session.sitting_changed": _l("Changed to the other sitting"),
        "session.handed_over": _l("Invitation handed over"),
        "session.notes_handed_over": _l("Notes to come handed over"),
        "session.delegate_named": _l("Delegate named"),
        "session.asked_again": _l("Those without an answer asked once more"),
        "session.updates_sent": _l("Waiting updates sent at once"),
        "reply.recorded": _l("Answer recorded from a mail"),
        "reply.set_aside": _l("Mail set aside"),
        "reply.delegate_accepted": _l("Delegate accepted from a mail"),
        "reply.delegate_refused": _l("Delegate not accepted"),
        "reply.replier_invited": _l("Invited after a mail"),
        "reply.replier_refused": _l("Not invited after a mail"),
        "reply.proposal_declined": _l("Proposed time not taken"),
        "reply.proposal_taken": _l("Proposed time taken"),
        "reply.address_marked": _l("Address marked as not working"),
        "session.entry_sent_again": _l("Calendar entry sent again, as asked"),
        "session.clocks_changed": _l("Clock rules changed"),
        "session.clocks_asked": _l("Clock rules changed, a decision is asked for"),
    },
    {
        **FIELDS,
        "sessions": _l("Sessions"),
        "guests": GUESTS,
        "copied_from": _l("Copied from"),
        "starts_at": _l("Start (UTC)"),
        "tzdb_version": _l("Time zone data"),
        "answer": _l("Answer"),
        "seat": _l("Seat"),
        "invitation": _l("Invitation"),
        "invitations": _l("Invitations"),
        "delegate": _l("Delegate"),
        "source": _l("How it came"),
        "states_off": _l("States that do not work that day"),
        "states_asked": _l("States asked about"),
        "messages": _l("Mails"),
        "address": _l("Address"),
    },
    {"exchange": _l("Exchange"), "session": _l("Session"), "invitation": _l("Invitation"), "inbound_mail": _l("Mail")},
)
audit.register_values({
    "session.status": STATUSES, "session.visibility": VISIBILITIES, "exchange.visibility": VISIBILITIES,
    "exchange.list_shown": LISTS_SHOWN, "exchange.status": STATUSES, "exchange.capacity": CAPACITIES, "answer": ANSWERS,
    "seat": SEATS, "session.capacity": CAPACITIES, "session.registration": REGISTRATIONS, "session.line": LINES,
})  # fmt: skip
audit.register_notes({
    **{f"session.answered:{word}": said for word, said in ROUTES.items()},
    **{f"session.invited:{word}": said for word, said in BECAUSE.items()},
    **{f"reply.{verb}:{word}": said for verb in DECISIONS for word, said in UNCLEAR.items()},
    **{f"session.clocks_changed:{word.value}": said for word, said in SETTLED.items()},
    "session.changed:told": _l("Everyone was told"), "session.changed:untold": _l("Nobody was told"),
    "session.second_sitting:told": _l("Everyone was told"), "session.second_sitting:untold": _l("Nobody was told"),
})  # fmt: skip
