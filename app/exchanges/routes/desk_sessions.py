"""The secretariat's desk: plan, change, schedule and cancel sessions."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.accounts.access import Permission, me, requires, viewer
from app.audit.queries import lines_about
from app.core import clock
from app.core.errors import Conflict, RuleBroken
from app.core.once import key_text
from app.exchanges import queries, rules
from app.exchanges.forms import CancelForm, SessionForm
from app.exchanges.models import PeerSession, SessionStatus
from app.exchanges.queries.days_off import days_off
from app.exchanges.queries.polls import polls_of
from app.exchanges.routes import planning
from app.exchanges.routes.blueprint import blueprint, session_or_404
from app.extensions import db
from app.notifications.leaving import MANY
from app.texts.queries import Shown, shown_of


@blueprint.get("/desk/sessions")
@requires(Permission.SEE_ALL_EXCHANGES)
def desk_sessions() -> ResponseReturnValue:
    """All sessions, drafts and cancelled ones too."""
    is_past = request.args.get("when") == "past"
    read = queries.past if is_past else queries.upcoming
    page = read(viewer(), clock.now(), after=request.args.get("after"))
    held = queries.seats_by_session(s.id for s in page.rows)
    return render_template("exchanges/desk_sessions.html", page=page, held=held, is_past=is_past)


@blueprint.route("/desk/sessions/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_new_session() -> ResponseReturnValue:
    """Plan a session; without an exchange it makes its own."""
    form = planning.session_form(None, _uuid(request.args.get("exchange")))
    if request.method == "GET":
        return _form_page(form, None)
    if not form.validate():
        planning.show_fold_again(form)
        return _form_page(form, None), 422
    try:
        draft = bool(request.form.get("draft"))
        unconfirmed = None if draft else _unconfirmed(form, None)  # a draft invites nobody
        if unconfirmed is not None:
            return _form_page(form, None, unconfirmed)
        chosen = _uuid(form.exchange.data)
        row = rules.create_session(
            planning.plan_of(form),
            by=me(), now=clock.now(), submission_key=key_text(form),
            exchange=queries.exchange_for(viewer(), chosen) if chosen else None, host_ids=planning.hosts_of(form),
            status=SessionStatus.DRAFT if draft else SessionStatus.SCHEDULED,
        )  # fmt: skip
        invited = rules.invite_accepted_expressions(row, by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        planning.refuse(form, refused)
        return _form_page(form, None), refused.status
    db.session.commit()
    flash(_("The session is saved."), "good")
    _say_invited(invited.total)
    return redirect(url_for("exchanges.desk_session", session_id=row.id), 303)


@blueprint.get("/desk/sessions/<uuid:session_id>")
@requires(Permission.SEE_ALL_EXCHANGES)
def desk_session(session_id: uuid.UUID) -> ResponseReturnValue:
    """A session with its invitations, answers, seats, waiting updates and history."""
    row = session_or_404(session_id)
    shown = request.args.get("answer", "")
    invitations = queries.invitations_of(row, after=_uuid(request.args.get("after")), answer=shown)
    return render_template(
        "exchanges/desk_session.html", row=row, counts=queries.counts(row), shown=shown, invitations=invitations[:50],
        after=str(invitations[49].id) if len(invitations) > 50 else None, waiting=queries.waiting_updates(row),
        entries=lines_about("session", row.id) if viewer().can(Permission.READ_AUDIT) else [], now_is=clock.now(),
        to_invite=_to_invite(row), proposed_start=rules.proposed_start,
        polls=polls_of(viewer(), session_id=row.id) if row.status is SessionStatus.DRAFT else (),
        asked=queries.open_change(row.id) if row.hour_in_doubt else None,
        sittings=_sittings(row), asking=len(queries.places.requests_of(row)),
        counters=queries.counters_of(row) if row.is_open and viewer().can(Permission.JUDGE_REPLIES) else [],
        day_off=days_off(row) if row.is_open and not row.is_over(clock.now()) else None, day_off_meant=rules.is_seen(row),
    )  # fmt: skip


def _sittings(row: PeerSession) -> list[tuple[PeerSession, queries.Counts]]:
    """Both sittings with their figures, where there are two."""
    return [(one, queries.counts(one)) for one in queries.places.sittings_of(row)] if row.twice else []


@blueprint.route("/desk/sessions/<uuid:session_id>/edit", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_edit_session(session_id: uuid.UUID) -> ResponseReturnValue:
    """Change a session; when it is scheduled, say whether people are told."""
    row = session_or_404(session_id)
    form = planning.session_form(row)
    if request.method == "GET":
        planning.take_proposal(form, row, queries.counter_to(row, _uuid(request.args.get("proposal"))))
        return _form_page(form, row)
    if not form.validate():
        planning.show_fold_again(form)
        return _form_page(form, row), 422
    telling = form.tell.data
    try:
        if row.is_open and queries.counts(row).told and telling not in ("everyone", "nobody"):
            raise RuleBroken(_("Choose whether people are told of the change."), field="tell")
        unconfirmed = _unconfirmed(form, row) if row.is_open else None
        if unconfirmed is not None:
            return _form_page(form, row, unconfirmed)
        plan, tell = planning.plan_of(form), telling == "everyone"
        done = rules.change(row, plan, version=_number(form.version.data), tell=tell, by=me(), now=clock.now())
        rules.keep_same(row, plan, tell=tell, by=me(), now=clock.now())
    except Conflict as conflict:
        db.session.rollback()
        return _conflict_page(form, session_or_404(session_id), conflict), 409
    except RuleBroken as refused:
        db.session.rollback()
        planning.refuse(form, refused)
        return _form_page(form, session_or_404(session_id)), refused.status
    db.session.commit()
    flash(_("The session is saved."), "good")
    if done.told:
        flash(ngettext("%(num)s person will be told.", "%(num)s people will be told.", done.told))
    _say_invited(done.invited.total)
    return redirect(url_for("exchanges.desk_session", session_id=row.id), 303)


def _say_invited(count: int) -> None:
    if count:
        flash(ngettext("%(num)s person was invited.", "%(num)s people were invited.", count), "good")


def _unconfirmed(form: SessionForm, row: PeerSession | None) -> int | None:
    """How many people the flag would invite, while the organiser has not seen that number and will not; ``None`` otherwise."""
    plan = planning.plan_of(form)
    if not plan.invite_accepted or not plan.grounds:
        return None
    count = rules.foresee_accepted(plan.grounds, capacity=plan.capacity, peer_session=row, now=clock.now())
    if not count or count > MANY or form.confirmed.data == str(count):  # more are looked at mail by mail before they leave
        return None
    form.confirmed.data = str(count)
    return count


def _form_page(form: SessionForm, row: PeerSession | None, to_invite: int | None = None) -> str:
    return render_template(
        "exchanges/desk_session_form.html", form=form, row=row, to_invite=to_invite, changes=None, texts=_texts(row)
    )


def _texts(row: PeerSession | None) -> Shown | None:
    return shown_of(row) if row is not None else None


def _conflict_page(form: SessionForm, row: PeerSession, conflict: Conflict) -> str:
    """Both versions side by side; saving again goes on from what stands there now."""
    form.version.data = str(row.version)
    form.form_errors.append(conflict.message)
    changes = planning.changes_in_words(conflict.changes, row.zone)
    return render_template(
        "exchanges/desk_session_form.html",
        form=form,
        row=row,
        to_invite=None,
        changes=changes,
        saved=conflict.saved,
        texts=_texts(row),
    )


@blueprint.post("/desk/sessions/<uuid:session_id>/schedule")
@requires(Permission.MANAGE_EXCHANGES)
def desk_schedule(session_id: uuid.UUID) -> ResponseReturnValue:
    """Make a draft a session that people see."""
    row = session_or_404(session_id)
    if row.status is SessionStatus.DRAFT and _number(request.form.get("confirmed", "0")) != _to_invite(row):
        flash(_("The number of people who are invited has changed. Look once more, then schedule it."), "warn")
        return redirect(url_for("exchanges.desk_session", session_id=row.id), 303)
    for sitting in queries.places.sittings_of(row):  # both are seen from the same moment
        if sitting.status is SessionStatus.DRAFT:
            rules.schedule(sitting, by=me(), now=clock.now())
    invited = rules.invite_accepted_expressions(row, by=me(), now=clock.now())
    db.session.commit()
    flash(_("The session is scheduled."), "good")
    _say_invited(invited.total)
    return redirect(url_for("exchanges.desk_session", session_id=row.id), 303)


def _to_invite(row: PeerSession) -> int:
    """How many people scheduling a draft invites by itself."""
    if row.status is not SessionStatus.DRAFT or not row.invite_accepted:
        return 0
    return rules.foresee_accepted(row.grounds, capacity=row.capacity, peer_session=row, now=clock.now())


@blueprint.post("/desk/sessions/<uuid:session_id>/day-off")
@requires(Permission.MANAGE_EXCHANGES)
def desk_mean_day_off(session_id: uuid.UUID) -> ResponseReturnValue:
    """The day is meant, though it is a day off of many; those whom the session invites by itself are asked now."""
    row = session_or_404(session_id)
    rules.see_days_off(row, (), by=me(), now=clock.now())
    invited = rules.invite_accepted_expressions(row, by=me(), now=clock.now())
    db.session.commit()
    flash(_("It is noted. Invitations can leave."), "good")
    _say_invited(invited.total)
    return redirect(url_for("exchanges.desk_session", session_id=row.id), 303)


@blueprint.post("/desk/sessions/<uuid:session_id>/send-now")
@requires(Permission.MANAGE_EXCHANGES)
def desk_send_now(session_id: uuid.UUID) -> ResponseReturnValue:
    """Updates that wait leave at once."""
    row = session_or_404(session_id)
    sent = rules.send_updates_now(row, by=me(), now=clock.now())
    db.session.commit()
    flash(ngettext("%(num)s update leaves now.", "%(num)s updates leave now.", sent), "good")
    return redirect(url_for("exchanges.desk_session", session_id=row.id), 303)


@blueprint.post("/desk/sessions/<uuid:session_id>/ask-again")
@requires(Permission.MANAGE_EXCHANGES)
def desk_ask_again(session_id: uuid.UUID) -> ResponseReturnValue:
    """Ask those who have not answered once more, by the same calendar entry."""
    row = session_or_404(session_id)
    asked = rules.ask_again(row, by=me(), now=clock.now())
    db.session.commit()
    if asked:
        flash(ngettext("%(num)s person is asked once more.", "%(num)s people are asked once more.", asked), "good")
    else:
        flash(_("Nobody is asked: all who have not answered were written to in the last 24 hours, or have no address."))
    return redirect(url_for("exchanges.desk_session", session_id=row.id), 303)


@blueprint.route("/desk/sessions/<uuid:session_id>/cancel", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_cancel(session_id: uuid.UUID) -> ResponseReturnValue:
    """Cancel a session; everyone is told, or nobody."""
    row = session_or_404(session_id)
    form = CancelForm(data={"version": str(row.version)})
    form.tell.choices = planning.tell_choices(rules.told_of_cancelling(row))
    if request.method == "GET":
        return render_template("exchanges/desk_cancel.html", form=form, row=row)
    if not form.validate():
        return render_template("exchanges/desk_cancel.html", form=form, row=row), 422
    try:
        told = rules.cancel(
            row, reason=form.reason.data or "", tell=form.tell.data == "everyone", version=_number(form.version.data),
            by=me(), now=clock.now(),
        )  # fmt: skip
    except RuleBroken as refused:
        db.session.rollback()
        row = session_or_404(session_id)
        form.refuse(refused)
        form.version.data = str(row.version)
        saved = refused.saved if isinstance(refused, Conflict) else ()
        return render_template("exchanges/desk_cancel.html", form=form, row=row, saved=saved), refused.status
    db.session.commit()
    flash(_("The session is cancelled."), "good")
    flash(ngettext("%(num)s person will be told.", "%(num)s people will be told.", told))
    return redirect(url_for("exchanges.desk_session", session_id=row.id), 303)


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else -1
