"""One letter before it is issued: as it would look, as a PDF, and what may be written by hand."""

from __future__ import annotations

import io
import uuid

from flask import abort, flash, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, requires
from app.core import clock
from app.core.errors import Conflict, RuleBroken
from app.documents.pdf import letters_to_pdf
from app.extensions import db
from app.files.content import PDF
from app.letters import paper, rules
from app.letters.forms import DraftForm
from app.letters.models import Addressed, Letter, LetterKind
from app.letters.routes.blueprint import blueprint, called, letter_or_404, number_of, page, refuse, see, subject_of_set
from app.letters.rules import Proof


def _draft(letter_id: uuid.UUID) -> Letter:
    letter = letter_or_404(letter_id)
    if not letter.is_draft or letter.set is None:
        abort(404)
    return letter


def _proof(letter: Letter) -> Proof:
    of = letter.set
    assert of is not None  # a draft has one
    return rules.proofs(of, [letter], subject_of_set(of), clock.now())[0]


@blueprint.route("/desk/letters/drafts/<uuid:letter_id>", methods=["GET", "POST"])
@requires(P.MANAGE_LETTERS)
def draft(letter_id: uuid.UUID) -> ResponseReturnValue:
    """As it would look, and what may be written by hand."""
    letter = _draft(letter_id)
    proof = _proof(letter)
    start = {
        **proof.written.automatic, **(letter.own or {}), "kind": letter.kind.value, "language": letter.language,
        "addressed": letter.addressed.value, "version": str(letter.version),
    }  # fmt: skip
    form = DraftForm(data=start)
    if not form.is_submitted():
        return _page(letter, proof, form)
    if not form.validate():
        return _page(letter, proof, form, 422)
    of = letter.set
    assert of is not None
    try:
        rules.edit(
            letter, subject_of_set(of), kind=LetterKind(form.kind.data), language=form.language.data,
            addressed=Addressed(form.addressed.data), own={name: form[name].data or "" for name in paper.OWN},
            version=number_of(form.version.data), by=me(), now=clock.now(),
        )  # fmt: skip
    except RuleBroken as error:
        status = refuse(form, error)
        letter = _draft(letter_id)
        form.version.data = str(letter.version)
        return _page(letter, _proof(letter), form, status, error)
    db.session.commit()
    flash(_("The letter is saved."), "good")
    return see(url_for("letters.draft", letter_id=letter_id))


def _page(
    letter: Letter, proof: Proof, form: DraftForm, status: int = 200, refused: RuleBroken | None = None
) -> ResponseReturnValue:
    of = letter.set
    assert of is not None
    return page(
        "draft", status, letter=letter, proof=proof, form=form, paper=paper.frozen(proof.written.tree),
        about=called(subject_of_set(of)), of=of, met=refused if isinstance(refused, Conflict) else None,
    )  # fmt: skip


@blueprint.get("/desk/letters/drafts/<uuid:letter_id>/pdf")
@requires(P.MANAGE_LETTERS)
def draft_pdf(letter_id: uuid.UUID) -> ResponseReturnValue:
    """The draft on paper, with a word across its head that it is none yet."""
    proof = _proof(_draft(letter_id))
    made = letters_to_pdf([paper.as_draft(proof.written.tree)])[0]
    answer = send_file(io.BytesIO(made), mimetype=PDF, as_attachment=True, download_name=f"{_('Draft')}.pdf", etag=False)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.post("/desk/letters/drafts/<uuid:letter_id>/leave-out")
@requires(P.MANAGE_LETTERS)
def leave_out(letter_id: uuid.UUID) -> ResponseReturnValue:
    """One letter fewer."""
    letter = _draft(letter_id)
    set_id = letter.set_id
    try:
        rules.leave_out(letter, by=me(), now=clock.now())
    except RuleBroken as error:
        db.session.rollback()
        flash(str(error.message), "bad")
        return see(url_for("letters.draft", letter_id=letter_id))
    db.session.commit()
    flash(_("The letter is left out."), "good")
    return see(url_for("letters.letter_set", set_id=set_id))
