"""A milestone's page, and what those who carry it do there: move its date, say it is done, add what shows it."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import me, signed_in, viewer
from app.core import clock
from app.core.errors import Conflict, RuleBroken
from app.core.forms import Form, key_of
from app.extensions import db
from app.files.rules import ACCEPT
from app.pilots import access, deadlines, queries, rules
from app.pilots.forms import DoneForm, EvidenceForm, MoveForm, ReasonForm, day_of
from app.pilots.models import Milestone
from app.pilots.routes import blueprint
from app.pilots.routes.shown import (
    in_words,
    moved_sentence,
    size_words,
    visibility_word,
    when_sentence,
)
from app.pilots.rules import Shown

_FORMS = ("move_form", "done_form", "evidence_form", "reopen_form", "drop_form")


def found(pilot_id: uuid.UUID, milestone_id: uuid.UUID) -> Milestone:
    """The milestone, for those of the pilot: the public has the pilot's page."""
    milestone = queries.milestone_in_view(viewer(), pilot_id, milestone_id) or abort(404)
    if not access.sees_people(viewer(), milestone.pilot, _owns(milestone)):
        abort(404)
    return milestone


def _owns(milestone: Milestone) -> bool:
    """Has the viewer this milestone or another of the pilot? The others are asked for only where it would change anything."""
    if access.owns(viewer(), milestone) or access.sees_people(viewer(), milestone.pilot, False):
        return access.owns(viewer(), milestone)
    return queries.owns_any(viewer(), queries.milestones_of(milestone.pilot))


@blueprint.get("/pilots/<uuid:pilot_id>/milestones/<uuid:milestone_id>")
@signed_in
def milestone(pilot_id: uuid.UUID, milestone_id: uuid.UUID) -> ResponseReturnValue:
    """One milestone: its dates and why they moved, its owner, its evidence, and the forms of those who carry it."""
    return _page(found(pilot_id, milestone_id))


@blueprint.post("/pilots/<uuid:pilot_id>/milestones/<uuid:milestone_id>/move")
@signed_in
def move(pilot_id: uuid.UUID, milestone_id: uuid.UUID) -> ResponseReturnValue:
    """Another present date, with a reason."""
    row, form = _mine(pilot_id, milestone_id), MoveForm(prefix="m")

    def do() -> Any:
        rules.move(
            row, day_of(form.due_on), reason=form.reason.data or "", version=form.version.data or 0, by=me(), now=clock.now()
        )  # fmt: skip
        return _("The new date is saved.")

    return _done(row, form, "move_form", do)


@blueprint.post("/pilots/<uuid:pilot_id>/milestones/<uuid:milestone_id>/done")
@signed_in
def finish(pilot_id: uuid.UUID, milestone_id: uuid.UUID) -> ResponseReturnValue:
    """It is done."""
    row, form = _mine(pilot_id, milestone_id), DoneForm(prefix="d")
    form.offer(_classes(row))

    def do() -> Any:
        rules.finish(
            row, on=day_of(form.done_on), note=form.done_note.data or "", version=form.version.data or 0, by=me(),
            now=clock.now(), shown=_shown(form) if form.url.data or form.file.data else None,
        )  # fmt: skip
        return _("The milestone is done.")

    return _done(row, form, "done_form", do)


@blueprint.post("/pilots/<uuid:pilot_id>/milestones/<uuid:milestone_id>/evidence")
@signed_in
def add_evidence(pilot_id: uuid.UUID, milestone_id: uuid.UUID) -> ResponseReturnValue:
    """Add a link or a file."""
    row, form = _mine(pilot_id, milestone_id), EvidenceForm(prefix="e")
    form.offer(_classes(row))

    def do() -> Any:
        rules.add_evidence(row, _shown(form), by=me(), now=clock.now())
        return _("The evidence is saved.")

    return _done(row, form, "evidence_form", do)


@blueprint.post("/pilots/<uuid:pilot_id>/milestones/<uuid:milestone_id>/evidence/<uuid:evidence_id>/remove")
@signed_in
def remove_evidence(pilot_id: uuid.UUID, milestone_id: uuid.UUID, evidence_id: uuid.UUID) -> ResponseReturnValue:
    """Take a piece away. The second of two clicks finds it gone, which is what was wanted."""
    row, form = _mine(pilot_id, milestone_id), Form(prefix="z")

    def do() -> Any:
        evidence = queries.evidence_in_view(row, evidence_id, _classes(row))
        if evidence is not None:
            rules.remove_evidence(row, evidence, by=me(), now=clock.now())
        return _("The evidence is removed.")

    return _done(row, form, "remove_form", do)


