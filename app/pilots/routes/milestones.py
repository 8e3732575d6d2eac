"""A milestone's page, and what those who carry it do there: move its date, say it is done, add what shows it.

Two doors lead to the same page: signed in, and for an owner without an account the address in the mail.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import Viewer, public, signed_in, viewer
from app.accounts.models import Person
from app.accounts.reader import link_page
from app.core import clock
from app.core.errors import Conflict, RuleBroken
from app.core.forms import Form
from app.core.once import key_text
from app.core.text import size_words
from app.extensions import db
from app.files.rules import ACCEPT
from app.pilots import access, deadlines, queries, rules
from app.pilots.forms import DoneForm, EvidenceForm, MoveForm, ReasonForm, day_of
from app.pilots.models import Milestone
from app.pilots.routes import blueprint
from app.pilots.routes.shown import differences, moved_sentence, visibility_word, when_sentence
from app.pilots.rules import Shown

_FORMS = ("move_form", "done_form", "evidence_form", "reopen_form", "drop_form")


@dataclass(frozen=True)
class Door:
    """Who came, by which door, to which milestone."""

    row: Milestone
    who: Viewer
    token: str = ""

    @property
    def by(self) -> Person:
        """The person who acts."""
        return self.who.person or abort(401)

    @property
    def classes(self) -> Any:
        """The classes of evidence they may read."""
        return access.readable(self.who, self.row.pilot, _owns(self.row, self.who))

    def url(self, name: str) -> str:
        """The address of the page or of an action, by the same door."""
        if self.token:
            return url_for(f"pilots.{name}_by_link", token=self.token)
        return url_for(f"pilots.{name}", pilot_id=self.row.pilot_id, milestone_id=self.row.id)

    def again(self) -> Door:
        """The same, read anew after a refusal."""
        return _behind(self.token) if self.token else _found(self.row.pilot_id, self.row.id)


def _found(pilot_id: uuid.UUID, milestone_id: uuid.UUID) -> Door:
    """The milestone, for those of the pilot: the public has the pilot's page."""
    row = queries.milestone_in_view(viewer(), pilot_id, milestone_id) or abort(404)
    return Door(row, viewer()) if access.sees_people(viewer(), row.pilot, _owns(row, viewer())) else abort(404)


def _owns(row: Milestone, who: Viewer) -> bool:
    """Has the viewer this milestone or another of the pilot? The others are asked for only where it would change anything."""
    if access.owns(who, row) or access.sees_people(who, row.pilot, False):
        return access.owns(who, row)
    return queries.owns_any(who, queries.milestones_of(row.pilot))


def _mine(pilot_id: uuid.UUID, milestone_id: uuid.UUID) -> Door:
    """A milestone the viewer may report on."""
    door = _found(pilot_id, milestone_id)
    return door if access.may_report(door.who, door.row) else abort(404)


def _behind(token: str) -> Door:
    """The milestone behind a mailed link; whoever holds it acts as its owner, and with no other right."""
    row = queries.behind_link(token) or abort(404)
    return Door(row, Viewer(row.owner), token)


@blueprint.get("/pilots/<uuid:pilot_id>/milestones/<uuid:milestone_id>")
@signed_in
def milestone(pilot_id: uuid.UUID, milestone_id: uuid.UUID) -> ResponseReturnValue:
    """One milestone: its dates and why they moved, its owner, its evidence, and the forms of those who carry it."""
    return _page(_found(pilot_id, milestone_id))


@blueprint.get("/milestone/<token>")
@public
def milestone_by_link(token: str) -> ResponseReturnValue:
    """The same for an owner without an account."""
    return link_page(_page(_behind(token)))


@blueprint.post("/pilots/<uuid:pilot_id>/milestones/<uuid:milestone_id>/move")
@signed_in
def move(pilot_id: uuid.UUID, milestone_id: uuid.UUID) -> ResponseReturnValue:
    """Another present date, with a reason."""
    return _move(_mine(pilot_id, milestone_id))


@blueprint.post("/milestone/<token>/move")
@public
def move_by_link(token: str) -> ResponseReturnValue:
    """The same for an owner without an account."""
    return link_page(_move(_behind(token)))


def _move(door: Door) -> ResponseReturnValue:
    form = MoveForm(prefix="m")

    def do() -> Any:
        to, reason, version = day_of(form.due_on), form.reason.data or "", form.version.data or 0
        rules.move(door.row, to, reason=reason, version=version, by=door.by, now=clock.now())
        return _("The new date is saved.")

    return _done(door, form, "move_form", do)


@blueprint.post("/pilots/<uuid:pilot_id>/milestones/<uuid:milestone_id>/done")
@signed_in
def finish(pilot_id: uuid.UUID, milestone_id: uuid.UUID) -> ResponseReturnValue:
    """It is done."""
    return _finish(_mine(pilot_id, milestone_id))


@blueprint.post("/milestone/<token>/done")
@public
def finish_by_link(token: str) -> ResponseReturnValue:
    """The same for an owner without an account."""
    return link_page(_finish(_behind(token)))


