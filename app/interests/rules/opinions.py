"""The co-leads are asked for an opinion, say it, change it, or say that they had better not."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Person
from app.accounts.visibility import AMONG_US, Label
from app.audit.rules import record
from app.core import days
from app.core.errors import RuleBroken
from app.extensions import db
from app.interests import messages
from app.interests.models import WITH_THE_SECRETARIAT, Expression, Status
from app.interests.opinion_models import LeftOut, Opinion, OpinionRecord, OpinionRequest, View, WithdrawnConflict
from app.interests.queries.opinions import co_leads, is_left_out, last_moment, open_request
from app.interests.rules.moving import lock
from app.notifications.outbox import cancel_waiting

KINDS = ("opinion-asked", "opinion-reminder")
"""Mails that are void once nothing is asked any more."""


def ask_opinions(
    expression: Expression, due_on: date, *, text: str = "", visibility: Label = Label.SECRETARIAT, by: Person, now: datetime
) -> OpinionRequest:
    """Ask every co-lead who is not left out, until the end of a day on their own clocks."""
    lock(expression)
    if expression.status not in WITH_THE_SECRETARIAT:
        raise RuleBroken(_("This expression of interest is decided. No opinion is needed any more."))
    if open_request(expression) is not None:
        raise RuleBroken(_("The co-leads were asked already, and their time is not over."))
    if visibility not in AMONG_US:
        raise RuleBroken(_("Opinions of co-leads are not shown to the State."), field="visibility")
    asked = co_leads(expression)
    if not asked:
        raise RuleBroken(_("There is no co-lead who can be asked."))
    if any(days.end_of(due_on, person.zone) <= now for person in asked):
        raise RuleBroken(_("Choose a day that is not over for any of the co-leads."), field="due_on")
    request = OpinionRequest(
        expression=expression, expression_id=expression.id, asked_by=by.id, asked_at=now, due_on=due_on, text=text,
        visibility=visibility.value, opinions=[Opinion(person=person, person_id=person.id) for person in asked],
    )  # fmt: skip
    db.session.add(request)
    db.session.flush()
    changes: dict[str, tuple[Any, Any]] = {
        "co_leads": (None, [p.full_name for p in asked]), "due_on": (None, due_on), "visibility": (None, visibility),
    }  # fmt: skip
    record("expression.opinions_asked", "expression", expression.id, by=by, now=now, changes=changes)
    messages.ask_for_opinions(request.opinions, now)
    return request


def give_opinion(opinion: Opinion, view: View, *, reason: str = "", by: Person, now: datetime) -> bool:
    """Say it, or change it before the deadline; whoever is late is heard until the decision. Twice the same is once.

    Answers whether anything changed.
    """
    expression = opinion.request.expression
    lock(expression)
    db.session.refresh(opinion)
    db.session.refresh(opinion.request)
    _refuse_closed(opinion, expression)
    if (opinion.view, opinion.reason) == (view, reason):
        return False
    late = days.end_of(opinion.request.due_on, opinion.person.zone) <= now
    if late and opinion.view is not None:
        raise RuleBroken(_("The time for opinions is over. Yours stays as it is; write to the secretariat if it must change."))
    if view is View.CONCERN and not reason:
        raise RuleBroken(_("Write what your concern is."), field="reason")
    before = opinion.view
    opinion.view, opinion.reason, opinion.given_at = view, reason, now
    db.session.add(OpinionRecord(opinion_id=opinion.id, view=view, reason=reason, at=now, late=late))
    db.session.flush()
    # the words stay out of the log, which more people read than may read the opinion
    record("expression.opinion_given", "expression", expression.id, by=by, now=now, note="changed" if before else None)
    cancel_waiting("expression", expression.id, kinds=KINDS, recipient_ids=[opinion.person_id], now=now)
    return True


def _refuse_closed(opinion: Opinion, expression: Expression) -> None:
    if is_left_out(opinion.person_id, expression):
        raise RuleBroken(_("You declared a conflict of interest. Your opinion is not asked for any more."))
    if opinion.request.closed_at is not None:
        raise RuleBroken(_("This expression of interest is decided. No opinion is needed any more."))


def declare_conflict(expression: Expression, person: Person, *, reason: str = "", now: datetime) -> None:
    """A co-lead says that they had better not judge this one; from then on they are left out of it. Twice is once."""
    lock(expression)
    if is_left_out(person.id, expression):
        return
    try:
        with db.session.begin_nested():
            db.session.add(LeftOut(expression_id=expression.id, person_id=person.id, declared_at=now, reason=reason))
            db.session.flush()
    except IntegrityError:
        return  # the other click was faster
    record("expression.conflict_declared", "expression", expression.id, by=person, now=now)
    cancel_waiting("expression", expression.id, kinds=KINDS, recipient_ids=[person.id], now=now)


def withdraw_conflict(declaration_id: uuid.UUID, expression: Expression, *, reason: str, by: Person, now: datetime) -> None:
    """It was declared in error: the co-lead takes part again, and is asked like the others while there is time.

    The declaration and who took it back, when and why, stay on record. Twice is once.
    """
    lock(expression)
    declaration = db.session.get(LeftOut, declaration_id, populate_existing=True)
    if declaration is None:
        return
    if expression.status not in WITH_THE_SECRETARIAT:
        raise RuleBroken(_("This expression of interest is decided. Whoever was left out stays left out."))
    if not reason:
        raise RuleBroken(_("Write why it is taken back."), field="reason")
    person = declaration.person
    db.session.add(
        WithdrawnConflict(
            id=declaration.id, expression_id=expression.id, person_id=person.id, declared_at=declaration.declared_at,
            declared_reason=declaration.reason, withdrawn_at=now, withdrawn_by=by.id, reason=reason,
        )
    )  # fmt: skip
    db.session.delete(declaration)
    db.session.flush()
    # the words stay out of the log, as those of the declaration do
    back = {"co_leads": (None, person.full_name)}
    record("expression.conflict_withdrawn", "expression", expression.id, by=by, now=now, changes=back)
    _ask_again(expression, person, declaration.id, now)


def _ask_again(expression: Expression, person: Person, declaration_id: uuid.UUID, now: datetime) -> None:
    """The request that runs is this co-lead's too, whether they were asked before they stood aside or not."""
    request = open_request(expression)
    if request is None or person not in co_leads(expression) or days.end_of(request.due_on, person.zone) <= now:
        return
    opinion = next((o for o in request.opinions if o.person_id == person.id), None)
    if opinion is None:
        opinion = Opinion(person=person, person_id=person.id)
        request.opinions.append(opinion)
        db.session.flush()
    if opinion.view is None:
        messages.ask_for_opinions([opinion], now, again=str(declaration_id))


