"""Hand over from one person to another: choose who takes over, see how much moves, and press once."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, request, url_for
from flask_babel import gettext as _

from app.accounts import holdings, sessions
from app.accounts.access import P, me, requires, viewer
from app.accounts.forms.desk import HandOverForm, LetterForm, id_of
from app.accounts.models import Designation, Person
from app.accounts.queries import handing_over as reads
from app.accounts.queries import people as reads_people
from app.accounts.routes import blueprint
from app.accounts.routes.common import page
from app.accounts.routes.people import found
from app.accounts.rules import handover as rules
from app.core import clock
from app.core.errors import RuleBroken
from app.core.once import Sending
from app.extensions import db

FOUND = 20


@blueprint.route("/desk/people/<uuid:person_id>/hand-over", methods=["GET", "POST"])
@requires(P.MANAGE_PEOPLE, P.VERIFY_DESIGNATIONS)
def hand_over(person_id: uuid.UUID) -> Any:
    """First who takes over, then what moves and the button that moves it."""
    former = found(person_id)
    chosen = id_of(request.args.get("successor"))
    if chosen is None:
        return _choose(former)
    successor = found(chosen)
    basis, replaced = _basis(former, successor)
    asks_letter = basis is None and replaced is not None
    form = LetterForm() if asks_letter else HandOverForm()
    if not form.is_submitted():
        return _preview(former, successor, form, basis, replaced)
    if not form.validate():
        return _preview(former, successor, form, basis, replaced, 422)
    now = clock.now()
    sending = Sending(form, now)
    if sending.before:
        return sending.again()
    try:
        if isinstance(form, LetterForm) and replaced is not None:
            rules.from_letter(former, successor, replaced, _letter(form), close=form.close.data, by=me(), now=now)
        else:
            rules.hand_over(former, successor, designation=basis, close=form.close.data, by=me(), now=now)
    except RuleBroken as error:
        db.session.rollback()
        form.refuse(error)
        return _again(person_id, chosen, form, error)
    names = {"former": former.full_name, "successor": successor.full_name}
    answer = sending.leads_to(url_for("accounts.person", person_id=chosen))
    db.session.commit()
    flash(_("%(successor)s has taken over from %(former)s.", **names), "good")
    return answer


def _letter(form: LetterForm) -> rules.Letter:
    assert form.letter_date.data is not None
    number, signatory = form.letter_number.data or "", form.signatory.data or ""
    return rules.Letter(number, form.letter_date.data, signatory, form.scan.data or None)


def _basis(former: Person, successor: Person) -> tuple[Designation | None, Designation | None]:
    """The successor's designation it stands on, and the former's that a letter has to replace."""
    now = clock.now()
    basis = reads.stands_on(former, successor, sessions.today_of(successor, now))
    open_now = [d for d in reads.open_designations(former, sessions.today_of(former, now)) if d.verified_at is not None]
    return basis, open_now[0] if open_now else None


def _choose(former: Person) -> Any:
    words = request.args.get("words", "")[:200]
    found_people = reads_people.people_page(viewer(), words=words, size=FOUND).rows if words.strip() else []
    held = holdings.held_by(former, clock.now())
    others = [p for p in found_people if p.id != former.id]
    return page("hand_over_choose", former=former, words=words, found=others, held=held)


def _again(former_id: uuid.UUID, successor_id: uuid.UUID, form: HandOverForm, error: RuleBroken) -> Any:
    """The page once more after a refusal, from what is in the database."""
    former, successor = found(former_id), found(successor_id)
    return _preview(former, successor, form, *_basis(former, successor), error.status)


def _preview(
    former: Person,
    successor: Person,
    form: HandOverForm,
    basis: Designation | None,
    replaced: Designation | None,
    status: int = 200,
) -> Any:
    now = clock.now()
    refusal = None
    if status == 200:
        try:
            rules.foresee(former, successor, basis, replaced, by=me(), now=now)
        except RuleBroken as error:
            refusal = error.message
    return page(
        "hand_over", status, former=former, successor=successor, form=form, basis=basis, replaced=replaced, refusal=refusal,
        held=holdings.held_by(former, now), asks_letter=isinstance(form, LetterForm), taken_back=TAKEN_BACK,
    )  # fmt: skip


TAKEN_BACK = frozenset({"mails", "joining", "designations"})
"""What ends with the former instead of moving."""
