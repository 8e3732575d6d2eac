"""The call list, and one call: the number, a text to read out, what came of it."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, requires, viewer
from app.accounts.models import Person
from app.accounts.queries import person_in_view
from app.accounts.queries.phoning import Told, calls_about
from app.accounts.reader import viewer_zone
from app.accounts.rules.phoning import record_call
from app.circulars.forms import CallForm
from app.circulars.models import Circular
from app.circulars.queries import circular_in_view, is_for, phone
from app.circulars.routes import blueprint
from app.circulars.spoken import text_for
from app.core import clock, zones
from app.core.errors import RuleBroken
from app.core.forms import joined
from app.core.once import Sending
from app.exchanges.models import Invitation, PeerSession
from app.exchanges.queries import invitation as invitation_by_id
from app.exchanges.queries import session_for
from app.extensions import db
from app.notifications.models import Message


@blueprint.get("/desk/phone")
@requires(P.SEE_PEOPLE, P.SEE_ALL_EXCHANGES)
def phone_list() -> ResponseReturnValue:
    """Whom to phone: of one session those who have not answered, else everyone whom no mail reaches."""
    session = session_asked(request.args.get("session"))
    page = phone.page(viewer(), clock.now(), session, request.args.get("after"))
    return render_template(
        "circulars/phone_list.html", session=session, page=page, waiting=[line for line in page.rows if not line.told],
        told=[line for line in page.rows if line.told], moment=clock.now(), Why=phone.Why,
    )  # fmt: skip


def session_asked(given: str | None) -> PeerSession | None:
    """The session in the address; one that is not there is 404."""
    wanted = _id(given)
    if given and wanted is None:
        abort(404)
    return (session_for(viewer(), wanted) or abort(404)) if wanted is not None else None


def _id(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None


@blueprint.get("/desk/phone/invitation")
@requires(P.RECORD_CALLS, P.SEE_PEOPLE)
def phone_invitation() -> ResponseReturnValue:
    """From the record of an invitation to the call about it."""
    wanted = _id(request.args.get("invitation"))
    found = (invitation_by_id(wanted) if wanted else None) or abort(404)
    return redirect(url_for("circulars.phone_person", person_id=found.person_id, invitation=found.id))


@blueprint.route("/desk/phone/people/<uuid:person_id>", methods=["GET", "POST"])
@requires(P.RECORD_CALLS, P.SEE_PEOPLE)
def phone_person(person_id: uuid.UUID) -> ResponseReturnValue:
    """One person to call about one matter; what came of the call is kept beside the mail."""
    person = person_in_view(viewer(), person_id) or abort(404)
    matter = _matter(person)
    line = phone.one(viewer(), person, matter, clock.now())
    wall = zones.to_wall(clock.now(), viewer_zone())
    form = CallForm(data={"called_day": wall.date(), "called_time": wall.time().replace(second=0, microsecond=0)})
    if request.method == "GET":
        return _page(line, form)
    if not form.validate():
        return _page(line, form), 422
    sending = Sending(form, clock.now())
    if sending.before:
        return sending.again()
    try:
        record_call(
            person, called_at=_instant(form), outcome=form.chosen, note=form.note.data or "", subject=matter.subject,
            message_id=matter.message.id if matter.message else None, by=me(), now=clock.now(),
        )  # fmt: skip
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        person = person_in_view(viewer(), person_id) or abort(404)
        return _page(phone.one(viewer(), person, _matter(person), clock.now()), form), refused.status
    answer = sending.leads_to(_onward(line))
    db.session.commit()
    flash(_("The call is recorded."), "good")
    return answer


def _instant(form: CallForm) -> Any:
    """When the call was, on the clocks of the one who made it. A time that comes twice is taken as the first."""
    wall = joined(form.called_day.data, form.called_time.data)
    assert wall is not None  # both are needed fields
    try:
        return zones.to_instant(wall, viewer_zone(), fold=0)
    except zones.Gap as gap:
        return zones.to_instant(gap.next_valid, viewer_zone(), fold=0)


def _onward(line: phone.ToCall) -> str:
    """Where the form leads: to the answer that was given, else back to the list."""
    invitation = line.matter.invitation
    if "answered" in request.form and invitation is not None:
        return url_for("exchanges.desk_answer", invitation_id=invitation.id, source="phone")
    of_session = request.args.get("list") == "session" and invitation is not None
    return url_for("circulars.phone_list", session=invitation.peer_session_id if of_session and invitation else None)


def _matter(person: Person) -> phone.Matter:
    """What the address says the call is about; what is not this person's is 404."""
    invitation, circular, message = _invitation(person), _circular(person), _message(person)
    if message is not None:
        return phone.of_message(message, person, clock.now())
    if invitation is not None:
        return phone.Matter(phone.Why.NOT_ANSWERED if person.email else phone.Why.NO_ADDRESS, invitation)
    return phone.Matter(phone.Why.NO_ADDRESS if circular is not None else phone.Why.MAIL_FAILED, circular=circular)


def _invitation(person: Person) -> Invitation | None:
    if not request.args.get("invitation"):
        return None
    wanted = _id(request.args["invitation"])
    found = invitation_by_id(wanted) if wanted else None
    return found if found is not None and found.person_id == person.id else abort(404)


def _circular(person: Person) -> Circular | None:
    if not request.args.get("circular"):
        return None
    wanted = _id(request.args["circular"])
    found = circular_in_view(viewer(), wanted, clock.now()) if wanted else None
    return found if found is not None and is_for(found, person) else abort(404)


def _message(person: Person) -> Message | None:
    if not request.args.get("message"):
        return None
    wanted = _id(request.args["message"])
    found = db.session.get(Message, wanted) if wanted else None
    return found if found is not None and found.recipient_id == person.id else abort(404)


def _page(line: phone.ToCall, form: CallForm) -> str:
    return render_template(
        "circulars/phone_person.html", line=line, form=form, text=text_for(line), calls=_calls(line), moment=clock.now(),
        Why=phone.Why,
    )  # fmt: skip


def _calls(line: phone.ToCall) -> list[Told]:
    """Earlier calls about the same."""
    return calls_about(line.person.id, *line.matter.subject) if line.matter.subject else []
