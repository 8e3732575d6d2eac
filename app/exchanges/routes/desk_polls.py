"""The secretariat's desk: polls, their times and deadlines, and what they came to."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.accounts.access import Permission, me, requires, viewer
from app.accounts.reader import viewer_zone
from app.audit.queries import lines_about
from app.core import clock
from app.core.errors import Conflict, RuleBroken
from app.core.once import Sending
from app.exchanges import poll_tables
from app.exchanges import queries as exchanges
from app.exchanges.models import Exchange, PeerSession, Poll
from app.exchanges.poll_forms import DEADLINE, SLOTS, AddTimesForm, EditPollForm, PollForm
from app.exchanges.queries import poll_results
from app.exchanges.queries import polls as queries
from app.exchanges.routes import planning, polling
from app.exchanges.routes.blueprint import blueprint
from app.exchanges.routes.exports import sent
from app.exchanges.rules import polls as rules
from app.extensions import db
from app.tables.exporting import Table


def poll_or_404(poll_id: uuid.UUID) -> Poll:
    """The poll, if the viewer may see it."""
    found = queries.poll_for(viewer(), poll_id)
    if found is None:
        abort(404)
    return found


@blueprint.get("/desk/polls")
@requires(Permission.SEE_ALL_EXCHANGES)
def desk_polls() -> ResponseReturnValue:
    """Polls that are open, or those that are closed."""
    is_closed = request.args.get("when") == "closed"
    page = queries.polls(viewer(), is_closed=is_closed, after=request.args.get("after"))
    counted = queries.counts_by_poll(poll.id for poll in page.rows)
    return render_template("exchanges/desk_polls.html", page=page, counted=counted, is_closed=is_closed, now_is=clock.now())


@blueprint.get("/desk/polls/table")
@requires(Permission.SEE_ALL_EXCHANGES)
def polls_table() -> ResponseReturnValue:
    """Open or closed polls as a table."""
    is_closed = request.args.get("when") == "closed"
    rows = queries.all_polls(viewer(), is_closed=is_closed)
    return sent(Table("polls", _("Date polls"), poll_tables.POLLS, rows, {"when": "closed" if is_closed else None}))


@blueprint.get("/desk/polls/<uuid:poll_id>/table")
@requires(Permission.SEE_ALL_EXCHANGES)
def poll_table(poll_id: uuid.UUID) -> ResponseReturnValue:
    """What States and organisations said to each time, as a table."""
    poll = poll_or_404(poll_id)
    rows = poll_results.lines(poll, clock.now())
    return sent(Table("poll-answers", _("Answers to the poll"), poll_tables.ANSWERS, rows, {"poll": poll.id}))


@blueprint.route("/desk/exchanges/<uuid:exchange_id>/polls/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_new_poll(exchange_id: uuid.UUID) -> ResponseReturnValue:
    """A poll about a draft session, or about a session of an exchange that is still to come."""
    exchange, draft = _about(exchange_id)
    titles = draft.titles if draft is not None else exchange.themes
    zone = draft.zone if draft is not None else viewer_zone()
    form = PollForm(
        data={
            "titles": titles,
            "minutes": draft.minutes if draft else 90,
            "zone": zone,
            "remind": [str(m) for m in rules.USUAL_REMINDERS],
        }
    )
    if request.method == "GET":
        return _new_page(form, exchange, draft)
    if not (form.validate() & form.whole()):
        polling.show_folds_again(form)
        return _new_page(form, exchange, draft), 422
    sending = Sending(form, clock.now())
    if sending.before:
        return sending.again()
    try:
        poll = rules.create(polling.plan_of(form, SLOTS), exchange=exchange, peer_session=draft, by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        polling.refuse(form, refused)
        return _new_page(form, *_about(exchange_id)), refused.status
    answer = sending.leads_to(url_for("exchanges.desk_poll", poll_id=poll.id))
    db.session.commit()
    flash(_("The poll is saved. Nobody is asked yet: choose whom to ask."), "good")
    return answer


def _about(exchange_id: uuid.UUID) -> tuple[Exchange, PeerSession | None]:
    """The exchange of a new poll, and the draft of it that the address names."""
    exchange = exchanges.exchange_for(viewer(), exchange_id)
    if exchange is None:
        abort(404)
    wanted = request.args.get("session")
    draft = exchanges.session_for(viewer(), planning.id_of(wanted)) if wanted else None
    if wanted and (draft is None or draft.exchange_id != exchange.id):
        abort(404)
    return exchange, draft


def _new_page(form: PollForm, exchange: Exchange, draft: PeerSession | None) -> str:
    return render_template("exchanges/desk_poll_form.html", form=form, poll=None, exchange=exchange, draft=draft, numbers=SLOTS)


@blueprint.get("/desk/polls/<uuid:poll_id>")
@requires(Permission.SEE_ALL_EXCHANGES)
def desk_poll(poll_id: uuid.UUID) -> ResponseReturnValue:
    """What the poll came to, by State; who is asked, for those who may see people."""
    return _poll_page(poll_or_404(poll_id))


def _poll_page(poll: Poll) -> str:
    now = clock.now()
    rows = queries.asked_of(poll)
    return render_template(
        "exchanges/desk_poll.html", poll=poll, rows=rows, results=poll_results.results(poll, now, rows), now_is=now,
        time_words=polling.time_words,
        entries=lines_about(queries.POLL, poll.id) if viewer().can(Permission.READ_AUDIT) else [],
    )  # fmt: skip


@blueprint.route("/desk/polls/<uuid:poll_id>/edit", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_edit_poll(poll_id: uuid.UUID) -> ResponseReturnValue:
    """Change title, length, deadline or reminders."""
    poll = poll_or_404(poll_id)
    form = EditPollForm(data=_data_of(poll))
    if request.method == "GET":
        return _edit_page(form, poll)
    if not (form.validate() & form.whole()):
        polling.show_folds_again(form)
        return _edit_page(form, poll), 422
    try:
        rules.edit(poll, polling.plan_of(form), version=planning.number_of(form.version.data), by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        return _edit_page(form, poll_or_404(poll_id), refused), refused.status
    db.session.commit()
    flash(_("The poll is saved."), "good")
    return redirect(url_for("exchanges.desk_poll", poll_id=poll_id), 303)


def _data_of(poll: Poll) -> dict[str, Any]:
    return {
        "version": str(poll.version), "titles": poll.titles, "minutes": poll.minutes, "zone": poll.zone,
        "remind": [str(m) for m in poll.remind], f"date_{DEADLINE}": poll.deadline_local.date(),
        f"time_{DEADLINE}": poll.deadline_local.time(), f"fold_{DEADLINE}": str(poll.deadline_fold),
    }  # fmt: skip


def _edit_page(form: EditPollForm, poll: Poll, refused: RuleBroken | None = None) -> str:
    """The form; after a conflict both versions side by side, and saving again goes on from what stands there now."""
    changes: list[tuple[str, str, str]] = []
    saved: Any = []
    if isinstance(refused, Conflict):
        form.version.data = str(poll.version)
        changes, saved = planning.changes_in_words(refused.changes, poll.zone), refused.saved
    if refused is not None:
        polling.refuse(form, refused)
    return render_template("exchanges/desk_poll_form.html", form=form, poll=poll, numbers=(), changes=changes, saved=saved)


@blueprint.route("/desk/polls/<uuid:poll_id>/times", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_poll_times(poll_id: uuid.UUID) -> ResponseReturnValue:
    """Add times; answers stay, and those who gave them are asked about the new ones, or not."""
    poll = poll_or_404(poll_id)
    form = AddTimesForm(data={"version": str(poll.version), "zone": poll.zone})
    form.asking.choices = _asking_choices(poll)
    if request.method == "GET":
        return _times_page(form, poll)
    if not (form.validate() & form.whole()):
        polling.show_folds_again(form)
        return _times_page(form, poll), 422
    sending = Sending(form, clock.now())
    if sending.before:
        return sending.again()
    try:
        told = rules.add_slots(
            poll, polling.walls(form, SLOTS), asking=form.asking.data == "answered",
            version=planning.number_of(form.version.data), by=me(), now=clock.now(),
        )  # fmt: skip
    except RuleBroken as refused:
        db.session.rollback()
        poll = poll_or_404(poll_id)
        polling.refuse(form, refused)
        if isinstance(refused, Conflict):
            form.version.data = str(poll.version)
        saved = refused.saved if isinstance(refused, Conflict) else ()
        return _times_page(form, poll, saved), refused.status
    answer = sending.leads_to(url_for("exchanges.desk_poll", poll_id=poll_id))
    db.session.commit()
    flash(_("The times are added. All answers stay."), "good")
    if told:
        flash(ngettext("%(num)s person is asked about them.", "%(num)s people are asked about them.", told))
    return answer


def _times_page(form: AddTimesForm, poll: Poll, saved: Any = ()) -> str:
    return render_template(
        "exchanges/desk_poll_times.html", form=form, poll=poll, numbers=SLOTS, saved=saved, now_is=clock.now(),
        time_words=polling.time_words,
    )  # fmt: skip


def _asking_choices(poll: Poll) -> list[tuple[str, str]]:
    count = sum(1 for one in queries.asked_of(poll) if one.answered_at is not None and one.person.email)
    asks = ngettext(
        "Ask those who have answered once more, for the new times only: %(num)s person",
        "Ask those who have answered once more, for the new times only: %(num)s people",
        count,
    )
    return [("answered", asks), ("nobody", _("Nobody: whoever opens the poll sees the new times"))]


@blueprint.post("/desk/polls/<uuid:poll_id>/times/<uuid:slot_id>/withdraw")
@requires(Permission.MANAGE_EXCHANGES)
def desk_withdraw_time(poll_id: uuid.UUID, slot_id: uuid.UUID) -> ResponseReturnValue:
    """A time is asked about no more; added again, it has its answers."""
    poll = poll_or_404(poll_id)
    if all(slot.id != slot_id for slot in poll.all_slots):
        abort(404)
    try:
        rules.withdraw_slot(poll, slot_id, by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        flash(str(refused.message), "bad")
        return _poll_page(poll_or_404(poll_id)), refused.status
    db.session.commit()
    flash(_("The time is withdrawn."), "good")
    return redirect(url_for("exchanges.desk_poll", poll_id=poll_id), 303)
