"""What this room's lines in the audit log say, and the labels of its fields, roles and kinds."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from app.accounts.models import CallOutcome, Capacity, Channel, MailRoute, OrganisationKind, Role
from app.accounts.queries.designations import Standing
from app.audit import words
from app.notifications.kinds import OFFERED, Mode, Topic

ORGANISATION_KINDS: dict[OrganisationKind, Any] = {
    OrganisationKind.STATE: _l("State"),
    OrganisationKind.MINISTRY: _l("Ministry or agency"),
    OrganisationKind.MISSION: _l("Permanent Mission"),
    OrganisationKind.UN_ENTITY: _l("United Nations entity"),
    OrganisationKind.CIVIL_SOCIETY: _l("Civil society"),
    OrganisationKind.ACADEMIA: _l("Academia"),
    OrganisationKind.REGIONAL_BODY: _l("Regional body"),
}
ROUTES: dict[MailRoute, Any] = {
    MailRoute.CAPITAL: _l("To the capital"),
    MailRoute.MISSION: _l("To the Permanent Mission"),
    MailRoute.BOTH: _l("To both"),
}
CHANNELS: dict[Channel, Any] = {Channel.EMAIL: _l("E-mail"), Channel.PHONE: _l("Phone"), Channel.POST: _l("Post")}
CAPACITIES: dict[Capacity, Any] = {Capacity.FOCAL_POINT: _l("Focal point"), Capacity.ALTERNATE: _l("Alternate")}
ROLES: dict[Role, Any] = {
    Role.ADMINISTRATOR: _l("Administrator"),
    Role.SECRETARIAT: _l("Secretariat"),
    Role.CO_LEAD: _l("Co-lead"),
    Role.FOCAL_POINT: _l("Focal point"),
    Role.PARTICIPANT: _l("Participant"),
    Role.OBSERVER: _l("Observer"),
    Role.AUDITOR: _l("Auditor"),
}
STANDINGS: dict[Standing, tuple[Any, str]] = {
    Standing.WAITING: (_l("To be verified"), "warn"),
    Standing.IN_FORCE: (_l("In force"), "good"),
    Standing.TO_COME: (_l("Begins later"), "brand"),
    Standing.OVER: (_l("Over"), ""),
    Standing.REFUSED: (_l("Refused"), "bad"),
}
METHODS: dict[str, Any] = {
    "password": _l("With the password"),
    "link": _l("With a mailed link"),
    "join": _l("With the invitation to join"),
}
CALL_OUTCOMES: dict[CallOutcome, tuple[Any, str]] = {
    CallOutcome.TOLD: (_l("Told by phone"), "good"),
    CallOutcome.NO_ANSWER: (_l("No answer on the phone"), "warn"),
    CallOutcome.WRONG_NUMBER: (_l("Wrong number"), "bad"),
    CallOutcome.CALLS_BACK: (_l("Calls back"), "warn"),
}
"""What came of a call: word and tone."""
WEEKDAYS: dict[str, Any] = {
    "1": _l("Monday"), "2": _l("Tuesday"), "3": _l("Wednesday"), "4": _l("Thursday"), "5": _l("Friday"),
    "6": _l("Saturday"), "7": _l("Sunday"),
}  # fmt: skip
THEMES: dict[str, Any] = {"device": _l("As my device"), "light": _l("Light"), "dark": _l("Dark")}

FIELDS: dict[str, Any] = {
    "email": _l("E-mail address"),
    "honorifics": _l("Honorific"),
    "given_name": _l("Given name"),
    "family_name": _l("Family name"),
    "name": _l("Name"),
    "names": _l("Names"),
    "successor": _l("Successor"),
    "predecessor": _l("Predecessor"),
    "formal_names": _l("Formal names"),
    "posts": _l("Post"),
    "forms_of_address": _l("Form of address"),
    "phone": _l("Phone"),
    "language": _l("Language"),
    "zone": _l("Time zone"),
    "channel": _l("Preferred channel"),
    "theme": _l("Colours"),
    "lighter_pages": _l("Lighter pages"),
    "active": _l("Active"),
    "role": _l("Role"),
    "organisation": _l("Organisation"),
    "kind": _l("Kind"),
    "parent_id": _l("Part of"),
    "weekend": _l("Weekend"),
    "mail_route": _l("Where its mail goes"),
    "state": _l("State"),
    "person": _l("Person"),
    "capacity": _l("Capacity"),
    "letter_number": _l("Number of the letter"),
    "letter_date": _l("Date of the letter"),
    "signatory": _l("Signed by"),
    "scan": _l("Scan of the letter"),
    "replaces": _l("Replaces"),
    "valid_from": _l("From"),
    "valid_to": _l("Until"),
    "verified_at": _l("Verified"),
    "outcome": _l("What came of it"),
    "called_at": _l("Time of the call"),
    "other_address": _l("Another address"),
}
"""Labels of fields, for the log and for the page two editors meet on."""

TOPICS: dict[Topic, tuple[Any, Any]] = {
    Topic.REMINDERS: (
        _l("Reminders of sessions"),
        _l("Before a session in which you hold a seat, and when your answer to an invitation is missing."),
    ),
    Topic.TASKS: (_l("Tasks"), _l("Milestones whose date comes near or has passed, and opinions you are asked for.")),
    Topic.CALLS: (_l("Circulars about calls"), _l("What the secretariat writes to those who took part in a call.")),
    Topic.NEWS: (_l("Other circulars"), _l("What the secretariat writes about an exchange, a ground or to the working group.")),
    Topic.DIGEST: (_l("Digests"), _l("What was gathered for you, in one mail.")),
}
"""What may be chosen or ended: what it is called, and what belongs to it."""

ALWAYS: tuple[tuple[Any, Any], ...] = (
    (
        _l("Sessions you are invited to"),
        _l("Invitations, changes, cancellations, confirmations of your answer, places on the waiting list."),
    ),
    (_l("Your expressions of interest"), _l("That it arrived, questions about it, decisions on it.")),
    (_l("Mail of your State or office"), _l("Letters, delegates to decide on, addresses to correct, what you took over.")),
    (_l("Your account"), _l("Links to sign in and to join, word of a new password.")),
)
"""What always comes, in the order of ``Topic``."""

MODES: dict[Mode, Any] = {
    Mode.AT_ONCE: _l("At once"),
    Mode.DAILY: _l("Gathered, every day at 8:00"),
    Mode.WEEKLY: _l("Gathered, on Mondays at 8:00"),
    Mode.NONE: _l("Not by mail"),
    Mode.LEFT: _l("Not by mail any more"),
}
"""How mails of a topic come."""

MAIL_FIELDS: dict[str, Any] = {
    "mails_reminders": TOPICS[Topic.REMINDERS][0],
    "mails_tasks": TOPICS[Topic.TASKS][0],
    "mails_calls": TOPICS[Topic.CALLS][0],
    "mails_news": TOPICS[Topic.NEWS][0],
    "quiet_until": _l("Last day without mail"),
}
"""Labels of choices, for the log and for the page two editors meet on."""

ACTIONS: dict[str, Any] = {
    "organisation.created": _l("Organisation added"),
    "organisation.changed": _l("Organisation changed"),
    "person.created": _l("Person added"),
    "person.changed": _l("Person changed"),
    "person.profile_changed": _l("Own profile changed"),
    "person.deactivated": _l("Person deactivated"),
    "person.reactivated": _l("Person activated again"),
    "person.joined_organisation": _l("Membership began"),
    "person.left_organisation": _l("Membership ended"),
    "person.invited": _l("Invited to join"),
    "person.joined": _l("Joined"),
    "person.role_granted": _l("Role given"),
    "person.role_ended": _l("Role ended"),
    "person.password_set": _l("Password set"),
    "person.signed_in": _l("Signed in"),
    "person.signed_out": _l("Signed out"),
    "person.sign_ins_ended": _l("Signed out everywhere"),
    "person.feed_revoked": _l("Calendar address replaced"),
    "person.called": _l("Called by phone"),
    "person.unreachable": _l("Mail came back from the address"),
    "person.reachable": _l("Address works again"),
    "person.mails_chosen": _l("Choice of mails changed"),
    "person.mails_left": _l("Mails ended from a mail program"),
    "person.mail_links_ended": _l("Links to the choice of mails ended"),
    "person.other_address": _l("Answers also from another address"),
    "designation.recorded": _l("Designation recorded"),
    "designation.corrected": _l("Designation corrected"),
    "designation.verified": _l("Designation verified"),
    "designation.refused": _l("Designation refused"),
    "designation.ended": _l("Designation ended"),
    "designation.handed_over": _l("Designation ended by a hand-over"),
    "person.handed_over": _l("Handed over"),
    "person.took_over": _l("Took over"),
    "designation.scan_added": _l("Scan of the letter added"),
}

words.register(
    ACTIONS,
    FIELDS | MAIL_FIELDS,
    {"person": _l("Person"), "organisation": _l("Organisation"), "designation": _l("Designation")},
)
words.register_values({
    "organisation.kind": ORGANISATION_KINDS, "mail_route": ROUTES, "channel": CHANNELS, "capacity": CAPACITIES, "role": ROLES,
    "weekend": WEEKDAYS, "theme": THEMES, "outcome": CALL_OUTCOMES, **dict.fromkeys((f"mails_{t}" for t in OFFERED), MODES),
})  # fmt: skip
words.register_notes({f"person.signed_in:{method}": said for method, said in METHODS.items()})
