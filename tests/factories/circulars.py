"""Circulars for tests, made by the room's own rules."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from app.accounts.models import Person
from app.circulars import rules
from app.circulars.models import Audience, Circular, Part
from app.extensions import db
from tests.factories.accounts import make_person

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SUBJECTS = {"en": "New form from January", "fr": "Nouveau formulaire dès janvier", "ar": "استمارة جديدة من كانون الثاني/يناير"}
TEXTS = {"en": "Use the **new** form.", "fr": "Utilisez le **nouveau** formulaire.", "ar": "استخدموا الاستمارة **الجديدة**."}


def make_plan(audience: Audience = Audience.WORKING_GROUP, **fields: Any) -> rules.Plan:
    """To the whole working group, in English, French and Arabic; English stands in for the rest."""
    fields.setdefault("subjects", SUBJECTS)
    fields.setdefault("texts", TEXTS)
    fields.setdefault("source", "en")
    fields.setdefault("fallback", "en")
    fields.setdefault("zone", "Africa/Nairobi")
    if audience is Audience.WORKING_GROUP:
        fields.setdefault("chosen", (Part.EVERYONE.value,))
    return rules.Plan(audience=audience, **fields)


def make_circular(
    audience: Audience = Audience.WORKING_GROUP, *, by: Person | None = None, corrects: Circular | None = None, **fields: Any
) -> Circular:
    """A draft."""
    row = rules.write(make_plan(audience, **fields), corrects=corrects, by=by or make_person("Berg", given_name="Tomas"), now=NOW)
    db.session.flush()
    return row
