"""What the decision page shows of the co-leads' opinions, from what each reader may read."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from app.accounts.access import P, Viewer
from app.accounts.models import Role
from app.accounts.visibility import WORDS, Label
from app.interests import queries
from app.interests.models import WITH_THE_SECRETARIAT, Expression
from app.interests.opinion_models import LeftOut, WithdrawnConflict
from app.interests.queries.voices import Asked, Out, TakenBack, Voice, Voices
from app.interests.words import VIEWS


@dataclass(frozen=True)
class Facts:
    """The opinions' part of the record."""

    asked: list[Asked]
    left_out: list[Out]
    withdrawn: list[TakenBack]  # declarations taken back, for the secretariat and whoever had declared
    mine: Voice | None  # what the reader was asked, if they are a co-lead
    i_am_out: bool
    may_ask: bool
    may_declare: bool
    may_withdraw: frozenset[uuid.UUID]  # declarations that the reader may take back
    can_be_asked: int
    reads_reasons: bool  # why somebody is left out is for the secretariat
    views: dict[Any, Any]

    @property
    def running(self) -> Asked | None:
        """The request the co-leads still have to answer."""
        return next((a for a in self.asked if a.request.closed_at is None), None)

    @property
    def shown(self) -> bool:
        """Is there anything to show or to do?"""
        return bool(self.asked or self.left_out or self.withdrawn or self.may_ask or self.may_declare or self.i_am_out)

    def readers(self, asked: Asked) -> Any:
        """Who reads the opinions of this request."""
        return WORDS[Label(asked.request.visibility)]


def may_withdraw(viewer: Viewer, declaration: LeftOut | WithdrawnConflict | Out) -> bool:
    """The co-lead who declared it, and the secretariat."""
    own = viewer.person is not None and declaration.person_id == viewer.person.id and Role.CO_LEAD in viewer.roles
    return own or viewer.can(P.REVIEW_EXPRESSIONS)


def facts(expression: Expression, viewer: Viewer, voices: Voices, can_be_asked: int = 0) -> Facts:
    """The opinions' part of the record for this reader. Who declared a conflict sees that, and nothing else of it."""
    person = viewer.person
    open_for_it = expression.status in WITH_THE_SECRETARIAT
    out = voices.left_out
    i_am_out = person is not None and any(row.person_id == person.id for row in out)
    in_office = viewer.in_office
    asked = queries.asked(voices, viewer)
    withdrawn = [row for row in voices.withdrawn if in_office or (person and row.person_id == person.id)]
    is_co_lead = viewer.can(P.SEE_EXPRESSIONS) and not in_office
    whole = in_office or any(a.may_read for a in asked)
    # who reviews sees every request
    asks = viewer.can(P.REVIEW_EXPRESSIONS) and open_for_it and all(a.request.closed_at is not None for a in asked)
    mine = (s.opinion for a in asked for s in a.said if person is not None and s.opinion.person_id == person.id)
    return Facts(
        asked=asked,
        withdrawn=withdrawn,
        left_out=out if whole else [row for row in out if person is not None and row.person_id == person.id],
        mine=next(mine, None) if not i_am_out and Role.CO_LEAD in viewer.roles else None,
        i_am_out=i_am_out,
        may_ask=asks,
        may_declare=is_co_lead and open_for_it and not i_am_out,
        may_withdraw=frozenset(row.id for row in out if open_for_it and may_withdraw(viewer, row)),
        can_be_asked=can_be_asked if asks else 0,
        reads_reasons=in_office,
        views=VIEWS,
    )
