"""Where a short code of a mail leads."""

from __future__ import annotations

from datetime import datetime

from flask import url_for

from app.core.signing import sign
from app.exchanges.queries import answer_by_code, places
from app.exchanges.queries.polls import POLL, poll_by_code
from app.interests.queries import page_by_code
from app.pilots.queries import milestone_by_code


def page_behind(typed: str, now: datetime) -> str | None:
    """The page that the link beside this code opens. Every room is asked, so that any code takes as many steps."""
    answer, page, milestone = answer_by_code(typed), page_by_code(typed, now), milestone_by_code(typed)
    poll = poll_by_code(typed)
    place = places.request_by_code(typed)
    if answer is not None:
        return url_for("exchanges.answer", token=sign("answer", *answer))
    if poll is not None:
        return url_for("exchanges.poll_answer", token=sign(POLL, *poll))
    if page is not None:
        purpose, row, nonce = page
        return url_for(_PAGES[purpose], token=sign(purpose, row, nonce))
    if milestone is not None:
        return url_for("pilots.milestone_by_link", token=sign("milestone", *milestone))
    if place is not None:
        return url_for("exchanges.place_request", token=sign("place", *place))
    return None


_PAGES = {"draft": "interests.resume", "status": "interests.status", "confirm": "interests.confirmation"}
