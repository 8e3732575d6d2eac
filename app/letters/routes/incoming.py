"""Enter a letter that came."""

from __future__ import annotations

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, requires, viewer
from app.accounts.queries import state_choices
from app.accounts.reader import best, language
from app.core import clock
from app.core.errors import RuleBroken
from app.core.once import Sending
from app.extensions import db
from app.letters import queries, rules
from app.letters.forms import IncomingForm
from app.letters.models import Direction, Letter
from app.letters.routes.blueprint import blueprint, page, refuse
from app.letters.routes.register import today


@blueprint.route("/desk/letters/incoming/new", methods=["GET", "POST"])
@requires(P.MANAGE_LETTERS)
def new_incoming() -> ResponseReturnValue:
    """A letter that came by e-mail, post, pouch or hand."""
    form = IncomingForm(
        came_on=today(), kind="note_verbale", means="mail", language=language(), state_id=request.args.get("state"),
        answers_id=request.args.get("answers"),
    )  # fmt: skip
    form.offer(state_choices(language()), [(str(w.id), _named(w)) for w in queries.awaiting(viewer(), Direction.OUT)])
    if not form.is_submitted():
        return page("incoming_form", form=form)
    if not form.validate():
        return page("incoming_form", 422, form=form)
    sending = Sending(form, clock.now())
    if sending.before:
        return sending.again()
    try:
        row = rules.receive(form.fields(), form.scan.data or None, by=me(), now=clock.now())
    except RuleBroken as error:
        return page("incoming_form", refuse(form, error), form=form)
    answer = sending.leads_to(url_for("letters.letter", letter_id=row.id))
    db.session.commit()
    flash(_("The letter is entered as %(number)s.", number=row.number), "good")
    return answer


def _named(letter: Letter) -> str:
    who = str(best(letter.state.names)) if letter.state else letter.correspondent
    return f"{letter.number} – {who}"
