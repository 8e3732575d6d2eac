"""Forms of the secretariat: organisations, people, roles, designations."""

from __future__ import annotations

import uuid
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, RadioField, StringField, TextAreaField

from app.accounts.access import Viewer, grantable
from app.accounts.forms.own import ProfileForm
from app.accounts.models import OrganisationKind
from app.accounts.words import CAPACITIES, ORGANISATION_KINDS, ROLES, ROUTES, WEEKDAYS
from app.core.forms import (
    CheckboxesField,
    Form,
    OnceForm,
    OurDateField,
    TextsField,
    TidySelect,
    ZoneField,
    an_address,
    at_most,
    needed,
)

NONE = [("", "–")]
_CHOOSE = _l("Choose one from the list.")


def id_of(text: str | None) -> uuid.UUID | None:
    """A chosen id; ``None`` for none."""
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None


class OrganisationForm(OnceForm):
    """An organisation. ``choices_of_parents`` fills the list of what it may be part of."""

    kind = TidySelect(_l("Kind"), [needed(_CHOOSE)], choices=[(k.value, v) for k, v in ORGANISATION_KINDS.items()])
    names = TextsField(_l("Name"), most=200)
    formal_names = TextsField(_l("Formal name"), most=300)
    parent_id = TidySelect(_l("Part of"))
    zone = ZoneField(_l("Time zone"), [needed(_l("Choose a time zone."))])
    weekend = CheckboxesField(_l("Weekend"), choices=list(WEEKDAYS.items()))
    mail_route = TidySelect(
        _l("Where mail to this State goes"), [needed(_CHOOSE)], choices=[(k.value, v) for k, v in ROUTES.items()]
    )
    version = HiddenField()

    def offer(self, parents: list[tuple[str, str]]) -> None:
        """What it may be part of."""
        self.parent_id.choices = [*NONE, *parents]


class PersonForm(OnceForm, ProfileForm):
    """A person as the secretariat keeps the record."""

    email = StringField(_l("E-mail address"), [at_most(254), an_address()])


class MembershipForm(Form):
    """Where a person belongs, from a day on."""

    organisation_id = TidySelect(_l("Organisation"), [needed(_CHOOSE)])
    valid_from = OurDateField(_l("From"), [needed(_l("Enter a date, such as 2027-03-11."))])


class LastDayForm(Form):
    """The last day of a membership or a designation."""

    last_day = OurDateField(_l("Last day"), [needed(_l("Enter a date, such as 2027-03-11."))])


class RoleForm(OnceForm):
    """A role the viewer may give."""

    role = TidySelect(_l("Role"), [needed(_CHOOSE)])

    def offer(self, viewer: Viewer, *, also_none: bool = False) -> None:
        """The roles this viewer may give."""
        none = [("none", _l("No role: sees what is addressed to them"))] if also_none else []
        self.role.choices = [*none, *((r.value, ROLES[r]) for r in grantable(viewer))]


class DesignationForm(OnceForm):
    """What a letter of designation says."""

    version = HiddenField()
    state_id = TidySelect(_l("State"), [needed(_CHOOSE)])
    capacity = TidySelect(_l("Capacity"), [needed(_CHOOSE)], choices=[(k.value, v) for k, v in CAPACITIES.items()])
    letter_number = StringField(_l("Number of the letter"), [at_most(120)])
    letter_date = OurDateField(_l("Date of the letter"), [needed(_l("Enter the date of the letter."))])
    signatory = StringField(_l("Signed by"), [needed(_l("Enter who signed the letter.")), at_most(200)])
    scan = FileField(_l("Scan of the letter"))
    replaces_id = TidySelect(_l("Replaces"))
    valid_from = OurDateField(_l("In force from"), [needed(_l("Enter the first day."))])
    valid_to = OurDateField(_l("Until"))

    def offer(self, states: list[tuple[str, str]], former: list[tuple[str, Any]]) -> None:
        """Fill the lists of States and of designations to replace."""
        self.state_id.choices = [("", _l("Choose a State")), *states]
        self.replaces_id.choices = [("", _l("No other designation")), *former]


class ReasonForm(Form):
    """Why something is refused."""

    reason = TextAreaField(_l("Why the designation is refused"), [needed(_l("Say why the designation is refused.")), at_most(2000)])


class OrganisationFilter(Form):
    """Search of organisations; read from the address, so it has no token."""

    class Meta(Form.Meta):  # type: ignore[misc]
        """No token: it changes nothing."""

        csrf = False

    words = StringField(_l("Name"), [at_most(200)])
    kind = TidySelect(
        _l("Kind"), choices=[("", _l("All kinds")), *((k.value, v) for k, v in ORGANISATION_KINDS.items())], default=""
    )

    @property
    def chosen_kind(self) -> OrganisationKind | None:
        """The kind, when one is chosen and known."""
        return OrganisationKind(self.kind.data) if self.kind.data in set(OrganisationKind) else None


class HandOverForm(OnceForm):
    """One person takes over from another; whether the former's record is closed with it."""

    close = BooleanField(_l("Close the record of the former: no mail and no sign-in any more"), default=True)


class LetterForm(HandOverForm):
    """The same, together with the letter by which the State names the successor."""

    letter_number = StringField(_l("Number of the letter"), [at_most(120)])
    letter_date = OurDateField(_l("Date of the letter"), [needed(_l("Enter the date of the letter."))])
    signatory = StringField(_l("Signed by"), [needed(_l("Enter who signed the letter.")), at_most(200)])
    scan = FileField(_l("Scan of the letter"))


class DeactivateForm(OnceForm):
    """What becomes of the places in sessions to come."""

    places = RadioField(
        _l("Invitations to sessions to come"),
        choices=[
            ("keep", _l("Keep them. The page of each session shows that the record is closed")),
            ("take_back", _l("Take them back. Seats go to those who wait; the person gets no mail")),
        ],
        default="keep",
    )


class AddressForm(Form):
    """Where mail reaches somebody."""

    email = StringField(_l("E-mail address"), [needed(_l("Enter the e-mail address.")), at_most(254), an_address()])
