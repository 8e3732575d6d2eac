"""Expressions that may be the same one twice. A person decides; this only shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload

from app.core.text import fold
from app.extensions import db
from app.interests.models import Expression, Status

_ALIKE = 0.82
_CANDIDATES = 200


class Why(StrEnum):
    """What two expressions share."""

    STATE_AND_CALL = "state_and_call"
    ADDRESS = "address"
    NAME = "name"
    ORGANISATION = "organisation"


@dataclass(frozen=True)
class Duplicate:
    """Another expression, and what it shares with this one."""

    expression: Expression
    why: tuple[Why, ...]


def likely_duplicates(this: Expression) -> list[Duplicate]:
    """Same State and call, same address, or a name much like this one in the same call; the closest first."""
    near = [Expression.call_id == this.call_id]
    if this.contact_folded:
        near.append(Expression.contact_folded == this.contact_folded)
    if this.state_id is not None:
        near.append(and_(Expression.state_id == this.state_id, Expression.call_id == this.call_id))
    query = (
        select(Expression)
        .options(joinedload(Expression.state), joinedload(Expression.call))
        .where(or_(*near), Expression.id != this.id, Expression.status.not_in((Status.DRAFT, Status.WITHDRAWN)))
        # the surest candidates first, so that a call with thousands does not push them out
        .order_by((Expression.state_id == this.state_id).desc().nulls_last(), Expression.submitted_at.desc(), Expression.id)
        .limit(_CANDIDATES)
    )
    found = [Duplicate(other, tuple(_shared(this, other))) for other in db.session.scalars(query)]
    return sorted((d for d in found if d.why), key=lambda d: (-len(d.why), d.expression.reference or ""))


def _shared(this: Expression, other: Expression) -> Iterable[Why]:
    if this.state_id is not None and (this.state_id, this.call_id) == (other.state_id, other.call_id):
        yield Why.STATE_AND_CALL
    if this.contact_folded and this.contact_folded == other.contact_folded:
        yield Why.ADDRESS
    if alike(this.contact_name, other.contact_name):
        yield Why.NAME
    if this.state_id == other.state_id and alike(this.organisation_name, other.organisation_name):
        yield Why.ORGANISATION


def alike(one: str, other: str) -> bool:
    """Do two names read as one, whatever their case, accents and order of words?"""
    left, right = (" ".join(sorted(fold(text).split())) for text in (one, other))
    if len(left) < 4 or len(right) < 4:
        return False
    if left == right:
        return True
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    return matcher.real_quick_ratio() >= _ALIKE and matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE
