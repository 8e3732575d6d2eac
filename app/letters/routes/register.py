"""The register, the letters to print, one letter with its files, and what is noted about it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, requires, viewer
from app.accounts.queries import state_choices
from app.accounts.queries.people import names_of
from app.accounts.reader import language
from app.core import clock, paging
from app.core.errors import RuleBroken
from app.core.signing import settings
from app.core.zones import to_wall
from app.extensions import db
from app.files import rules as files
from app.letters import queries, rules, tables
from app.letters.forms import AnsweredForm, CancelForm, RegisterFilter, SentForm, id_of
from app.letters.models import Direction, Letter, LetterKind, LetterSet, Means
from app.letters.queries import Filters
from app.letters.routes.blueprint import audit_of, blueprint, called, letter_or_404, page, refuse, see
from app.letters.words import DIRECTIONS, KINDS
from app.tables.exporting import Table, download


def today() -> date:
    """The day at the secretariat."""
    return to_wall(clock.now(), settings().default_zone).date()


@blueprint.get("/desk/letters")
@requires(P.SEE_LETTERS)
def register() -> ResponseReturnValue:
    """Letters in and out, newest first, below the first few of what is prepared; or all that is prepared, page by page."""
    if request.args.get("list") == "prepared":
        return _prepared()
    form, filters, kept = _asked()
    after = paging.key_of(request.args.get("after"), (paging.day, uuid.UUID))
    rows = queries.page(viewer(), filters, after=(after[0], after[1]) if after else None)
    sets = queries.open_sets(viewer(), size=_FIRST_SETS)
    return page("register", form=form, page=rows, filters=kept, today=today(), open_sets=sets, about=_about(sets.rows))


_FIRST_SETS = 5


def _about(sets: Sequence[LetterSet]) -> dict[uuid.UUID, str]:
    return {set_id: called(subject)[1] for set_id, subject in queries.subjects_of(viewer(), sets).items()}


def _prepared() -> ResponseReturnValue:
    """Sets of letters that are prepared and not issued, newest first."""
    after = paging.key_of(request.args.get("after"), (paging.instant, uuid.UUID))
    sets = queries.open_sets(viewer(), (after[0], after[1]) if after else None)
    return page("prepared", page=sets, about=_about(sets.rows), goes_on=after is not None)


def _asked() -> tuple[RegisterFilter, Filters, dict[str, str | None]]:
    """The form, what the address narrows the register to, and the same for further addresses."""
    form = RegisterFilter(request.args)
    form.direction.choices = [("", _("In and out")), *((d.value, v) for d, v in DIRECTIONS.items())]
    form.kind.choices = [("", _("All kinds")), *((k.value, v) for k, v in KINDS.items())]
    form.state.choices = [("", _("All States")), *state_choices(language())]
    filters = Filters(
        direction=Direction(form.direction.data) if form.direction.data in tuple(Direction) else None,
        kind=LetterKind(form.kind.data) if form.kind.data in tuple(LetterKind) else None,
        state_id=id_of(form.state.data),
        words=(form.words.data or "")[:200],
        overdue=bool(form.overdue.data),
        to_print=request.args.get("waiting") == "print",
        today=today(),
    )
    kept = {
        "words": filters.words or None, "direction": filters.direction.value if filters.direction else None,
        "kind": filters.kind.value if filters.kind else None, "state": str(filters.state_id) if filters.state_id else None,
        "overdue": "y" if filters.overdue else None, "waiting": "print" if filters.to_print else None,
    }  # fmt: skip
    return form, filters, kept


@blueprint.get("/desk/letters/table")
@requires(P.SEE_LETTERS)
def letters_table() -> ResponseReturnValue:
    """The register as a table, under the filters of its page; or the letters to print."""
    _form, filters, kept = _asked()
    table = Table("letters", _("Letters"), tables.REGISTER, queries.every(viewer(), filters), kept)
    answer = download(table, request.args.get("form"), by=me(), now=clock.now(), language=language())
    db.session.commit()
    return answer


@blueprint.get("/desk/letters/to-print")
@requires(P.SEE_LETTERS)
def to_print() -> ResponseReturnValue:
    """Letters for States without an e-mail address."""
    after = paging.key_of(request.args.get("after"), (paging.day, uuid.UUID))
    rows = queries.to_print(viewer(), after=(after[0], after[1]) if after else None)
    return page("to_print", page=rows, files=queries.files_of([row.pdf_id for row in rows.rows]))


@blueprint.get("/desk/letters/<uuid:letter_id>")
@requires(P.SEE_LETTERS)
def letter(letter_id: uuid.UUID) -> ResponseReturnValue:
    """One letter of the register."""
    row = letter_or_404(letter_id)
    if row.is_draft:
        return see(url_for("letters.letter_set", set_id=row.set_id))
    return _page(row)


def _page(row: Letter, status: int = 200, **forms: Any) -> ResponseReturnValue:
    others = queries.may_answer(row) if row.counts and row.answered_on is None else []
    answered_form = AnsweredForm(formdata=None, on=today())
    answered_form.offer([(str(o.id), f"{o.number}: {o.subject}") for o in others])
    about = queries.subject_of(viewer(), row.about_kind, row.about_id) if row.about_kind and row.about_id else None
    facts: dict[str, Any] = {
        "sent_form": SentForm(formdata=None, on=today()), "answered_form": answered_form, "cancel_form": CancelForm(formdata=None),
        **forms,
    }  # fmt: skip
    return page(
        "letter", status, letter=row, today=today(), files=queries.files_of((row.pdf_id, row.docx_id, row.scan_id)),
        about=called(about) if about else None, successor=queries.replaced_by(row),
        names=names_of({row.issued_by, row.cancelled_by}),
        audit=audit_of("letter", row.id), **facts,
    )  # fmt: skip


@blueprint.get("/desk/letters/<uuid:letter_id>/<any(pdf,docx,scan):which>")
@requires(P.SEE_LETTERS)
def letter_file(letter_id: uuid.UUID, which: str) -> ResponseReturnValue:
    """The very bytes that were issued or received, as a download."""
    row = letter_or_404(letter_id)
    file_id = {"pdf": row.pdf_id, "docx": row.docx_id, "scan": row.scan_id}[which]
    stored = queries.files_of([file_id]).get(file_id) if file_id else None
    return files.response(stored) if stored else abort(404)


@blueprint.post("/desk/letters/<uuid:letter_id>/sent")
@requires(P.MANAGE_LETTERS)
def sent(letter_id: uuid.UUID) -> ResponseReturnValue:
    """It left by post, by pouch or by hand."""
    row, form = letter_or_404(letter_id), SentForm()
    if not form.validate() or form.on.data is None:
        return _page(row, 422, sent_form=form, form=form)
    try:
        rules.sent(row, means=Means(form.means.data), on=form.on.data, by=me(), now=clock.now())
    except RuleBroken as error:
        status = refuse(form, error)
        return _page(letter_or_404(letter_id), status, sent_form=form, form=form)
    return _done(row, _("The sending is noted."))


@blueprint.post("/desk/letters/<uuid:letter_id>/answered")
@requires(P.MANAGE_LETTERS)
def answered(letter_id: uuid.UUID) -> ResponseReturnValue:
    """An answer came, or went."""
    row, form = letter_or_404(letter_id), AnsweredForm()
    form.offer([(str(o.id), f"{o.number}: {o.subject}") for o in queries.may_answer(row)])
    if not form.validate() or form.on.data is None:
        return _page(row, 422, answered_form=form, form=form)
    try:
        chosen = id_of(form.answer_id.data)
        by_letter = queries.letter_in_view(viewer(), chosen) if chosen else None
        rules.answered(row, by_letter=by_letter, on=form.on.data, by=me(), now=clock.now())
    except RuleBroken as error:
        status = refuse(form, error)
        return _page(letter_or_404(letter_id), status, answered_form=form, form=form)
    return _done(row, _("The answer is noted."))


@blueprint.post("/desk/letters/<uuid:letter_id>/cancel")
@requires(P.MANAGE_LETTERS)
def cancel(letter_id: uuid.UUID) -> ResponseReturnValue:
    """Take it back; its number stays."""
    row, form = letter_or_404(letter_id), CancelForm()
    if not form.validate():
        return _page(row, 422, cancel_form=form, form=form)
    try:
        rules.cancel(row, form.reason.data or "", by=me(), now=clock.now())
    except RuleBroken as error:
        status = refuse(form, error)
        return _page(letter_or_404(letter_id), status, cancel_form=form, form=form)
    return _done(row, _("The letter is cancelled. Its number stays with it."))


@blueprint.post("/desk/letters/<uuid:letter_id>/correct")
@requires(P.MANAGE_LETTERS)
def correct(letter_id: uuid.UUID) -> ResponseReturnValue:
    """Prepare the letter that takes its place."""
    row = letter_or_404(letter_id)
    about = queries.subject_of(viewer(), row.about_kind, row.about_id) if row.about_kind and row.about_id else None
    try:
        made = rules.correct(row, about, by=me(), now=clock.now())
    except RuleBroken as error:
        db.session.rollback()
        flash(str(error.message), "bad")
        return see(url_for("letters.letter", letter_id=letter_id))
    db.session.commit()
    return see(url_for("letters.letter_set", set_id=made.id))


def _done(row: Letter, sentence: str) -> ResponseReturnValue:
    db.session.commit()
    flash(sentence, "good")
    return see(url_for("letters.letter", letter_id=row.id))
