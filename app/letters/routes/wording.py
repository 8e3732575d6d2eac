"""The wording of letters in six languages with who reviewed it, and who signs."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, requires
from app.core import clock
from app.core.errors import Conflict, RuleBroken
from app.core.forms import texts_of
from app.core.languages import LANGUAGES
from app.core.once import Sending
from app.extensions import db
from app.letters import queries, rules
from app.letters.forms import SignatoryForm, WordingForm
from app.letters.models import Signatory
from app.letters.queries.formulas import source_language
from app.letters.routes.blueprint import audit_of, blueprint, number_of, page, refuse, see
from app.letters.wording import LABELS, may_name


@blueprint.get("/desk/letters/wording")
@requires(P.SEE_LETTERS)
def wording() -> ResponseReturnValue:
    """Every formula with its state in each language."""
    return page("wording", standings=queries.standings(), labels=LABELS, unreviewed=queries.not_reviewed())


@blueprint.route("/desk/letters/wording/<key>/<spoken>", methods=["GET", "POST"])
@requires(P.MANAGE_LETTERS)
def formula(key: str, spoken: str) -> ResponseReturnValue:
    """One formula in one language, beside the others."""
    standings = _standings(key, spoken)
    held = next(s for s in standings if s.language == spoken)
    form = WordingForm(text=held.text, revision=str(held.revision))
    if not form.is_submitted():
        return _formula_page(key, spoken, form)
    if not form.validate():
        return _formula_page(key, spoken, form, 422)
    try:
        changed = rules.change(key, spoken, form.text.data or "", revision=number_of(form.revision.data), by=me(), now=clock.now())
    except RuleBroken as error:
        status = refuse(form, error)
        changes = error.changes if isinstance(error, Conflict) else []
        if changes:
            form.revision.data = str(next(s for s in _standings(key, spoken) if s.language == spoken).revision)
        return _formula_page(key, spoken, form, status, changes)
    db.session.commit()
    flash(_("The wording is saved. It waits to be reviewed.") if changed else _("Nothing changed."), "good" if changed else "")
    return see(url_for("letters.formula", key=key, spoken=spoken))


def _standings(key: str, spoken: str) -> list[Any]:
    if key not in LABELS or spoken not in LANGUAGES:
        abort(404)
    return list(queries.standings([key])[key])


def _formula_page(
    key: str, spoken: str, form: WordingForm, status: int = 200, changes: list[tuple[Any, Any, Any]] | None = None
) -> ResponseReturnValue:
    standings = _standings(key, spoken)
    return page(
        "formula", status, key=key, spoken=spoken, label=LABELS[key], form=form, changes=changes or [],
        held=next(s for s in standings if s.language == spoken), others=[s for s in standings if s.language != spoken],
        names=may_name(key), source=source_language(), revisions=queries.revisions_of(key, spoken),
    )  # fmt: skip


@blueprint.post("/desk/letters/wording/<key>/<spoken>/review")
@requires(P.MANAGE_LETTERS)
def review(key: str, spoken: str) -> ResponseReturnValue:
    """Somebody read it and stands by it."""
    _standings(key, spoken)
    try:
        said = rules.review(key, spoken, revision=number_of(request.form.get("revision")), by=me(), now=clock.now())
    except RuleBroken as error:
        db.session.rollback()
        flash(str(error.message), "bad")
        return see(url_for("letters.formula", key=key, spoken=spoken))
    db.session.commit()
    flash(_("Your review is kept under your name.") if said else _("It was reviewed already."), "good")
    return see(url_for("letters.formula", key=key, spoken=spoken))


@blueprint.get("/desk/letters/signatories")
@requires(P.SEE_LETTERS)
def signatories() -> ResponseReturnValue:
    """Who signs letters."""
    return page("signatories", rows_=queries.signatories(active=False))


@blueprint.route("/desk/letters/signatories/new", methods=["GET", "POST"])
@requires(P.MANAGE_LETTERS)
def new_signatory() -> ResponseReturnValue:
    """Add somebody who signs."""
    return _signatory(None)


@blueprint.route("/desk/letters/signatories/<uuid:signatory_id>", methods=["GET", "POST"])
@requires(P.MANAGE_LETTERS)
def signatory(signatory_id: uuid.UUID) -> ResponseReturnValue:
    """Change how somebody signs."""
    return _signatory(db.session.get(Signatory, signatory_id) or abort(404))


def _signatory(row: Signatory | None) -> ResponseReturnValue:
    start = {"name": row.name, "posts": row.posts, "active": row.active, "version": str(row.version)} if row else {"active": True}
    form = SignatoryForm(data=start)
    facts: dict[str, Any] = {"form": form, "row": row, "audit": audit_of("signatory", row.id) if row else [], "met": None}
    if not form.is_submitted():
        return page("signatory_form", **facts)
    if not form.validate():
        return page("signatory_form", 422, **facts)
    sending = Sending(form, clock.now())
    if sending.before:
        return sending.again()
    try:
        rules.save_signatory(
            row, form.name.data or "", texts_of(form.posts), bool(form.active.data), version=number_of(form.version.data),
            by=me(), now=clock.now(),
        )  # fmt: skip
    except RuleBroken as error:
        status = refuse(form, error)
        if row is not None:
            form.version.data = str(row.version)
        return page("signatory_form", status, **facts | {"met": error if isinstance(error, Conflict) else None})
    answer = sending.leads_to(url_for("letters.signatories"))
    db.session.commit()
    flash(_("The signatory is saved."), "good")
    return answer
