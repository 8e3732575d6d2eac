"""The secretariat's desk: what needs a person today, what comes up, and how much of each."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.accounts.access import P, me, requires, viewer
from app.accounts.reader import viewer_zone
from app.core import clock, zones
from app.dashboards import links, wellbeing, wording, words
from app.dashboards.queries import desk as queries
from app.dashboards.queries import home, shown
from app.dashboards.queries.wellbeing import facts
from app.dashboards.routes import blueprint
from app.letters.queries import not_reviewed

WEEK = timedelta(days=7)


@blueprint.get("/desk")
@requires(P.SEE_DESK)
def desk() -> ResponseReturnValue:
    """Today at the secretariat."""
    now = clock.now()
    counts, coming, known = queries.counts(now), queries.coming(now), facts(now)
    quiet = [s for s in coming if s.unanswered]
    work = (
        counts.to_review,
        counts.replies,
        counts.failed,
        counts.designations,
        counts.overdue,
        counts.letters,
        counts.hours,
        counts.places,
    )
    needs = sum(work) + counts.polls + len(quiet)
    return render_template(
        "dashboards/desk.html",
        greeting=greeting(now, me().given_name or me().family_name, needs),
        needs=shown(needs),
        waiting=queries.waiting(now),
        quiet=quiet,
        coming=coming,
        week=[s for s in coming if s.starts_at <= now + WEEK],
        call=home.open_call(now),
        counts=counts,
        formulas=not_reviewed() if viewer().can(P.MANAGE_LETTERS) else 0,
        oldest_days=(now - counts.oldest).days if counts.oldest else None,
        shown=shown,
        words=words,
        link=links.to,
        moment=now,
        facts=known,
        found=wellbeing.findings(known),
        wording=wording,
    )


def greeting(now: datetime, name: str, needs: int) -> str:
    """The greeting of the reader's hour, and how much waits for them."""
    hour = zones.to_wall(now, viewer_zone()).hour
    if not needs:
        return _nothing_waits(hour, name)
    facts = {"name": name, "count": shown(needs)}
    if 5 <= hour < 12:
        return str(
            ngettext(
                "Good morning, %(name)s. %(count)s thing needs you today.",
                "Good morning, %(name)s. %(count)s things need you today.",
                needs,
                **facts,
            )
        )
    if 12 <= hour < 18:
        return str(
            ngettext(
                "Good afternoon, %(name)s. %(count)s thing needs you today.",
                "Good afternoon, %(name)s. %(count)s things need you today.",
                needs,
                **facts,
            )
        )
    return str(
        ngettext(
            "Good evening, %(name)s. %(count)s thing needs you today.",
            "Good evening, %(name)s. %(count)s things need you today.",
            needs,
            **facts,
        )
    )


def _nothing_waits(hour: int, name: str) -> str:
    if 5 <= hour < 12:
        return str(_("Good morning, %(name)s. Nothing needs you today.", name=name))
    if 12 <= hour < 18:
        return str(_("Good afternoon, %(name)s. Nothing needs you today.", name=name))
    return str(_("Good evening, %(name)s. Nothing needs you today.", name=name))
