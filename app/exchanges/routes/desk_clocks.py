"""The secretariat's desk: what a change of clock rules did to sessions, and what somebody has to decide."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.accounts.access import Permission, me, requires, viewer
from app.core import clock
from app.core.errors import RuleBroken
from app.core.paging import instant
from app.exchanges import queries, rules
from app.exchanges.clockwork import Touched
from app.exchanges.models import ClockChange, Decision
from app.exchanges.queries import clock_sources
from app.exchanges.queries.clocks import Group
from app.exchanges.routes.blueprint import blueprint
from app.extensions import db

MOST = 50


@blueprint.get("/desk/clocks")
@requires(Permission.SEE_ALL_EXCHANGES)
def desk_clocks() -> ResponseReturnValue:
    """What waits for a decision, and the record of what other clock rules did."""
    page = queries.decided(viewer(), after=request.args.get("after"))
    waiting = [] if request.args.get("after") else queries.to_decide(viewer())
    counts, standing = queries.counts_of(one.id for one in page.rows), clock_sources.standing(clock.now())
    return render_template("exchanges/desk_clocks.html", page=page, waiting=waiting, counts=counts, standing=standing)


@blueprint.get("/desk/clocks/<uuid:change_id>")
@requires(Permission.SEE_ALL_EXCHANGES)
def desk_clock_change(change_id: uuid.UUID) -> ResponseReturnValue:
    """One session: the choices with whom each reaches, or what was decided and who was told."""
    change = _change_or_404(change_id)
    after = _uuid(request.args.get("after"))
    people = queries.moved_people(change, after=after, most=MOST)
    return render_template(
        "exchanges/desk_clock_change.html", change=change, row=change.peer_session, choices=_choices(change),
        groups=[] if after else queries.groups_of(change), people=people[:MOST],
        after=str(people[MOST - 1].invitation_id) if len(people) > MOST else None,
    )  # fmt: skip


@blueprint.post("/desk/clocks/<uuid:change_id>/decide")
@requires(Permission.MANAGE_EXCHANGES)
def desk_decide_clocks(change_id: uuid.UUID) -> ResponseReturnValue:
    """Keep the hour, or the moment."""
    change = _change_or_404(change_id)
    try:
        decision, seen = Decision(request.form.get("decision", "")), instant(request.form.get("at", ""))
    except ValueError:
        abort(400)
    try:
        mails = rules.decide_clocks(change, decision, by=me(), now=clock.now(), seen=seen)
    except RuleBroken as refused:
        db.session.rollback()
        flash(refused.message, "warn")
    else:
        db.session.commit()
        flash(_("Decided. Nobody has to be told.") if not mails else ngettext(
            "Decided. %(num)s person is told.", "Decided. %(num)s people are told.", mails), "good")  # fmt: skip
    return redirect(url_for("exchanges.desk_clock_change", change_id=change_id), 303)


def _change_or_404(change_id: uuid.UUID) -> ClockChange:
    found = queries.change_for(viewer(), change_id)
    if found is None:
        abort(404)
    return found


def _choices(change: ClockChange) -> list[tuple[Decision, datetime | None, list[Group]]]:
    """What can be decided, the moment it comes to, and whom it would reach."""
    if not change.is_open:
        return []
    row = change.peer_session
    found = rules.choices(row, change, clock.now())
    return [(one, rules.becomes_at(row, change, one), _grouped(rules.foresee_clocks(row, change, one))) for one in found]


def _grouped(people: Sequence[Touched]) -> list[Group]:
    counted = Counter((one.zone, one.touch.value, one.was, one.becomes) for one in people)
    return [Group(*key, number) for key, number in sorted(counted.items(), key=lambda pair: (pair[0][2], pair[0][0]))]


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None
