"""Machine words of this room in the reader's words, and what the audit log calls its changes."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from app.accounts.models import OrganisationKind
from app.accounts.reader import best
from app.accounts.visibility import WORDS
from app.audit.words import register, register_values
from app.interests.models import Ask, Endorsement, Mode, Source, Status
from app.interests.opinion_models import View
from app.topics.queries import grounds

STATUSES: dict[Status, tuple[Any, str]] = {
    Status.DRAFT: (_l("Draft"), ""),
    Status.SUBMITTED: (_l("Submitted"), "warn"),
    Status.UNDER_REVIEW: (_l("Under review"), "warn"),
    Status.CLARIFICATION_ASKED: (_l("Clarification asked"), "warn"),
    Status.ACCEPTED: (_l("Accepted"), "good"),
    Status.WAITLISTED: (_l("On the waiting list"), ""),
    Status.DECLINED: (_l("Declined"), ""),
    Status.WITHDRAWN: (_l("Withdrawn"), ""),
}
"""Where an expression of interest stands: word and tone."""

NEXT: dict[Status, Any] = {
    Status.SUBMITTED: _l("The secretariat reads it next. You get a mail at each step."),
    Status.UNDER_REVIEW: _l("The secretariat is reading it. You get a mail when it is decided, or when there is a question."),
    Status.CLARIFICATION_ASKED: _l("The secretariat asked you a question and waits for your answer."),
    Status.ACCEPTED: _l("It was accepted. The secretariat invites you to sessions on your grounds."),
    Status.WAITLISTED: _l("It is on the waiting list. You get a mail when a place becomes free."),
    Status.DECLINED: _l("It was not accepted this time. The reason is below."),
    Status.WITHDRAWN: _l("It was withdrawn. Nothing more happens with it."),
}
"""What comes next, told to the applicant."""

ASKS: dict[Ask, Any] = {
    Ask.JOIN_EXCHANGE: _l("Join exchanges on themes"),
    Ask.PILOT_TOOL: _l("Pilot a tool"),
    Ask.ANSWER_QUESTIONNAIRE: _l("Answer a questionnaire"),
    Ask.SHARE_PRACTICE: _l("Share a practice"),
}

MODES: dict[Mode, tuple[Any, Any]] = {
    Mode.SEEK: (_l("Seek"), _l("We would like to hear how peers go about it, or to pilot a tool")),
    Mode.OFFER: (_l("Offer"), _l("We can share a practice, a tool or an expert")),
    Mode.BOTH: (_l("Both"), _l("We would like to exchange in both directions")),
}

KINDS: dict[OrganisationKind, Any] = {
    OrganisationKind.STATE: _l("State"),
    OrganisationKind.MINISTRY: _l("Ministry or government agency"),
    OrganisationKind.MISSION: _l("Permanent Mission"),
    OrganisationKind.REGIONAL_BODY: _l("Regional body"),
    OrganisationKind.UN_ENTITY: _l("United Nations entity"),
    OrganisationKind.CIVIL_SOCIETY: _l("Civil society organisation"),
    OrganisationKind.ACADEMIA: _l("University or research institute"),
}

SOURCES: dict[Source, Any] = {
    Source.WEB_FORM: _l("Form on this site"),
    Source.NOTE_VERBALE: _l("Note verbale"),
    Source.EMAIL: _l("E-mail"),
    Source.PHONE: _l("Phone"),
}

ENDORSEMENTS: dict[Endorsement, Any] = {
    Endorsement.NONE: _l("None"),
    Endorsement.UPLOADED: _l("Sent with the form"),
    Endorsement.LATER: _l("To come later by mail"),
    Endorsement.RECEIVED: _l("Received by the secretariat"),
}

VIEWS: dict[View, tuple[Any, str]] = {
    View.SUPPORT: (_l("Support"), "good"),
    View.NO_OBJECTION: (_l("No objection"), ""),
    View.CONCERN: (_l("Concern"), "warn"),
}
"""What a co-lead thinks: word and tone."""

FIELDS: dict[str, Any] = {
    "organisation_kind": _l("Kind of organisation"),
    "state_id": _l("State"),
    "organisation_name": _l("Ministry or organisation"),
    "organisation_unit": _l("Department or unit"),
    "contact_honorific": _l("Title"),
    "contact_given_name": _l("Given name"),
    "contact_family_name": _l("Family name"),
    "contact_post": _l("Post"),
    "contact_email": _l("E-mail address"),
    "contact_phone": _l("Phone"),
    "contact_zone": _l("Time zone"),
    "language": _l("Language of our mails"),
    "mode": _l("Seek or offer"),
    "asks": _l("What you would like to do"),
    "grounds": _l("Grounds of admission and stay"),
    "tools": _l("Tools to pilot"),
    "languages": _l("Languages you can work in"),
    "aim": _l("In your own words"),
    "start_on": _l("Earliest start"),
    "constraints": _l("What we should take into account"),
    "endorsement": _l("Official endorsement"),
}
"""Labels of what an expression holds: forms, record page, copy and audit log use the same."""

register(
    {
        "call.created": _l("Call written"),
        "call.changed": _l("Call changed"),
        "call.published": _l("Call published"),
        "call.hidden": _l("Call taken off the site"),
        "expression.submitted": _l("Expression of interest sent"),
        "expression.entered": _l("Expression of interest entered on behalf"),
        "expression.confirmed": _l("E-mail address confirmed by its owner"),
        "expression.corrected": _l("Expression of interest corrected by its contact"),
        "expression.under_review": _l("Review begun"),
        "expression.clarification_asked": _l("Question asked"),
        "expression.answered": _l("Question answered"),
        "expression.accepted": _l("Expression of interest accepted"),
        "expression.waitlisted": _l("Expression of interest put on the waiting list"),
        "expression.declined": _l("Expression of interest declined"),
        "expression.withdrawn": _l("Expression of interest withdrawn"),
        "expression.assigned": _l("Assigned"),
        "expression.noted": _l("Note added"),
        "expression.endorsed": _l("Official endorsement recorded"),
        "expression.opinions_asked": _l("Opinions of co-leads asked for"),
        "expression.opinion_given": _l("Opinion given"),
        "expression.conflict_declared": _l("Conflict of interest declared"),
        "expression.conflict_withdrawn": _l("Declaration of a conflict of interest taken back"),
        "expression.relabelled": _l("Who may see it changed"),
        "expression.handed_over": _l("Handed over to another contact"),
        "expression.address_renewed": _l("Address corrected, links renewed"),
        "expression.erased": _l("Names, texts and files deleted after 24 months"),
    },
    fields={
        **FIELDS,
        "status": _l("Status"),
        "assignee": _l("Assigned to"),
        "reason": _l("Reason"),
        "titles": _l("Title"),
        "texts": _l("Text"),
        "zone": _l("Time zone"),
        "opens_local": _l("Opens"),
        "closes_local": _l("Closes"),
        "opens_at": _l("Opens"),
        "closes_at": _l("Closes"),
        "who_may_apply": _l("Who may apply"),
        "published": _l("Published"),
        "co_leads": _l("Co-leads"),
        "due_on": _l("Deadline"),
        "visibility": _l("Who may see it"),
        "contact": _l("Contact"),
    },
    kinds={"call": _l("Call"), "expression": _l("Expression of interest")},
)
register_values({
    "expression.status": STATUSES, "expression.source": SOURCES, "organisation_kind": KINDS, "asks": ASKS, "mode": MODES,
    "endorsement": ENDORSEMENTS, "who_may_apply": KINDS, "view": VIEWS,
    "grounds": lambda: {code: best(ground.labels) for code, ground in grounds().items()},
    **{f"{kind}.visibility": WORDS for kind in ("expression", "pilot")},
})  # fmt: skip
