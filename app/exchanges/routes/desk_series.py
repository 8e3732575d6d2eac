"""The secretariat plans a series, moves or cancels a session with those that follow, and copies an exchange.

Each begins with what it would do, date by date; nothing is saved before that was seen.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.accounts.access import Permission, me, requires
from app.accounts.reader import best, language, viewer_zone
from app.core import clock
from app.core.errors import Conflict, RuleBroken
from app.core.forms import joined, texts_of
from app.core.once import Sending
from app.core.when import date_text
from app.core.zones import to_wall
from app.exchanges import queries, rules
from app.exchanges.models import Exchange, PeerSession, SessionStatus
from app.exchanges.routes import planning
from app.exchanges.routes.blueprint import blueprint, exchange_or_404, session_or_404
from app.exchanges.series_forms import FOLLOWING, ONE, CancelTogetherForm, CopyForm, MoveForm, SeriesForm
from app.extensions import db
from app.notifications.leaving import MANY
from app.texts.queries import source_of_row

_BUTTONS = frozenset({"csrf_token", "save", "draft", "look", "back"})


def carried() -> list[tuple[str, str]]:
    """What the form before the preview says, for the preview to send once more; what was chosen for single dates is asked anew."""
    return [
        (name, value)
        for name, values in request.form.lists()
        if name not in _BUTTONS and not name.startswith("clock-")
        for value in values
    ]


# ---------------------------------------------------------------- a series


@blueprint.route("/desk/exchanges/<uuid:exchange_id>/series", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_series(exchange_id: uuid.UUID) -> ResponseReturnValue:
    """Plan a series: the form, then its dates, then it is saved as drafts or scheduled."""
    exchange, now = exchange_or_404(exchange_id), clock.now()
    form = SeriesForm(data=_usual_series(exchange))
    if request.method == "GET":
        return _series_form(exchange, form)
    if not form.validate():
        return _series_form(exchange, form), 422
    if "back" in request.form:
        return _series_form(exchange, form)
    try:
        plan, answers = _series_plan(form), rules.answers_in(request.form)
        walls = rules.walls_of(plan, answers, now)
    except RuleBroken as refused:
        form.refuse(refused)
        return _series_form(exchange, form), refused.status
    if "save" not in request.form and "draft" not in request.form:
        return _series_preview(exchange, form, plan, walls)
    status = SessionStatus.DRAFT if "draft" in request.form else SessionStatus.SCHEDULED
    try:
        sending = Sending(form, now)
        if sending.before:
            return sending.again()
        made, invited = rules.plan_series(exchange, plan, answers, status=status, by=me(), now=now)
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return _series_preview(exchange_or_404(exchange_id), form, plan, walls), refused.status
    answer = sending.leads_to(url_for("exchanges.desk_exchange", exchange_id=exchange.id))
    db.session.commit()
    flash(ngettext("%(num)s session is planned.", "%(num)s sessions are planned.", len(made)), "good")
    if invited.total:
        flash(ngettext("%(num)s person was invited.", "%(num)s people were invited.", invited.total), "good")
    return answer


def _usual_series(exchange: Exchange) -> dict[str, Any]:
    today = to_wall(clock.now(), viewer_zone()).date()
    return {
        **planning.usual(None), "source": source_of_row(exchange), "titles": exchange.themes, "grounds": exchange.grounds,
        "languages": exchange.languages, "visibility": exchange.visibility.value,
        "first_day": today + timedelta(weeks=6), "last_day": today + timedelta(weeks=32),
    }  # fmt: skip


def _series_plan(form: SeriesForm) -> rules.SeriesPlan:
    first, last = form.first_day.data, form.last_day.data
    assert first is not None and last is not None  # both are needed fields
    return rules.SeriesPlan(
        session=planning.plan_of(form, on=first), count=form.count.data or 0,
        weekdays=frozenset(int(day) for day in form.weekdays.data or ()), first_day=first, last_day=last,
        rhythm=rules.Rhythm(form.rhythm.data), numbered=form.numbered.data,
    )  # fmt: skip


def _series_form(exchange: Exchange, form: SeriesForm) -> str:
    return render_template("exchanges/desk_series_form.html", exchange=exchange, form=form)


def _series_preview(exchange: Exchange, form: SeriesForm, plan: rules.SeriesPlan, walls: Sequence[rules.Wall]) -> str:
    session = plan.session
    to_invite = 0
    if session.invite_accepted and session.grounds:
        to_invite = rules.foresee_accepted(session.grounds, capacity=session.capacity, peer_session=None, now=clock.now())
    return render_template(
        "exchanges/desk_series_check.html", exchange=exchange, form=form, plan=plan, walls=walls, carried=carried(),
        to_invite=to_invite, kept=sum(1 for wall in walls if not wall.is_left_out),
    )  # fmt: skip


# ---------------------------------------------------------------- moving


@blueprint.route("/desk/sessions/<uuid:session_id>/move", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_move(session_id: uuid.UUID) -> ResponseReturnValue:
    """Give a session another day and hour, and those that follow it as much of a shift."""
    row, now = session_or_404(session_id), clock.now()
    form = MoveForm(data=_stands(row))
    all_rows = rules.in_reach(row, now, following=True)
    form.reach.choices = _reaches(len(all_rows) - 1)
    if request.method == "GET":
        return render_template("exchanges/desk_move.html", row=row, form=form)
    if not form.validate():
        return render_template("exchanges/desk_move.html", row=row, form=form), 422
    following = form.reach.data == FOLLOWING
    if "save" in request.form:
        return _move(row, form, following)
    look = _Look(form, row, all_rows if following else [row])
    try:
        walls = rules.shifted(look.rows, look.to, rules.answers_in(request.form))
    except RuleBroken as refused:
        form.refuse(refused)
        return render_template("exchanges/desk_move.html", row=row, form=form), refused.status
    return _move_preview(look, walls)


def _move(row: PeerSession, form: MoveForm, following: bool) -> ResponseReturnValue:
    """What the preview showed is done, if it still holds."""
    now, look = clock.now(), _Look(form, row, rules.in_reach(row, clock.now(), following=following))
    try:
        sending = Sending(form, now)
        if sending.before:
            return sending.again()
        if look.told and form.tell.data not in ("everyone", "nobody"):
            raise RuleBroken(_("Choose whether people are told of the change."), field="tell")
        done = rules.move(
            row, look.to, rules.answers_in(request.form), following=following, seen=form.seen.data or "",
            tell=form.tell.data == "everyone", by=me(), now=now,
        )  # fmt: skip
    except RuleBroken as refused:
        return _refused_move(row.id, form, following, refused)
    answer = sending.leads_to(_back_to(row))
    db.session.commit()
    flash(ngettext("%(num)s session is moved.", "%(num)s sessions are moved.", done.sessions), "good")
    _say_told(done.told)
    if done.invited:
        flash(ngettext("%(num)s person was invited.", "%(num)s people were invited.", done.invited), "good")
    return answer


def _refused_move(session_id: uuid.UUID, form: MoveForm, following: bool, refused: RuleBroken) -> ResponseReturnValue:
    """The preview once more, of how the sessions stand now."""
    db.session.rollback()
    row = session_or_404(session_id)
    form.refuse(refused)
    look = _Look(form, row, rules.in_reach(row, clock.now(), following=following))
    try:
        walls = rules.shifted(look.rows, look.to, rules.answers_in(request.form))
    except RuleBroken:  # somebody else moved it there
        return render_template("exchanges/desk_move.html", row=row, form=form), refused.status
    return _move_preview(look, walls, refused.saved if isinstance(refused, Conflict) else ()), refused.status


@dataclass(frozen=True)
class _Look:
    """What the form of a move asks for."""

    form: MoveForm
    row: PeerSession
    rows: list[PeerSession]

    @property
    def to(self) -> datetime:
        """The wall time the first of them goes to."""
        start = joined(self.form.start_date.data, self.form.start_time.data)
        assert start is not None  # both are needed fields
        return start

    @property
    def told(self) -> int:
        """How many mails an update to everyone would be."""
        return sum(queries.counts(one).told for one in self.rows if one.is_open)


def _move_preview(look: _Look, walls: Sequence[rules.Wall], saved: Sequence[Any] = ()) -> str:
    look.form.seen.data = rules.seen_as(look.rows)
    look.form.tell.choices = planning.tell_choices(look.told)
    kept = [(name, value) for name, value in carried() if name not in ("seen", "tell")]
    to_invite = sum(
        rules.foresee_accepted(one.grounds, capacity=one.capacity, peer_session=one, now=clock.now())
        for one in look.rows
        if one.is_open and one.invite_accepted
    )
    return render_template(
        "exchanges/desk_move_check.html", row=look.row, form=look.form, moves=list(zip(look.rows, walls, strict=True)),
        walls=walls, carried=kept, told=look.told, many=look.told > MANY, saved=saved, to_invite=to_invite,
    )  # fmt: skip


def _stands(row: PeerSession) -> dict[str, Any]:
    reach = FOLLOWING if request.args.get("reach") == FOLLOWING else ONE
    return {"start_date": row.local_start.date(), "start_time": row.local_start.time(), "reach": reach}


def _reaches(following: int) -> list[tuple[str, str]]:
    only = [(ONE, _("Only this session"))]
    if not following:
        return only
    both = ngettext("This session and the %(num)s that follows it", "This session and the %(num)s that follow it", following)
    return [*only, (FOLLOWING, both)]


def _back_to(row: PeerSession) -> str:
    if row.exchange.made_for_session:
        return url_for("exchanges.desk_session", session_id=row.id)
    return url_for("exchanges.desk_exchange", exchange_id=row.exchange_id)


def _say_told(told: int) -> None:
    if told:
        flash(ngettext("%(num)s mail says so.", "%(num)s mails say so.", told))


# ---------------------------------------------------------------- cancelling


@blueprint.route("/desk/sessions/<uuid:session_id>/cancel-following", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_cancel_following(session_id: uuid.UUID) -> ResponseReturnValue:
    """Cancel a session and all that follow; everyone is told, or nobody."""
    row, now = session_or_404(session_id), clock.now()
    form = CancelTogetherForm()
    rows = rules.in_reach(row, now, following=True)
    told = sum(rules.told_of_cancelling(one) for one in rows if one.is_open)
    form.tell.choices = planning.tell_choices(told)
    if request.method == "GET":
        return _cancel_page(row, rows, form)
    if not form.validate():
        return _cancel_page(row, rows, form), 422
    try:
        sending = Sending(form, now)
        if sending.before:
            return sending.again()
        done = rules.cancel_together(
            row, following=True, reason=form.reason.data or "", seen=form.seen.data or "", tell=form.tell.data == "everyone",
            by=me(), now=now,
        )  # fmt: skip
    except RuleBroken as refused:
        db.session.rollback()
        row = session_or_404(session_id)
        form.refuse(refused)
        saved = refused.saved if isinstance(refused, Conflict) else ()
        return _cancel_page(row, rules.in_reach(row, now, following=True), form, saved), refused.status
    answer = sending.leads_to(_back_to(row))
    db.session.commit()
    flash(ngettext("%(num)s session is cancelled.", "%(num)s sessions are cancelled.", done.sessions), "good")
    _say_told(done.told)
    return answer


def _cancel_page(row: PeerSession, rows: Sequence[PeerSession], form: CancelTogetherForm, saved: Sequence[Any] = ()) -> str:
    form.seen.data = rules.seen_as(rows)
    return render_template("exchanges/desk_cancel_following.html", row=row, rows=rows, form=form, saved=saved)


# ---------------------------------------------------------------- copying


@blueprint.route("/desk/exchanges/<uuid:exchange_id>/copy", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_copy_exchange(exchange_id: uuid.UUID) -> ResponseReturnValue:
    """A new exchange after the pattern of this one: its sessions as drafts on other dates."""
    exchange, now = exchange_or_404(exchange_id), clock.now()
    rows = rules.to_copy(exchange)
    form = CopyForm(data=_usual_copy(exchange, rows))
    form.sessions.choices = [(str(row.id), _label(row)) for row in rows]
    if request.method == "GET":
        return _copy_page(exchange, form)
    if not form.validate():
        return _copy_page(exchange, form), 422
    chosen = [row for row in rows if str(row.id) in (form.sessions.data or ())]
    answers = rules.answers_in(request.form)
    try:
        walls = rules.walls_of_copy(chosen, form.first_day.data, answers, now)
    except RuleBroken as refused:
        form.refuse(refused)
        return _copy_page(exchange, form), refused.status
    if "back" in request.form:
        return _copy_page(exchange, form)
    moves = list(zip(chosen, walls, strict=True))
    if "save" not in request.form:
        return _copy_preview(exchange, form, moves)
    plan = rules.CopyPlan(
        themes=texts_of(form.themes), source=form.source.data, sessions=tuple(row.id for row in chosen),
        first_day=form.first_day.data, guests=form.guests.data,
    )  # fmt: skip
    try:
        sending = Sending(form, now)
        if sending.before:
            return sending.again()
        made = rules.copy_exchange(exchange, plan, answers, by=me(), now=now)
    except RuleBroken as refused:
        db.session.rollback()
        exchange = exchange_or_404(exchange_id)
        form.refuse(refused)
        page = _copy_page(exchange, form) if refused.field == "themes" else _copy_preview(exchange, form, moves)
        return page, refused.status
    answer = sending.leads_to(url_for("exchanges.desk_exchange", exchange_id=made.id))
    db.session.commit()
    flash(_("The copy is saved. Its sessions are drafts, and nobody was written to."), "good")
    return answer


def _usual_copy(exchange: Exchange, rows: Sequence[PeerSession]) -> dict[str, Any]:
    first = _a_year_on(rows[0].local_start.date(), to_wall(clock.now(), viewer_zone()).date()) if rows else None
    return {
        "source": source_of_row(exchange), "themes": exchange.themes, "sessions": [str(row.id) for row in rows], "first_day": first,
    }  # fmt: skip


def _a_year_on(day: date, today: date) -> date:
    """The same day of the week a year later, or as many years as it takes to be at least six weeks ahead."""
    while day < today + timedelta(weeks=6):
        day += timedelta(weeks=52)
    return day


def _label(row: PeerSession) -> str:
    return f"{best(row.titles)} · {date_text(row.local_start.date(), language(), style='long')}"


def _copy_page(exchange: Exchange, form: CopyForm) -> str:
    return render_template("exchanges/desk_copy_form.html", exchange=exchange, form=form)


def _copy_preview(exchange: Exchange, form: CopyForm, moves: Sequence[tuple[PeerSession, rules.Wall]]) -> str:
    kept = sum(1 for _row, wall in moves if not wall.is_left_out)
    return render_template(
        "exchanges/desk_copy_check.html", exchange=exchange, form=form, moves=moves, walls=[wall for _row, wall in moves],
        carried=carried(), kept=kept, listed=queries.has_guests(exchange.id) if form.guests.data else 0,
    )  # fmt: skip