def _finish(door: Door) -> ResponseReturnValue:
    form = DoneForm(prefix="d")
    form.offer(door.classes)

    def do() -> Any:
        rules.finish(
            door.row, on=day_of(form.done_on), note=form.done_note.data or "", version=form.version.data or 0, by=door.by,
            now=clock.now(), shown=_shown(form) if form.url.data or form.file.data else None,
        )  # fmt: skip
        return _("The milestone is done.")

    return _done(door, form, "done_form", do)


@blueprint.post("/pilots/<uuid:pilot_id>/milestones/<uuid:milestone_id>/evidence")
@signed_in
def add_evidence(pilot_id: uuid.UUID, milestone_id: uuid.UUID) -> ResponseReturnValue:
    """Add a link or a file."""
    return _add_evidence(_mine(pilot_id, milestone_id))


@blueprint.post("/milestone/<token>/evidence")
@public
def add_evidence_by_link(token: str) -> ResponseReturnValue:
    """The same for an owner without an account."""
    return link_page(_add_evidence(_behind(token)))


def _add_evidence(door: Door) -> ResponseReturnValue:
    form = EvidenceForm(prefix="e")
    form.offer(door.classes)

    def do() -> Any:
        rules.add_evidence(door.row, _shown(form), by=door.by, now=clock.now())
        return _("The evidence is saved.")

    return _done(door, form, "evidence_form", do)


@blueprint.post("/pilots/<uuid:pilot_id>/milestones/<uuid:milestone_id>/evidence/<uuid:evidence_id>/remove")
@signed_in
def remove_evidence(pilot_id: uuid.UUID, milestone_id: uuid.UUID, evidence_id: uuid.UUID) -> ResponseReturnValue:
    """Take a piece away. The second of two clicks finds it gone, which is what was wanted."""
    door, form = _mine(pilot_id, milestone_id), Form(prefix="z")

    def do() -> Any:
        evidence = queries.evidence_in_view(door.row.id, evidence_id, door.classes)
        if evidence is not None:
            rules.remove_evidence(door.row, evidence, by=door.by, now=clock.now())
        return _("The evidence is removed.")

    return _done(door, form, "remove_form", do)


@blueprint.post("/pilots/<uuid:pilot_id>/milestones/<uuid:milestone_id>/reopen")
@signed_in
def reopen(pilot_id: uuid.UUID, milestone_id: uuid.UUID) -> ResponseReturnValue:
    """It was not done after all."""
    door, form = _mine(pilot_id, milestone_id), ReasonForm(prefix="r")

    def do() -> Any:
        rules.reopen(door.row, reason=form.reason.data or "", by=door.by, now=clock.now())
        return _("The milestone is open again.")

    return _done(door, form, "reopen_form", do)


@blueprint.post("/pilots/<uuid:pilot_id>/milestones/<uuid:milestone_id>/drop")
@signed_in
def drop(pilot_id: uuid.UUID, milestone_id: uuid.UUID) -> ResponseReturnValue:
    """It will not be reached; the secretariat alone may say so."""
    door, form = _mine(pilot_id, milestone_id), ReasonForm(prefix="p")
    if not access.may_plan(door.who):
        abort(404)

    def do() -> Any:
        rules.drop(door.row, reason=form.reason.data or "", by=door.by, now=clock.now())
        return _("The milestone is dropped. It stays in the record.")

    return _done(door, form, "drop_form", do)


def _shown(form: EvidenceForm) -> Shown:
    return Shown(
        title=form.title.data or "", visibility=form.chosen, url=form.url.data or "", upload=form.file.data or None,
        submission_key=key_text(form),
    )  # fmt: skip


def _done(door: Door, form: Form, name: str, do: Callable[[], Any]) -> ResponseReturnValue:
    """Validate, do, commit, back to the page; refused: the page again with what was typed."""
    if not form.validate_on_submit():
        return _page(door, 422, **{name: form})
    back = door.url("milestone")
    try:
        said = do()
        db.session.commit()
    except Conflict as conflict:
        db.session.rollback()
        form.form_errors.append(conflict.message)
        return _page(door.again(), 409, differences(conflict), **{name: form})
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return _page(door.again(), refused.status, **{name: form})
    flash(said, "good")
    return redirect(back, 303)


def _page(door: Door, code: int = 200, changes: Any = None, **tried: Form) -> ResponseReturnValue:
    """The page, with the form that was refused in its place among fresh ones."""
    row, classes = door.row, door.classes
    today = deadlines.today_in(row.pilot.state.zone, clock.now())
    may_report = access.may_report(door.who, row)
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
        door=door,
        milestone=row,
        pilot=row.pilot,
        standing=standing,
        sentence=when_sentence(row, standing, row.pilot.state, today),
        moved=moved_sentence(row),
        history=queries.changes_of([row])[row.id][::-1],
        evidence=queries.evidence_of([row], classes)[row.id],
        changes=changes,
        may_report=may_report,
        may_plan=access.may_plan(door.who),
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
