"""Fields that several forms of this room share."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, StringField, TelField, TextAreaField
from wtforms.validators import Optional

from app.accounts.models import OrganisationKind
from app.accounts.queries import state_choices
from app.accounts.reader import best, language
from app.core.forms import CheckboxesField, LanguageField, OurDateField, TidySelect, ZoneField, at_most
from app.core.forms import OneOf as OneOf  # the other forms of this room take it from here
from app.core.languages import LANGUAGES, NAMES
from app.interests.models import AIM_MOST, APPLICANT_KINDS, Mode
from app.interests.words import FIELDS, KINDS, MODES
from app.practices.queries import offered_tools
from app.topics.queries import grounds

NAME_MOST = 200
TEXT_MOST = 4000


def to_uuid(value: Any) -> Any:
    """An id of a select; what is none stays as it is, so that the list refuses it with its own sentence."""
    try:
        return uuid.UUID(str(value)) if value else None
    except ValueError:
        return str(value)


def to_enum(kind: type[StrEnum]) -> Callable[[Any], Any]:
    """A member of an enum, likewise."""

    def read(value: Any) -> Any:
        try:
            return kind(value) if value else None
        except ValueError:
            return str(value)

    return read


def a_name(field: str, *validators: Any, most: int = NAME_MOST) -> StringField:
    """A line of text with the label everybody else gives it; phones show the keys for it."""
    kind: type[StringField] = {"contact_email": EmailField, "contact_phone": TelField}.get(field, StringField)
    made: StringField = kind(FIELDS[field], validators=[*validators, at_most(most)])
    return made


def a_text(field: str, *validators: Any, most: int = AIM_MOST) -> TextAreaField:
    """A longer text."""
    return TextAreaField(FIELDS[field], validators=[*validators, at_most(most)])


def kind_field(*validators: Any) -> TidySelect:
    """What sort of organisation it is."""
    choices: list[tuple[str, Any]] = [("", ""), *((k.value, KINDS[k]) for k in APPLICANT_KINDS)]
    return TidySelect(FIELDS["organisation_kind"], validators=validators, choices=choices, coerce=to_enum(OrganisationKind))


def state_field(*validators: Any) -> TidySelect:
    """A State, by its name in the reader's language."""
    return TidySelect(FIELDS["state_id"], validators=validators, choices=states, coerce=to_uuid)


def states() -> list[tuple[str, str]]:
    """No State, then all of them."""
    return [("", ""), *state_choices(language())]


def mode_field(*validators: Any) -> OneOf:
    """Seek, offer or both."""
    return OneOf(
        _l("Do you seek experience, or offer it?"),
        validators=validators,
        choices=[(m.value, MODES[m][0]) for m in Mode],
        coerce=to_enum(Mode),
    )


def ground_choices() -> Iterable[tuple[str, str]]:
    """The twelve grounds, each by its label in the reader's language."""
    return [(code, str(best(g.labels))) for code, g in grounds().items()]


def tool_choices() -> Iterable[tuple[str, str]]:
    """The tools on offer."""
    return [(t.code, str(best(t.titles))) for t in offered_tools()]


def grounds_field(*validators: Any) -> CheckboxesField:
    """Grounds of admission and stay."""
    return CheckboxesField(_l("Which grounds of admission and stay?"), validators=validators, choices=ground_choices)


def languages_field() -> CheckboxesField:
    """Languages somebody can work in, each by its own name."""
    return CheckboxesField(FIELDS["languages"], choices=[(c, NAMES[c]) for c in LANGUAGES])


def letters_language_field(*validators: Any) -> LanguageField:
    """In which language the network writes."""
    return LanguageField(FIELDS["language"], validators=validators)


def zone_field(*validators: Any) -> ZoneField:
    """Where the contact's clock is."""
    return ZoneField(FIELDS["contact_zone"], validators=validators)


def start_field() -> OurDateField:
    """The earliest start."""
    return OurDateField(_l("When could you start?"), validators=[Optional()])
