"""What applicants are told: one letter for each dated step, in their language, to the address they gave."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from app.accounts.models import Person
from app.accounts.queries import letter_for, person_by_email
from app.core import codes, days
from app.core.db import Json
from app.core.signing import external_url, mark, opened, standing_code
from app.core.text import fold
from app.interests.models import Expression, Move, Question, Status
from app.interests.opinion_models import Opinion
from app.notifications.models import Priority
from app.notifications.outbox import Letter, queue

DECIDED = frozenset({Status.ACCEPTED, Status.WAITLISTED, Status.DECLINED})


def link(purpose: str, expression: Expression) -> str:
    """The address of one of an expression's own pages, in the applicant's language."""
    return opened(_kept_link(purpose, expression))


def question_link(question: Question) -> str:
    """The address of the page on which a question is answered."""
    return opened(_kept_question_link(question))


def _kept_link(purpose: str, expression: Expression) -> str:
    """The same as it waits in a message, with the mark of its token."""
    endpoint, nonce = {
        "draft": ("interests.resume", expression.draft_nonce),
        "confirm": ("interests.confirmation", expression.confirm_nonce),
        "status": ("interests.status", expression.status_nonce),
        "correct": ("interests.correction", expression.status_nonce),
    }[purpose]
    return external_url(endpoint, expression.language, token=mark(purpose, expression.id, nonce))


def _kept_question_link(question: Question) -> str:
    token = mark("question", question.id, question.nonce)
    return external_url("interests.question", question.expression.language, token=token)


def _code(purpose: str, expression: Expression) -> Json:
    """The short code beside the link of this purpose, as facts hold it; who has none that works gets one."""
    kept, nonce = getattr(expression, f"{purpose}_code_digest"), getattr(expression, f"{purpose}_nonce")
    digest = standing_code(purpose, expression.id, nonce, kept)
    setattr(expression, f"{purpose}_code_digest", digest)
    return {purpose: codes.mark(mark(purpose, expression.id, nonce), digest)}


def resume_link(expression: Expression, now: datetime) -> None:
    """The way back to a draft, on any device. It says nothing of what was typed."""
    links = {"draft": _kept_link("draft", expression)}
    facts = {"expires_at": expression.draft_expires_at, "links": links, "codes": _code("draft", expression)}
    _tell(expression, "expression-draft", now.isoformat(timespec="seconds"), facts, now, Priority.URGENT, named=False)


def acknowledge(expression: Expression, now: datetime) -> None:
    """It arrived: the reference, the status page, and the button that confirms the address."""
    facts = {
        "sent_at": expression.submitted_at,
        "later": expression.endorsement == "later",
        "links": {"status": _kept_link("status", expression), "confirm": _kept_link("confirm", expression)},
    }
    _tell(expression, "expression-received", "", facts, now, Priority.URGENT)


def ask_to_confirm(expression: Expression, now: datetime) -> None:
    """The button that confirms the address, once more."""
    facts = {"links": {"confirm": _kept_link("confirm", expression)}, "codes": _code("confirm", expression)}
    _tell(expression, "expression-confirm", expression.confirm_nonce, facts, now, Priority.URGENT)


def copy_to_correct(expression: Expression, now: datetime) -> None:
    """What the secretariat entered for the contact, with the page on which it can be corrected."""
    facts = {
        "entered_at": expression.submitted_at,
        "source": expression.source.value,
        "source_number": expression.source_number or "",
        "source_date": expression.source_date.isoformat() if expression.source_date else "",
        "organisation": expression.organisation_name,
        "unit": expression.organisation_unit,
        "state": expression.state.names if expression.state else {},
        "aim": expression.aim,
        "links": {"status": _kept_link("status", expression), "correct": _kept_link("correct", expression)},
    }
    _tell(expression, "expression-copy", "", facts, now)


def ask(question: Question, now: datetime, *, again: str = "") -> None:
    """A question of the secretariat, with the page on which it is answered; ``again`` once more, with a new link."""
    expression = question.expression
    links = {"question": _kept_question_link(question), "status": _kept_link("status", expression)}
    facts = {"question": {"md": question.text}, "asked_at": question.asked_at, "links": links}
    step = f"{question.id}:{again}" if again else str(question.id)
    _tell(expression, "expression-question", step, facts, now)


def new_links(expression: Expression, now: datetime, *, former: str = "") -> None:
    """The links that work from now on: somebody took over from ``former``, or the address was corrected."""
    draft = expression.status is Status.DRAFT
    purpose = "draft" if draft else "status"
    facts: dict[str, Any] = {"former": former, "draft": draft, "links": {purpose: _kept_link(purpose, expression)}}
    if draft:
        facts["codes"] = _code("draft", expression)
    _tell(expression, "expression-links", expression.status_nonce, facts, now)


def moved(expression: Expression, move: Move, now: datetime) -> None:
    """A dated step: taken up, answered, decided, withdrawn."""
    if move.after in DECIDED:
        kind = "expression-decided"
    elif move.after is Status.WITHDRAWN:
        kind = "expression-withdrawn"
    else:
        kind = "expression-moved"
    facts = {
        "before": move.before.value,
        "after": move.after.value,
        "at": move.at,
        "reason": {"md": move.reason or ""},
        "by_applicant": move.by_id is None,
        "links": {"status": _kept_link("status", expression)},
    }
    _tell(expression, kind, str(move.id), facts, now)


def ask_for_opinions(opinions: Iterable[Opinion], now: datetime, *, again: str = "") -> None:
    """Each co-lead is asked what they think, with the page on which they say it after signing in.

    ``again`` tells a second asking from the first, whose mail was taken back.
    """
    more = f":{again}" if again else ""
    letters = [
        _to_co_lead(o, "opinion-asked", f"opinion-asked:{o.id}:{o.person_id}{more}", {"text": {"md": o.request.text}}, None)
        for o in opinions
    ]
    queue(letters, now=now)


def opinion_reminder(opinion: Opinion, *, key: str, last: bool, expires_at: datetime) -> Letter:
    """An opinion is still missing; ``last`` on the last day for it."""
    return _to_co_lead(opinion, "opinion-reminder", key, {"last": last}, expires_at)


def _to_co_lead(opinion: Opinion, kind: str, key: str, said: Json, expires_at: datetime | None) -> Letter:
    """No note, answer or opinion is in it: only what the record is and until when there is time."""
    request, person = opinion.request, opinion.person
    expression = request.expression
    end = days.end_of(request.due_on, person.zone)
    page = external_url("interests.opinion", person.language, expression_id=expression.id)
    facts: Json = {
        "reference": expression.reference or "",
        "call": expression.call.titles,
        "state": expression.state.names if expression.state else {},
        "organisation": expression.organisation_name,
        "due": days.instant(request.due_on, days.NOON, person.zone).isoformat(),
        "links": {"opinion": page},
        **said,
    }
    return letter_for(
        person, kind=kind, key=key, facts=facts, expires_at=expires_at or end, thread=f"opinion:{opinion.id}",
        subject_kind="expression", subject_id=expression.id,
    )  # fmt: skip


def _tell(
    expression: Expression,
    kind: str,
    step: str,
    facts: dict[str, Any],
    now: datetime,
    priority: Priority = Priority.NORMAL,
    *,
    named: bool = True,
) -> None:
    common: Json = {"reference": expression.reference or "", "call": expression.call.titles}
    if "status" in facts["links"]:
        facts = {**facts, "codes": _code("status", expression)}
    known = expression.contact or person_by_email(expression.contact_email)
    told = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in facts.items()}
    queue(
        Letter(
            kind=kind,
            key=":".join(part for part in (kind, str(expression.id), step) if part),
            address=expression.contact_email,
            closed=known is not None and not known.active,
            locale=expression.language,
            zone=expression.contact_zone,
            facts={**common, **told},
            recipient_id=expression.contact_id,
            recipient_name=expression.contact_name if named else "",
            salutation=_salutation(expression, known) if named else "",
            priority=priority,
            thread=f"expression:{expression.id}",
            subject_kind="expression",
            subject_id=expression.id,
        ),
        now=now,
    )


def _salutation(expression: Expression, known: Person | None) -> str:
    """The form of address of the contact's own record, if that is who the form names; else the title the form gives."""
    if known is not None and fold(known.family_name) == fold(expression.contact_family_name):
        form = known.salutation(expression.language)
        if form:
            return form
    honorific = expression.contact_honorific
    return f"{honorific} {expression.contact_family_name}".strip() if honorific else ""
