"""Choose which letters to make, look at what was prepared, issue it or discard it."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.accounts.access import P, me, requires, viewer
from app.accounts.reader import name_of
from app.core import clock
from app.core.errors import RuleBroken
from app.core.once import Sending
from app.extensions import db
from app.letters import queries, rules
from app.letters.forms import SetForm, id_of
from app.letters.models import About, SetStatus, Signatory
from app.letters.queries import Party, Subject
from app.letters.routes.blueprint import audit_of, blueprint, called, page, refuse, see, set_or_404, subject_of_set


def _asked() -> Subject:
    """What the address says letters are to be about; what cannot be found is not there."""
    for kind in About:
        row_id = id_of(request.args.get(kind.value))
        if row_id is not None:
            return queries.subject_of(viewer(), kind, row_id) or abort(404)
    abort(404)


@blueprint.route("/desk/letters/prepare", methods=["GET", "POST"])
@requires(P.MANAGE_LETTERS)
def prepare() -> ResponseReturnValue:
    """Which letters to make about a session, a decision or a designation."""
    subject, now = _asked(), clock.now()
    found, unreached = queries.parties(subject, now), queries.on_paper(subject, now)
    issued = {letter.state_id for letter in queries.issued_about(subject.kind, subject.id)}
    form = SetForm()
    signers = queries.signatories()
    also = [(p.key, name_of(p.state)) for p in unreached if p.state is not None]
    form.offer([(p.key, _label(p)) for p in found], also, [(str(s.id), s.name) for s in signers])
    if not form.is_submitted():
        form.states.data = [p.key for p in found if (p.state.id if p.state else None) not in issued]
    facts: dict[str, Any] = {"subject": subject, "about": called(subject), "issued": issued, "signers": signers}
    facts["found"] = found or unreached
    if not form.is_submitted():
        return page("set_form", form=form, not_yet=_not_yet(subject), **facts)
    if not form.validate():
        return page("set_form", 422, form=form, not_yet=None, **facts)
    sending = Sending(form, now)
    if sending.before:
        return sending.again()
    try:
        signer = db.session.get(Signatory, id_of(form.signatory_id.data)) if id_of(form.signatory_id.data) else None
        chosen = {*(form.states.data or ()), *(form.also.data or ())}
        made = rules.prepare(
            subject, chosen, signatory=signer, answer_due=form.answer_due.data, annexes=form.annexes, by=me(), now=now
        )
    except RuleBroken as error:
        status = refuse(form, error)
        return page("set_form", status, form=form, not_yet=None, **facts)
    answer = sending.leads_to(url_for("letters.letter_set", set_id=made.id))
    db.session.commit()
    flash(_("The letters are prepared. Look at each of them, then issue them."), "good")
    return answer


def _label(party: Party) -> str:
    name = name_of(party.state) if party.state is not None else party.name
    if not party.recipients:
        return str(_("%(state)s (to print: no e-mail address)", state=name))
    return name


def _not_yet(subject: Subject) -> str | None:
    """The sentence that says why no letter can be made, if so."""
    try:
        rules.refuse_unless_ready(subject, clock.now())
    except RuleBroken as error:
        return str(error.message)
    return None


@blueprint.get("/desk/letters/prepared/<uuid:set_id>")
@requires(P.SEE_LETTERS)
def letter_set(set_id: uuid.UUID) -> ResponseReturnValue:
    """What was prepared: each letter with its language, its way and what stands in for a missing text."""
    return _page(set_id)


def _page(set_id: uuid.UUID, status: int = 200, refusal: str | None = None) -> ResponseReturnValue:
    of = set_or_404(set_id)
    subject = subject_of_set(of)
    letters = queries.letters_of(of)
    made = rules.proofs(of, letters, subject, clock.now()) if of.status is SetStatus.DRAFT else []
    return page(
        "set", status, of=of, about=called(subject), letters=letters, made=made, looked_at=rules.seen(made), refusal=refusal,
        mails=sum(len(p.party.recipients) for p in made), printed=sum(1 for p in made if not p.party.recipients),
        audit=audit_of("letter_set", of.id),
    )  # fmt: skip


@blueprint.post("/desk/letters/prepared/<uuid:set_id>/issue")
@requires(P.MANAGE_LETTERS)
def issue(set_id: uuid.UUID) -> ResponseReturnValue:
    """Number them, keep them, send them."""
    of = set_or_404(set_id)
    looked_at = request.form.get("looked_at", "")
    try:
        done = rules.issue(of, subject_of_set(of), looked_at=looked_at, by=me(), now=clock.now())
    except RuleBroken as error:
        db.session.rollback()
        return _page(set_id, error.status, str(error.message))
    db.session.commit()
    if done:
        flash(ngettext("%(num)s letter is issued.", "%(num)s letters are issued.", len(done)), "good")
        waiting = sum(1 for letter in done if letter.sent_on is None)
        if waiting:
            flash(ngettext("%(num)s letter waits to be printed.", "%(num)s letters wait to be printed.", waiting), "warn")
    return see(url_for("letters.letter_set", set_id=of.id))


@blueprint.post("/desk/letters/prepared/<uuid:set_id>/discard")
@requires(P.MANAGE_LETTERS)
def discard(set_id: uuid.UUID) -> ResponseReturnValue:
    """Forget what was prepared."""
    of = set_or_404(set_id)
    try:
        rules.discard(of, by=me(), now=clock.now())
    except RuleBroken as error:
        db.session.rollback()
        return _page(set_id, error.status, str(error.message))
    db.session.commit()
    flash(_("The drafts are discarded. Nobody was written to."), "good")
    return see(url_for("letters.register"))
