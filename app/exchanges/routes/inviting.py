"""The secretariat invites: States by their route, organisations, people; first the count, then the press that does it.

More than twenty mails are rehearsed: the commit shows them first, and the page that shows them sends this form once more.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.accounts import rehearsals
from app.accounts.access import Permission, me, requires, viewer
from app.accounts.models import Membership, Organisation, Person, fold_address
from app.accounts.queries import people_in_view
from app.core import clock
from app.core.errors import RuleBroken
from app.core.once import Sending
from app.core.zones import to_wall
from app.exchanges import queries, rules
from app.exchanges.forms import InviteForm
from app.exchanges.models import Capacity, PeerSession
from app.exchanges.queries.days_off import DaysOff, days_off
from app.exchanges.routes import choosing
from app.exchanges.routes.blueprint import blueprint, session_or_404
from app.exchanges.rules.inviting import refuse_empty
from app.extensions import db
from app.notifications import leaving


@blueprint.route("/desk/sessions/<uuid:session_id>/invite", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_invite(session_id: uuid.UUID) -> ResponseReturnValue:
    """Choose whom to invite, see how many that is, and invite."""
    row = session_or_404(session_id)
    form = InviteForm()
    form.people.choices = []
    words = (request.form if request.method == "POST" else request.args).get("q", "").strip()
    if request.method == "GET" or "find" in request.form:
        return _page(row, form, words)
    if not form.validate():
        return _page(row, form, words), 422
    try:
        guests, notes = guests_of(form, to_wall(clock.now(), row.zone).date(), Capacity(form.capacity.data))
        refuse_empty(guests, notes)
        states = [g.organisation for g in guests if g.organisation is not None]
        found = days_off(row, states)
        asks = found.is_many and not rules.is_seen(row)
        if asks and not form.day_off_seen.data:
            return _check_page(row, form, guests, notes, found, asks)
        unseen = form.confirmed.data != str(len(guests)) and rehearsals.FIELD not in request.form
        if unseen and rules.foresee(row, guests).mails <= leaving.MANY:  # more are looked at mail by mail before they leave
            return _check_page(row, form, guests, notes, found, asks)
        leaving.remark([*notes, *([_on_a_day_off(found)] if found.is_many else [])])
        sending = Sending(form, clock.now())
        if sending.before:
            return sending.again()
        if asks:
            rules.see_days_off(row, states, by=me(), now=clock.now())
        done = rules.invite(row, guests, by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return _page(session_or_404(session_id), form, words), refused.status
    answer = sending.leads_to(url_for("exchanges.desk_session", session_id=row.id))
    db.session.commit()
    _say(done)
    return answer


def _page(row: PeerSession, form: InviteForm, words: str) -> str:
    """The form, with the lists that fit the words and what is ticked so far."""
    ticked = {name: {str(value) for value in form[name].data or ()} for name in ("states", "organisations", "people")}
    offered = choosing.lists(viewer(), words, ticked, ids(ticked["people"]))
    listed = queries.has_guests(row.exchange_id)
    return render_template("exchanges/desk_invite.html", row=row, form=form, words=words, offered=offered, listed=listed)


def _check_page(
    row: PeerSession, form: InviteForm, guests: list[rules.Guest], notes: list[str], found: DaysOff, asks: bool
) -> ResponseReturnValue:
    """How many that is, on whose day off it falls, and the tick that says it is meant: without it, it is asked for again."""
    status = 200
    if asks and form.confirmed.data == str(len(guests)) and not form.day_off_seen.data:
        form.day_off_seen.errors = [_("Tick this box to invite on this day, or choose another day for the session.")]
        status = 422
    form.confirmed.data = str(len(guests))
    page = render_template(
        "exchanges/desk_invite_check.html", row=row, form=form, foreseen=rules.foresee(row, guests), notes=notes, day_off=found,
        asks_day_off=asks,
    )  # fmt: skip
    return page, status


def _on_a_day_off(found: DaysOff) -> str:
    said: str = ngettext(
        "%(num)s of %(all)s invited States does not work that day.", "%(num)s of %(all)s invited States do not work that day.",
        len(found.off), all=found.asked,
    )  # fmt: skip
    return said


def _say(done: rules.Invited) -> None:
    flash(ngettext("%(num)s person was invited.", "%(num)s people were invited.", done.total), "good")
    if done.already:
        flash(ngettext("%(num)s person was invited before.", "%(num)s people were invited before.", done.already))
    if done.without_address:
        flash(
            ngettext(
                "%(num)s person has no e-mail address and has to be told another way.",
                "%(num)s people have no e-mail address and have to be told another way.",
                done.without_address,
            ),
            "warn",
        )


def guests_of(form: InviteForm, today: date, capacity: Capacity = Capacity.PARTICIPANT) -> tuple[list[rules.Guest], list[str]]:
    """Everyone the form names, each once, and what the organiser should know before saving."""
    meant = rules.Meant()
    meant.add_states([o for o in organisations(form.states.data or []) if o.is_state], capacity, today)
    for organisation in organisations(form.organisations.data or []):
        meant.add_organisation(organisation, capacity, today)
    named = people_in_view(viewer(), ids(form.people.data or []))
    for person in (*named, *by_address(form.addresses.data or "")):
        meant.add_person(person, capacity, today)
    return list(meant.guests.values()), [str(note) for note in meant.notes]


def organisations(chosen: Iterable[str]) -> list[Organisation]:
    """The active organisations of these ids, by name."""
    wanted = ids(chosen)
    if not wanted:
        return []
    found = select(Organisation).where(Organisation.id.in_(wanted), Organisation.active).order_by(Organisation.sort_name)
    return list(db.session.scalars(found))


def ids(texts: Iterable[str]) -> list[uuid.UUID]:
    """Those of these texts that are ids."""
    found = []
    for text in texts:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found


def by_address(text: str) -> list[Person]:
    """The people behind pasted addresses; an address nobody has stops the form, so that nobody is forgotten."""
    wanted = list(dict.fromkeys(a for a in (fold_address(line) for line in text.replace(",", "\n").splitlines()) if a))
    if not wanted:
        return []
    belongs = selectinload(Person.memberships).joinedload(Membership.organisation).joinedload(Organisation.parent)
    found = select(Person).where(Person.email_folded.in_(wanted), Person.active).options(belongs)
    known = {p.email_folded: p for p in db.session.scalars(found)}
    missing = [a for a in wanted if a not in known]
    if missing:
        shown = ", ".join(missing[:5])
        raise RuleBroken(
            ngettext(
                "%(num)s address belongs to nobody we know: %(shown)s. Add the person first.",
                "%(num)s addresses belong to nobody we know: %(shown)s. Add these people first.",
                len(missing), shown=shown,
            ),
            field="addresses",
        )  # fmt: skip
    return [known[a] for a in wanted]
