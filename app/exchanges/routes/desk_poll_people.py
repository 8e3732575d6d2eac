"""The secretariat's desk: who is asked in a poll, answers that came by other ways, and how a poll ends."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.accounts import rehearsals
from app.accounts.access import Permission, me, requires, viewer
from app.core import clock
from app.core.errors import Conflict, RuleBroken
from app.core.once import Sending
from app.core.zones import to_wall
from app.exchanges.models import Poll, PollAsked, Route
from app.exchanges.poll_forms import AskForm, ClosePollForm, ReopenForm, vote_form, votes_of
from app.exchanges.queries import polls as queries
from app.exchanges.queries.poll_results import results
from app.exchanges.routes import choosing, planning, polling
from app.exchanges.routes.blueprint import blueprint
from app.exchanges.routes.desk_polls import poll_or_404
from app.exchanges.routes.inviting import guests_of, ids
from app.exchanges.rules import poll_answers, poll_closing
from app.exchanges.rules import polls as rules
from app.exchanges.rules.delegating import Source
from app.exchanges.rules.inviting import Guest, refuse_empty
from app.extensions import db
from app.notifications import leaving

NO_SESSION = "none"


@blueprint.route("/desk/polls/<uuid:poll_id>/ask", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_poll_ask(poll_id: uuid.UUID) -> ResponseReturnValue:
    """Choose whom to ask: States by their route, organisations, people, those invited already; first the count."""
    poll = poll_or_404(poll_id)
    form = AskForm()
    form.people.choices = []
    words = (request.form if request.method == "POST" else request.args).get("q", "").strip()
    if request.method == "GET" or "find" in request.form:
        return _ask_page(poll, form, words)
    if not form.validate():
        return _ask_page(poll, form, words), 422
    try:
        guests, notes = guests_of(form, to_wall(clock.now(), poll.zone).date())
        guests += _invited(poll) if form.invited.data else []
        refuse_empty(guests, notes)
        if form.confirmed.data != str(len(guests)) and rehearsals.FIELD not in request.form:
            fresh = rules.not_asked_yet(poll, guests)
            if sum(1 for guest in fresh if guest.person.email) <= leaving.MANY:  # more are looked at mail by mail before they leave
                form.confirmed.data = str(len(guests))
                return render_template(
                    "exchanges/desk_poll_ask_check.html", poll=poll, form=form, fresh=fresh, guests=guests, notes=notes
                )
        leaving.remark(notes)
        sending = Sending(form, clock.now())
        if sending.before:
            return sending.again()
        done = rules.ask(poll, guests, by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return _ask_page(poll_or_404(poll_id), form, words), refused.status
    answer = sending.leads_to(url_for("exchanges.desk_poll", poll_id=poll_id))
    db.session.commit()
    _say_asked(done, notes)
    return answer


def _invited(poll: Poll) -> list[Guest]:
    found = queries.invited_to(poll)
    return [Guest(one.person, one.organisation, because=poll_closing.for_others(one.invited_because)) for one in found]


def _ask_page(poll: Poll, form: AskForm, words: str) -> str:
    """The form, with the lists that fit the words and what is ticked so far."""
    ticked = {name: {str(value) for value in form[name].data or ()} for name in ("states", "organisations", "people")}
    offered = choosing.lists(viewer(), words, ticked, ids(ticked["people"]))
    invited = len(queries.invited_to(poll))
    return render_template("exchanges/desk_poll_ask.html", poll=poll, form=form, words=words, offered=offered, invited=invited)


def _say_asked(done: rules.Asked, notes: list[str]) -> None:
    flash(ngettext("%(num)s person is asked.", "%(num)s people are asked.", done.new), "good")
    if done.already:
        flash(ngettext("%(num)s person was asked before.", "%(num)s people were asked before.", done.already))
    if done.without_address:
        flash(
            ngettext(
                "%(num)s person has no e-mail address and has to be told another way.",
                "%(num)s people have no e-mail address and have to be told another way.",
                done.without_address,
            ),
            "warn",
        )
    for sentence in notes[:3]:
        flash(sentence, "warn")


def _asked_or_404(asked_id: uuid.UUID) -> PollAsked:
    found = queries.asked(asked_id)
    if found is None or found.withdrawn_at is not None:
        abort(404)
    return found


@blueprint.route("/desk/poll-answers/<uuid:asked_id>", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES, Permission.SEE_PEOPLE)
def desk_poll_answer(asked_id: uuid.UUID) -> ResponseReturnValue:
    """Record what somebody says by note verbale, e-mail or phone."""
    asked = _asked_or_404(asked_id)
    now = clock.now()
    slots = polling.asked_about(asked.poll, now, said=asked.said)
    form = vote_form(slots, asked.said, comment=asked.comment, on_behalf=True)
    if request.method == "GET":
        return _answer_page(asked, form)
    if not form.validate():
        return _answer_page(asked, form), 422
    sending = Sending(form, now)
    if sending.before:
        return sending.again()
    source = Source(form.source_kind.data, form.source_number.data or "", form.source_date.data)
    try:
        poll_answers.answer_poll(
            asked, votes_of(form, slots), route=Route.SECRETARIAT, comment=form.comment.data or "", by=me(), source=source, now=now
        )
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return _answer_page(_asked_or_404(asked_id), form), refused.status
    answer = sending.leads_to(url_for("exchanges.desk_poll", poll_id=asked.poll_id))
    name = asked.person.full_name
    db.session.commit()
    flash(_("The answer is recorded. %(name)s gets a copy.", name=name), "good")
    return answer


def _answer_page(asked: PollAsked, form: Any) -> str:
    return render_template(
        "exchanges/desk_poll_answer.html", asked=asked, poll=asked.poll, form=form, given=queries.answers_to_poll(asked),
        is_open=asked.poll.is_open and bool(asked.poll.to_answer(clock.now())), time_words=polling.time_words,
    )  # fmt: skip


@blueprint.post("/desk/poll-answers/<uuid:asked_id>/withdraw")
@requires(Permission.MANAGE_EXCHANGES, Permission.SEE_PEOPLE)
def desk_poll_withdraw(asked_id: uuid.UUID) -> ResponseReturnValue:
    """One person is asked no more."""
    asked = _asked_or_404(asked_id)
    poll_id = asked.poll_id
    try:
        rules.withdraw_asked(asked, by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        flash(str(refused.message), "bad")
        return redirect(url_for("exchanges.desk_poll", poll_id=poll_id), 303)
    db.session.commit()
    flash(_("The person is asked no more."), "good")
    return redirect(url_for("exchanges.desk_poll", poll_id=poll_id), 303)


@blueprint.route("/desk/polls/<uuid:poll_id>/close", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_close_poll(poll_id: uuid.UUID) -> ResponseReturnValue:
    """Close a poll: the session is scheduled and those asked are invited in one step, or no session comes of it."""
    poll = poll_or_404(poll_id)
    form = _close_form(poll)
    if request.method == "GET":
        return _close_page(form, poll)
    if not form.validate():
        return _close_page(form, poll), 422
    sending = Sending(form, clock.now())
    if sending.before:
        return sending.again()
    try:
        done = _close(form, poll)
    except RuleBroken as refused:
        db.session.rollback()
        poll = poll_or_404(poll_id)
        form.refuse(refused)
        form.version.data = str(poll.version)
        return _close_page(form, poll, refused.saved if isinstance(refused, Conflict) else ()), refused.status
    session_page = url_for("exchanges.desk_session", session_id=done.session_id) if done.session_id else None
    answer = sending.leads_to(session_page or url_for("exchanges.desk_poll", poll_id=poll_id))
    db.session.commit()
    flash(_("The poll is closed."), "good")
    if done.session_id:
        count = done.invited.total
        invited = ngettext("%(num)s person was invited.", "%(num)s people were invited.", count)
        flash(_("The session is scheduled."), "good")
        flash(invited, "good")
    elif done.told:
        flash(ngettext("%(num)s person will be told.", "%(num)s people will be told.", done.told))
    return answer


def _close(form: ClosePollForm, poll: Poll) -> poll_closing.Closed:
    version, by, now = planning.number_of(form.version.data), me(), clock.now()
    if form.slot.data == NO_SESSION:
        if form.tell.data not in ("everyone", "nobody"):
            raise RuleBroken(_("Choose whether people are told."), field="tell")
        return poll_closing.close_without(poll, tell=form.tell.data == "everyone", version=version, by=by, now=now)
    slot_id = planning.id_of(form.slot.data)
    return poll_closing.close_with_session(
        poll, slot_id, seats=form.seats.data or 0, version=version, by=by, now=now, day_meant=bool(form.day_off.data)
    )


def _close_form(poll: Poll) -> ClosePollForm:
    now = clock.now()
    rows = queries.asked_of(poll)
    found = results(poll, now, rows)
    draft = poll.peer_session
    seats = draft.capacity if draft is not None else max(poll_closing.USUAL_SEATS, len(rows))
    wished = request.args.get("slot", "")
    form = ClosePollForm(data={"version": str(poll.version), "seats": seats, "slot": wished or None})
    form.slot.choices = [
        (str(one.slot.id), polling.time_words(one.slot, poll.minutes)) for one in found.slots if one.slot.starts_at > now
    ] + [(NO_SESSION, _("No session comes of it"))]
    form.tell.choices = planning.tell_choices(sum(1 for one in rows if one.person.email and one.person.active))
    return form


def _close_page(form: ClosePollForm, poll: Poll, saved: Any = ()) -> str:
    now = clock.now()
    rows = queries.asked_of(poll)
    return render_template(
        "exchanges/desk_poll_close.html", form=form, poll=poll, saved=saved, results=results(poll, now, rows),
        to_invite=poll_closing.to_be_invited(poll, rows, now), now_is=now,
    )  # fmt: skip


@blueprint.route("/desk/polls/<uuid:poll_id>/reopen", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_reopen_poll(poll_id: uuid.UUID) -> ResponseReturnValue:
    """Open a poll again, until a new deadline."""
    poll = poll_or_404(poll_id)
    form = ReopenForm(data={"version": str(poll.version), "zone": poll.zone})
    silent = sum(1 for one in queries.asked_of(poll) if one.answered_at is None and one.person.email)
    ask = ngettext("Ask those who have not answered: %(num)s person", "Ask those who have not answered: %(num)s people", silent)
    form.asking.choices = [("silent", ask), ("nobody", _("Nobody"))]
    if request.method == "GET":
        return _reopen_page(form, poll)
    if not (form.validate() & form.whole()):
        polling.show_folds_again(form)
        return _reopen_page(form, poll), 422
    try:
        told = poll_closing.reopen(
            poll, polling.deadline_of(form), asking=form.asking.data == "silent",
            version=planning.number_of(form.version.data), by=me(), now=clock.now(),
        )  # fmt: skip
    except RuleBroken as refused:
        db.session.rollback()
        poll = poll_or_404(poll_id)
        polling.refuse(form, refused)
        form.version.data = str(poll.version)
        return _reopen_page(form, poll, refused.saved if isinstance(refused, Conflict) else ()), refused.status
    db.session.commit()
    flash(_("The poll is open again."), "good")
    if told:
        flash(ngettext("%(num)s person is asked.", "%(num)s people are asked.", told))
    return redirect(url_for("exchanges.desk_poll", poll_id=poll_id), 303)


def _reopen_page(form: ReopenForm, poll: Poll, saved: Any = ()) -> str:
    return render_template("exchanges/desk_poll_reopen.html", form=form, poll=poll, saved=saved)
