"""The list of pilots, a pilot's page, its evidence and its updates. What a reader may see is decided by ``access`` alone."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, public, signed_in, viewer
from app.accounts.reader import best, language
from app.core import clock, paging
from app.core.db import reading
from app.core.errors import RuleBroken
from app.core.once import key_text
from app.core.text import clean, size_words
from app.extensions import db
from app.files import rules as files
from app.links.models import Ref
from app.links.queries import related
from app.pilots import queries, rules
from app.pilots.deadlines import Standing
from app.pilots.forms import EndForm, UpdateForm, ground_choices, to_uuid
from app.pilots.models import Pilot
from app.pilots.queries import Filters
from app.pilots.queries.listing import FILTERED
from app.pilots.routes import blueprint
from app.pilots.routes.shown import Page, page_or_404, visibility_word
from app.pilots.timeline import Timeline

NAMES = ("standing", "state", "tool", "ground", "co_lead")
"""The filters of the list, as its address names them."""


@blueprint.get("/pilots")
@public
@reading
def pilot_list() -> ResponseReturnValue:
    """Pilots the reader may see, newest first."""
    after = paging.key_of(request.args.get("after"), (paging.day, uuid.UUID))
    page = queries.pilots_page(viewer(), asked_filters(), clock.now(), (after[0], after[1]) if after else None)
    kept: dict[str, Any] = {name: request.args[name] for name in NAMES if request.args.get(name)}
    sees_all = viewer().can(P.SEE_ALL_PILOTS)
    offered = queries.choices(viewer())
    return render_template(
        "pilots/list.html",
        page=page,
        chosen={name: request.args.get(name, "") for name in NAMES},
        kept=kept,
        after_url=url_for("pilots.pilot_list", **{**kept, "after": page.after}) if page.after else None,
        first_url=url_for("pilots.pilot_list", **kept) if after else None,
        standings=FILTERED,
        states=[(id_, best(names)) for id_, names in offered.states],
        tools=[(code, best(titles)) for code, titles in offered.tools],
        grounds=list(ground_choices()),
        co_leads=offered.co_leads,
        sees_all=sees_all,
    )


def asked_filters() -> Filters:
    """The filters of the address; what is not one of ours filters nothing. Who leads is no filter for the public."""
    args = request.args
    standing = args.get("standing", "")
    return Filters(
        standing=Standing(standing) if standing in {s.value for s in FILTERED} else None,
        state_id=_id(args.get("state")),
        tool=clean(args.get("tool", ""))[:60],
        ground=clean(args.get("ground", ""))[:60],
        co_lead_id=_id(args.get("co_lead")) if viewer().can(P.SEE_ALL_PILOTS) else None,
    )


def _id(value: str | None) -> uuid.UUID | None:
    found = to_uuid(value)
    return found if isinstance(found, uuid.UUID) else None


@blueprint.get("/pilots/<uuid:pilot_id>")
@public
@reading
def pilot(pilot_id: uuid.UUID) -> ResponseReturnValue:
    """A pilot: its facts, its milestones with their drawing, updates, and for the secretariat its log."""
    return shown_page(page_or_404(pilot_id, viewer(), clock.now()))


def shown_page(page: Page, code: int = 200, **forms: Any) -> ResponseReturnValue:
    """The page, with the form that was refused in its place among fresh ones."""
    if "update_form" not in forms and page.may_write:
        forms["update_form"] = UpdateForm(formdata=None, prefix="u")
    if page.may_write:
        forms["update_form"].offer(page.classes)
    if "end_form" not in forms and page.may_plan:
        forms["end_form"] = EndForm(formdata=None, prefix="x", data={"ended_on": page.today})
    drawn: Timeline = page.timeline
    # an expression of interest it comes from stands among the facts, for those who may read it
    groups = related(Ref("pilot", page.pilot.id), page.beside.edges, viewer(), but=("expression",))
    html = render_template(
        "pilots/pilot.html",
        page=page,
        pilot=page.pilot,
        rows=page.rows(),
        months=drawn.labels(language()),
        updates=page.beside.updates,
        tools=[r.shown for g in groups if g.kind == "tool" for r in g.related],
        groups=[g for g in groups if g.kind != "tool"],
        lines=page.beside.lines,
        size_words=size_words,
        visibility_word=visibility_word,
        update_form=forms.get("update_form"),
        end_form=forms.get("end_form"),
        has_errors=any(f.errors for f in forms.values()),
    )
    return html, code


@blueprint.get("/pilots/<uuid:pilot_id>/milestones/<uuid:milestone_id>/evidence/<uuid:evidence_id>")
@public
def evidence_file(pilot_id: uuid.UUID, milestone_id: uuid.UUID, evidence_id: uuid.UUID) -> ResponseReturnValue:
    """A file that shows a milestone is done, for those who may read its class; for others there is none."""
    page = page_or_404(pilot_id, viewer(), clock.now())
    milestone = next((m for m in page.milestones if m.id == milestone_id), None)
    found = queries.evidence_in_view(milestone.id, evidence_id, page.classes) if milestone is not None else None
    return files.response(found.file) if found is not None and found.file is not None else abort(404)


def found(pilot_id: uuid.UUID) -> Pilot:
    """The pilot as a record that a rule may change, if the viewer may see it."""
    return queries.pilot_in_view(viewer(), pilot_id) or abort(404)


@blueprint.post("/pilots/<uuid:pilot_id>/updates")
@signed_in
def write_update(pilot_id: uuid.UUID) -> ResponseReturnValue:
    """Write how it goes."""
    page = page_or_404(pilot_id, viewer(), clock.now())
    if not page.may_write:
        abort(404)
    form = UpdateForm(prefix="u")
    form.offer(page.classes)
    if not form.validate_on_submit():
        return shown_page(page, 422, update_form=form)
    try:
        rules.write_update(
            found(pilot_id), form.text.data or "", visibility=form.chosen, by=me(), now=clock.now(),
            submission_key=key_text(form),
        )  # fmt: skip
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return shown_page(page_or_404(pilot_id, viewer(), clock.now()), refused.status, update_form=form)
    db.session.commit()
    flash(_("The update is saved."), "good")
    return redirect(url_for("pilots.pilot", pilot_id=pilot_id) + "#updates", 303)
