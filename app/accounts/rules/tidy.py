"""Housekeeping: what is over is deleted, so that tables do not grow with every visit."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, or_

from app.accounts.models import SignIn, SignInLink
from app.core import limits, once
from app.extensions import db

KEEP_LINKS = timedelta(days=1)
KEEP_SIGN_INS = timedelta(days=183)
"""Half a year: people may look up when and from where somebody signed in as them."""


def clear_what_is_over(now: datetime) -> None:
    """Delete rate counts, keys of forms, sign-in links and sessions that are over."""
    limits.clear_what_is_over(now)
    once.clear_what_is_over(now)
    db.session.execute(delete(SignInLink).where(SignInLink.expires_at < now - KEEP_LINKS))
    old = now - KEEP_SIGN_INS
    db.session.execute(delete(SignIn).where(or_(SignIn.ended_at < old, SignIn.expires_at < old)))
