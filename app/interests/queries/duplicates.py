"""Expressions that may be the same one twice. A person decides; this only shows."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from sqlalchemy import Text, Uuid, bindparam, or_, select

from app.accounts.models import Organisation
from app.core.db import Texts, as_list
from app.core.text import fold
from app.interests.models import Expression, Status

_ALIKE = 0.82
_CANDIDATES = 200


class Why(StrEnum):
    """What two expressions share."""

    STATE_AND_CALL = "state_and_call"
    ADDRESS = "address"
    NAME = "name"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class Named:
    """A State by its names."""

    names: Texts


@dataclass(frozen=True, slots=True)
class Other:
    """Of another expression what is compared and shown."""

    id: uuid.UUID
    call_id: uuid.UUID
    state_id: uuid.UUID | None
    status: Status
    reference: str | None
    contact_folded: str | None
    contact_name: str
    organisation_name: str
    state: Named | None


@dataclass(frozen=True)
class Duplicate:
    """Another expression, and what it shares with this one."""

    expression: Other
    why: tuple[Why, ...]


_THIS, _CALL, _STATE = bindparam("here", type_=Uuid), bindparam("call", type_=Uuid), bindparam("state", type_=Uuid)
OTHERS = as_list(
    select(Expression)
    .outerjoin(Organisation, Organisation.id == Expression.state_id)
    .where(
        or_(Expression.call_id == _CALL, Expression.contact_folded == bindparam("folded", type_=Text)),
        Expression.id != _THIS,
        Expression.status.not_in((Status.DRAFT, Status.WITHDRAWN)),
    )
    # the surest candidates first, so that a call with thousands does not push them out
    .order_by((Expression.state_id == _STATE).desc().nulls_last(), Expression.submitted_at.desc(), Expression.id)
    .limit(_CANDIDATES),
    Expression.id, Expression.call_id, Expression.state_id, Expression.status, Expression.reference, Expression.contact_folded,
    Expression.contact_given_name, Expression.contact_family_name, Expression.organisation_name, Organisation.names,
)  # fmt: skip
"""Those of the same call or address, as a column of a statement that is given ``asked_of_others``."""


def asked_of_others(this: Expression) -> dict[str, Any]:
    """What ``OTHERS`` is given."""
    return {"here": this.id, "call": this.call_id, "state": this.state_id, "folded": this.contact_folded}


def duplicates_from(this: Expression, others: Sequence[Sequence[Any]]) -> list[Duplicate]:
    """Same State and call, same address, or a name much like this one in the same call; the closest first."""
    name, organisation = _in_order(this.contact_name), _in_order(this.organisation_name)
    found = [Duplicate(other, tuple(_shared(this, other, name, organisation))) for other in map(_other, others)]
    return sorted((d for d in found if d.why), key=lambda d: (-len(d.why), d.expression.reference or ""))


def _other(row: Sequence[Any]) -> Other:
    id_, call, state, status, reference, folded, given, family, organisation, names = row
    return Other(
        uuid.UUID(id_), uuid.UUID(call), uuid.UUID(state) if state else None, Status(status), reference, folded,
        f"{given} {family}".strip(), organisation, Named(names) if names is not None else None,
    )  # fmt: skip


def _shared(this: Expression, other: Other, name: str, organisation: str) -> Iterable[Why]:
    if this.state_id is not None and (this.state_id, this.call_id) == (other.state_id, other.call_id):
        yield Why.STATE_AND_CALL
    if this.contact_folded and this.contact_folded == other.contact_folded:
        yield Why.ADDRESS
    if _alike(name, _in_order(other.contact_name)):
        yield Why.NAME
    if this.state_id == other.state_id and _alike(organisation, _in_order(other.organisation_name)):
        yield Why.ORGANISATION


def alike(one: str, other: str) -> bool:
    """Do two names read as one, whatever their case, accents and order of words?"""
    return _alike(_in_order(one), _in_order(other))


def _in_order(name: str) -> str:
    return " ".join(sorted(fold(name).split()))


def _alike(left: str, right: str) -> bool:
    if len(left) < 4 or len(right) < 4:
        return False
    if left == right:
        return True
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    return matcher.real_quick_ratio() >= _ALIKE and matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE
