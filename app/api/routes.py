"""A person's calendar by a secret address: their sessions and the dates they have to keep, without anybody else's address."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _

from app.accounts.access import public
from app.accounts.models import Person
from app.core import clock
from app.core.languages import babel_locale
from app.core.signing import matches, row_of, settings, sign
from app.exchanges import queries
from app.exchanges.entries import entry
from app.exchanges.models import Invitation
from app.extensions import db
from app.notifications.calendar import Feed, publish
from app.pilots import deadlines
from app.pilots.entries import due_day
from app.pilots.models import Milestone
from app.pilots.queries import feed_milestones

bare_blueprint = Blueprint("api", __name__)


@bare_blueprint.get("/feeds/<token>.ics")
@public
def feed(token: str) -> ResponseReturnValue:
    """The feed behind a secret address, until its owner revokes it."""
    person = _person(token)
    now = clock.now()
    invitations = queries.feed_invitations(person, now)
    milestones = feed_milestones(person, deadlines.today_in(person.zone, now))
    response = Response(_body(person, invitations, milestones), content_type="text/calendar; charset=UTF-8")
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.add_etag()
    response.last_modified = _changed(person, invitations, milestones)
    return response.make_conditional(request)


def _person(token: str) -> Person:
    row = row_of(token)
    person = db.session.get(Person, row) if row is not None else None
    if person is None or not person.active or not matches("feed", person.id, person.feed_nonce, token):
        abort(404)
    return person


def _body(person: Person, invitations: list[Invitation], milestones: list[Milestone]) -> bytes:
    with force_locale(babel_locale(person.language)):
        name = _("%(network)s: my sessions", network=settings().network_names[person.language])
        days = [due_day(m, person.language) for m in milestones]
    source = f"{settings().base_url}/feeds/{sign('feed', person.id, person.feed_nonce)}.ics"
    return publish([entry(i, person.language) for i in invitations], Feed(name=name, source=source), days)


def _changed(person: Person, invitations: list[Invitation], milestones: list[Milestone]) -> datetime:
    """When anything in the feed last changed."""
    sessions = (max(i.updated_at, i.peer_session.updated_at) for i in invitations)
    return max([person.updated_at, *sessions, *(max(m.updated_at, m.pilot.updated_at) for m in milestones)])