@blueprint.post("/pilots/<uuid:pilot_id>/milestones/<uuid:milestone_id>/reopen")
@signed_in
def reopen(pilot_id: uuid.UUID, milestone_id: uuid.UUID) -> ResponseReturnValue:
    """It was not done after all."""
    row, form = _mine(pilot_id, milestone_id), ReasonForm(prefix="r")

    def do() -> Any:
        rules.reopen(row, reason=form.reason.data or "", by=me(), now=clock.now())
        return _("The milestone is open again.")

    return _done(row, form, "reopen_form", do)


@blueprint.post("/pilots/<uuid:pilot_id>/milestones/<uuid:milestone_id>/drop")
@signed_in
def drop(pilot_id: uuid.UUID, milestone_id: uuid.UUID) -> ResponseReturnValue:
    """It will not be reached; the secretariat alone may say so."""
    row, form = _mine(pilot_id, milestone_id), ReasonForm(prefix="p")
    if not access.may_plan(viewer()):
        abort(404)

    def do() -> Any:
        rules.drop(row, reason=form.reason.data or "", by=me(), now=clock.now())
        return _("The milestone is dropped. It stays in the record.")

    return _done(row, form, "drop_form", do)


def _mine(pilot_id: uuid.UUID, milestone_id: uuid.UUID) -> Milestone:
    """A milestone the viewer may report on."""
    row = found(pilot_id, milestone_id)
    return row if access.may_report(viewer(), row) else abort(404)


def _classes(row: Milestone) -> Any:
    return access.readable(viewer(), row.pilot, _owns(row))


def _shown(form: EvidenceForm) -> Shown:
    return Shown(
        title=form.title.data or "", visibility=form.chosen, url=form.url.data or "", upload=form.file.data or None,
        submission_key=key_of(form.submission_key.data),
    )  # fmt: skip


def _done(row: Milestone, form: Form, name: str, do: Any) -> ResponseReturnValue:
    """Validate, do, commit, back to the page; refused: the page again with what was typed."""
    ids = {"pilot_id": row.pilot_id, "milestone_id": row.id}
    if not form.validate_on_submit():
        return _page(row, 422, **{name: form})
    try:
        said = do()
        db.session.commit()
    except Conflict as conflict:
        db.session.rollback()
        form.form_errors.append(conflict.message)
        return _page(found(**ids), 409, in_words(conflict.changes), **{name: form})
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return _page(found(**ids), refused.status, **{name: form})
    flash(said, "good")
    return redirect(url_for("pilots.milestone", pilot_id=row.pilot_id, milestone_id=row.id), 303)


def _page(row: Milestone, code: int = 200, changes: Any = None, **tried: Form) -> ResponseReturnValue:
    """The page, with the form that was refused in its place among fresh ones."""
    today, classes = deadlines.today_in(row.pilot.state.zone, clock.now()), _classes(row)
    may_report = access.may_report(viewer(), row)
    forms: dict[str, Form] = _fresh(row, today) if may_report else {}
    forms |= tried
    for form in forms.values():
        if isinstance(form, EvidenceForm):
            form.offer(classes)
        if isinstance(form, MoveForm | DoneForm):
            form.version.renew(row.version)
    standing = deadlines.standing(row, row.pilot.state, today)
    html = render_template(
        "pilots/milestone.html",
        milestone=row,
        pilot=row.pilot,
        standing=standing,
        sentence=when_sentence(row, standing, row.pilot.state, today),
        moved=moved_sentence(row),
        history=queries.changes_of([row])[row.id][::-1],
        evidence=queries.evidence_of([row], classes)[row.id],
        changes=changes,
        may_report=may_report,
        may_plan=access.may_plan(viewer()),
        size_words=size_words,
        visibility_word=visibility_word,
        accept=ACCEPT,
        tried=list(tried.values()),
        has_errors=any(f.errors for f in tried.values()),
        **{name: forms.get(name) for name in _FORMS},
    )
    return html, code


def _fresh(row: Milestone, today: Any) -> dict[str, Form]:
    return {
        "move_form": MoveForm(formdata=None, prefix="m", data={"due_on": row.due_on}),
        "done_form": DoneForm(formdata=None, prefix="d", data={"done_on": today}),
        "evidence_form": EvidenceForm(formdata=None, prefix="e"),
        "reopen_form": ReasonForm(formdata=None, prefix="r"),
        "drop_form": ReasonForm(formdata=None, prefix="p"),
    }
