"""The secretariat's desk: write, change, review, publish and hide; with the state of each translation."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, requires, viewer
from app.accounts.reader import language
from app.audit.queries import lines_about
from app.core import clock
from app.core.db import reading
from app.core.errors import Conflict, RuleBroken
from app.core.languages import LANGUAGES, NAMES
from app.core.once import key_text
from app.core.paging import key_of
from app.core.text import size_words
from app.extensions import db
from app.links.models import LinkType, Ref
from app.links.queries import related_to
from app.practices import rules, words
from app.practices.forms import DocumentForm, ResourceForm, WrittenForm, form_for, new_form
from app.practices.indexing import texts_of
from app.practices.models import Kind
from app.practices.queries import desk_page, documents_of, latest, record_by_id
from app.practices.routes import blueprint
from app.texts.queries import source_of, standings, standings_of
from app.texts.words import STATES


def found(kind: Kind, record_id: uuid.UUID) -> Any:
    """The record, or 404."""
    return record_by_id(viewer(), kind, record_id) or abort(404)


def asked_kind() -> Kind:
    """The kind an address asks for; practices when it asks for none of ours."""
    asked = request.args.get("kind", "")
    return Kind(asked) if asked in set(Kind) else Kind.PRACTICE


@blueprint.get("/desk/practices")
@requires(P.SEE_DESK)
@reading
def desk_practices() -> ResponseReturnValue:
    """All records of a kind, drafts too, with the state of each translation."""
    kind = asked_kind()
    after = key_of(request.args.get("after"), (datetime.fromisoformat, uuid.UUID))
    shown = desk_page(viewer(), kind, (after[0], after[1]) if after and after[0].tzinfo else None)
    return render_template(
        "practices/desk_practices.html", kind=kind, page=shown, words=words, STATES=STATES, Kind=Kind,
        standings=standings(kind, {row.id: texts_of(row) for row in shown.rows}), is_first=after is None,
    )  # fmt: skip


@blueprint.route("/desk/practices/new/<any(practice,tool,resource):kind>", methods=["GET", "POST"])
@requires(P.MANAGE_LIBRARY)
def desk_new(kind: str) -> ResponseReturnValue:
    """Write a record."""
    form = new_form(Kind(kind))
    if form.validate_on_submit():
        try:
            made = rules.create(
                Kind(kind), form.fields(), source=form.source.data, by=me(), now=clock.now(),
                submission_key=key_text(form),
            )  # fmt: skip
            _keep_subjects(form, made)
            db.session.commit()
            flash(_("It is saved as a draft. Readers do not see it yet."), "good")
            return redirect(url_for("practices.desk_edit", kind=kind, record_id=made.id), 303)
        except RuleBroken as refused:
            db.session.rollback()
            form.refuse(refused)
    return render_template("practices/desk_form.html", form=form, kind=Kind(kind), row=None, words=words), (
        422 if form.has_errors else 200
    )


@blueprint.route("/desk/practices/<any(practice,tool,resource):kind>/<uuid:record_id>", methods=["GET", "POST"])
@requires(P.MANAGE_LIBRARY)
def desk_edit(kind: str, record_id: uuid.UUID) -> ResponseReturnValue:
    """Change a record. The second of two editors sees what the first one changed."""
    row = found(Kind(kind), record_id)
    form = _form_of(Kind(kind), row)
    if not form.is_submitted():
        return page(Kind(kind), row, form=form)
    if not form.validate():
        return page(Kind(kind), row, form=form), 422
    try:
        rules.change(
            row, form.fields(), version=_number(request.form.get("version")), source=form.source.data, by=me(), now=clock.now()
        )
        _keep_subjects(form, row)
        db.session.commit()
    except Conflict as conflict:
        db.session.rollback()
        row = found(Kind(kind), record_id)
        form.version.data = str(row.version)
        form.form_errors.append(conflict.message)
        changes = words.differences_in_words(conflict.changes)
        return page(Kind(kind), row, form=form, changes=changes, saved=conflict.saved), 409
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return page(Kind(kind), found(Kind(kind), record_id), form=form), 422
    flash(_("It is saved."), "good")
    return redirect(url_for("practices.desk_edit", kind=kind, record_id=record_id), 303)


def _form_of(kind: Kind, row: Any) -> WrittenForm:
    """The form of a record, with what a resource is about."""
    about = rules.subjects_of(Ref(kind, row.id), LinkType.ABOUT) if kind is Kind.RESOURCE else None
    return form_for(kind, row, source_of(kind, row.id, texts_of(row)), about)


def _keep_subjects(form: WrittenForm, row: Any) -> None:
    if isinstance(form, ResourceForm):
        seen = (form.about_seen.data or "").split()
        start = Ref(Kind.RESOURCE, row.id)
        rules.set_subjects(start, LinkType.ABOUT, form.about.data or [], seen, viewer(), by=me(), now=clock.now())


def page(
    kind: Kind,
    row: Any,
    *,
    form: WrittenForm | None = None,
    document_form: DocumentForm | None = None,
    changes: list[tuple[Any, str, str]] | None = None,
    saved: Sequence[Any] = (),
) -> str:
    """The edit page: the form, the languages, the files, what is linked, the log."""
    documents = documents_of(kind, row.id)
    return render_template(
        "practices/desk_edit.html",
        form=form or _form_of(kind, row),
        document_form=document_form if document_form is not None else new_document_form(),
        has_errors=document_form is not None,
        kind=kind,
        row=row,
        changes=changes,
        saved=saved,
        standings=standings_of(kind, row.id, texts_of(row)),
        documents=documents,
        newest={d.id for d in latest(documents)},
        related=related_to(kind, row.id, viewer()),
        lines=lines_about(kind, row.id) if viewer().can(P.READ_AUDIT) else [],
        size_words=size_words,
        STATES=STATES,
        words=words,
    )


def document_form() -> DocumentForm:
    """The form for a file as it was sent."""
    return DocumentForm(choices=[(code, NAMES[code]) for code in LANGUAGES])


def new_document_form() -> DocumentForm:
    """An empty form for a file beside another form that was sent."""
    return DocumentForm(formdata=None, data={"language": language()}, choices=[(code, NAMES[code]) for code in LANGUAGES])


@blueprint.post("/desk/practices/<any(practice,tool,resource):kind>/<uuid:record_id>/publish")
@requires(P.MANAGE_LIBRARY)
def desk_publish(kind: str, record_id: uuid.UUID) -> ResponseReturnValue:
    """Put it on the site."""
    try:
        rules.publish(found(Kind(kind), record_id), by=me(), now=clock.now())
        db.session.commit()
        flash(_("It is on the site."), "good")
    except RuleBroken as refused:
        db.session.rollback()
        flash(str(refused.message), "bad")
    return redirect(url_for("practices.desk_edit", kind=kind, record_id=record_id), 303)


@blueprint.post("/desk/practices/<any(practice,tool,resource):kind>/<uuid:record_id>/hide")
@requires(P.MANAGE_LIBRARY)
def desk_hide(kind: str, record_id: uuid.UUID) -> ResponseReturnValue:
    """Take it off the site."""
    rules.hide(found(Kind(kind), record_id), by=me(), now=clock.now())
    db.session.commit()
    flash(_("It is off the site. Everything that was written stays."))
    return redirect(url_for("practices.desk_edit", kind=kind, record_id=record_id), 303)


@blueprint.post("/desk/practices/<any(practice,tool,resource):kind>/<uuid:record_id>/reviewed/<lang_code>")
@requires(P.MANAGE_LIBRARY)
def desk_reviewed(kind: str, record_id: uuid.UUID, lang_code: str) -> ResponseReturnValue:
    """The texts in a language were read beside their source and are right."""
    if lang_code not in LANGUAGES:
        abort(404)
    row = found(Kind(kind), record_id)
    if _number(request.form.get("version")) != row.version:
        flash(_("The texts changed while you were reading. Look again, then say that they are right."), "warn")
    elif rules.reviewed(row, lang_code, by=me(), now=clock.now()):
        db.session.commit()
        flash(_("Your review is noted."), "good")
    return redirect(f"{url_for('practices.desk_edit', kind=kind, record_id=record_id)}#languages", 303)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else -1
