"""The four steps of the form, the mail that brings a draft back, the answer to a question, the contact's corrections."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import TextAreaField, ValidationError

from app.core.forms import CheckboxesField, Form, OnceForm, an_address, at_most, needed
from app.interests.forms.fields import (
    TEXT_MOST,
    OneOf,
    a_name,
    a_text,
    grounds_field,
    kind_field,
    languages_field,
    letters_language_field,
    mode_field,
    start_field,
    state_field,
    to_enum,
    tool_choices,
    zone_field,
)
from app.interests.models import OF_A_STATE, Ask, Call, Endorsement
from app.interests.rules.complete import SENTENCES
from app.interests.words import ASKS, FIELDS, KINDS


class Step(Form):
    """A step: which attributes of the expression it holds."""

    def said(self) -> dict[str, Any]:
        """What can be kept: every field that is in order, whatever the others are like."""
        return {f.name: f.data for f in self if f.name in FIELDS and not f.errors}


class WhoForm(Step):
    """Step 1: who we are."""

    organisation_kind = kind_field(needed(SENTENCES["organisation_kind"]))
    state_id = state_field()
    organisation_name = a_name("organisation_name", needed(SENTENCES["organisation_name"]))
    organisation_unit = a_name("organisation_unit")
    contact_honorific = a_name("contact_honorific", most=60)
    contact_given_name = a_name("contact_given_name", most=100)
    contact_family_name = a_name("contact_family_name", needed(SENTENCES["contact_family_name"]), most=100)
    contact_post = a_name("contact_post")
    contact_email = a_name("contact_email", needed(SENTENCES["contact_email"]), an_address(), most=254)
    contact_phone = a_name("contact_phone", most=40)
    language = letters_language_field(needed(_l("Choose one from the list.")))
    contact_zone = zone_field(needed(_l("Choose one from the list.")))

    def __init__(self, *args: Any, call: Call, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        draft = kwargs.get("obj")
        if draft is not None and draft.state is not None:
            self.contact_zone.near = (draft.state.zone,)
        self.organisation_kind.choices = [("", ""), *((k.value, KINDS[k]) for k in call.kinds)]

    def validate_state_id(self, field: Any) -> None:
        """Governments say for which State they speak."""
        if self.organisation_kind.data in OF_A_STATE and not field.data:
            raise ValidationError(SENTENCES["state_id"])


class WhatForm(Step):
    """Step 2: what we seek and offer. Objectives are not asked: they follow from the grounds."""

    mode = mode_field(needed(SENTENCES["mode"]))
    asks = CheckboxesField(_l("What would you like to do?"))
    grounds = grounds_field(needed(SENTENCES["grounds"]))
    tools = CheckboxesField(_l("Which tools would you like to pilot?"), choices=tool_choices)
    aim = a_text("aim", needed(SENTENCES["aim"]))
    languages = languages_field()
    start_on = start_field()
    constraints = a_text("constraints")

    def __init__(self, *args: Any, call: Call, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asks.choices = [(a.value, ASKS[a]) for a in Ask if a.value in call.asks]
        if call.asks:
            self.asks.validators = [needed(SENTENCES["asks"])]
            self.asks.flags.required = True
        if Ask.PILOT_TOOL.value not in call.asks:
            del self.tools


class LetterForm(Step):
    """Step 3: the official endorsement."""

    endorsement = OneOf(_l("How does the official letter come?"), coerce=to_enum(Endorsement))
    file = FileField(_l("Letter or note verbale"))

    def __init__(self, *args: Any, of_a_state: bool, kept: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(Endorsement.UPLOADED.value, _l("Upload it here")), (Endorsement.LATER.value, _l("Send it later by mail"))]
        if not of_a_state:
            choices.append((Endorsement.NONE.value, _l("No letter: we are not a government")))
        self.endorsement.choices = choices
        self.kept = kept
        self.of_a_state = of_a_state

    def validate_endorsement(self, field: Any) -> None:
        """Governments say how the letter comes."""
        if field.data is None or (self.of_a_state and field.data is Endorsement.NONE):
            raise ValidationError(SENTENCES["endorsement"])

    def validate_file(self, field: Any) -> None:
        """Chosen to upload: then there is a file, from now or from before."""
        if self.endorsement.data is Endorsement.UPLOADED and not field.data and not self.kept:
            raise ValidationError(SENTENCES["endorsement_file"])


class SendForm(Form):
    """Step 4: one button."""


class LaterForm(OnceForm):
    """Where to mail the way back to a draft."""

    contact_email = a_name("contact_email", needed(SENTENCES["contact_email"]), an_address(), most=254)


class AnswerForm(OnceForm):
    """The answer to a question."""

    answer = TextAreaField(_l("Your answer"), validators=[needed(_l("Write your answer first.")), at_most(TEXT_MOST)])


class WithdrawForm(Form):
    """Why it is withdrawn, if somebody wishes to say."""

    reason = TextAreaField(_l("Reason"), validators=[at_most(1000)])


class CorrectionForm(Step):
    """What a contact may correct in a copy: everything but the State, the address and the call."""

    organisation_name = a_name("organisation_name", needed(SENTENCES["organisation_name"]))
    organisation_unit = a_name("organisation_unit")
    contact_honorific = a_name("contact_honorific", most=60)
    contact_given_name = a_name("contact_given_name", most=100)
    contact_family_name = a_name("contact_family_name", needed(SENTENCES["contact_family_name"]), most=100)
    contact_post = a_name("contact_post")
    contact_phone = a_name("contact_phone", most=40)
    language = letters_language_field(needed(_l("Choose one from the list.")))
    contact_zone = zone_field(needed(_l("Choose one from the list.")))
    mode = mode_field()
    grounds = grounds_field()
    aim = a_text("aim")
    languages = languages_field()
    start_on = start_field()
    constraints = a_text("constraints")