def refuse_early(expression: Expression, after: Status, *, despite: bool, now: datetime) -> None:
    """A decision while the co-leads still have time asks once more."""
    request = open_request(expression)
    if request is None or despite or after not in messages.DECIDED:
        return
    asked = [o for o in request.opinions if not is_left_out(o.person_id, expression)]
    if not asked or last_moment(request, {o.person.zone for o in asked}) <= now:
        return
    raise RuleBroken(
        _(
            "The co-leads still have time: %(given)s of %(asked)s have given an opinion. Tick the box to decide now all the same.",
            given=sum(1 for o in asked if o.view is not None),
            asked=len(asked),
        ),
        field="despite_opinions",
    )


def close_request(expression: Expression, *, now: datetime) -> None:
    """It is decided: nobody is asked or reminded any more."""
    request = open_request(expression)
    if request is None:
        return
    request.closed_at = now
    db.session.flush()
    cancel_waiting("expression", expression.id, kinds=KINDS, now=now)


def pass_on(former: Person, successor: Person, *, now: datetime) -> int:
    """Opinions somebody was still asked for are asked of their successor; what was said stays theirs."""
    waiting = select(Opinion).join(Opinion.request).where(
        Opinion.person_id == former.id, Opinion.view.is_(None), OpinionRequest.closed_at.is_(None)
    )  # fmt: skip
    moved = []
    for opinion in db.session.scalars(waiting.order_by(Opinion.id)).all():
        expression = opinion.request.expression
        lock(expression)
        asked = {o.person_id for o in opinion.request.opinions}
        if successor.id in asked or successor not in co_leads(expression) or is_left_out(former.id, expression):
            continue
        opinion.person = successor
        moved.append(opinion)
    db.session.flush()
    messages.ask_for_opinions(moved, now)
    return len(moved)


@dataclass(frozen=True)
class TimeLeft:
    """Until when a co-lead may say or change what they think."""

    over: bool  # the deadline has passed on their clock
    closed: bool  # it is decided
    may_say: bool


def time_left(opinion: Opinion, now: datetime) -> TimeLeft:
    """The same answers as ``give_opinion`` gives, for the page."""
    over = days.end_of(opinion.request.due_on, opinion.person.zone) <= now
    closed = opinion.request.closed_at is not None
    out = is_left_out(opinion.person_id, opinion.request.expression)
    return TimeLeft(over, closed, not closed and not out and (not over or opinion.view is None))
