"""Shape of input and its labels; nothing here knows what happens next."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import (
    BooleanField,
    EmailField,
    FileField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    URLField,
    ValidationError,
)
from wtforms.validators import Optional, StopValidation

from app.accounts.models import OrganisationKind
from app.accounts.queries import organisation_choices, state_choices
from app.accounts.reader import best, language
from app.core.forms import (
    CheckboxesField,
    Form,
    LanguageField,
    OnceForm,
    OurDateField,
    OurTimeField,
    TextsField,
    TidySelect,
    ZoneField,
    a_web_address,
    an_address,
    at_most,
    needed,
)
from app.core.languages import LANGUAGES, NAMES
from app.exchanges.models import Answer, Audience, Capacity, Line, ListShown, Registration, Visibility
from app.exchanges.words import ANSWERS, CAPACITIES, FIELDS, LINES, LISTS_SHOWN, REGISTRATIONS, SOURCES, VISIBILITIES
from app.topics.queries import grounds

OTHERS = tuple(k for k in OrganisationKind if k is not OrganisationKind.STATE)
HOUR = 60
DAY = 24 * HOUR
SPANS = (14 * DAY, 7 * DAY, 3 * DAY, 2 * DAY, DAY, 12 * HOUR, 3 * HOUR, HOUR, 30, 15)
NUDGE_SPANS = (14 * DAY, 10 * DAY, 7 * DAY, 5 * DAY, 3 * DAY, 2 * DAY, DAY)


def span_text(minutes: int) -> str:
    """A span before the start, in words."""
    if minutes % DAY == 0:
        return str(ngettext("%(num)s day before", "%(num)s days before", minutes // DAY))
    if minutes % HOUR == 0:
        return str(ngettext("%(num)s hour before", "%(num)s hours before", minutes // HOUR))
    return str(ngettext("%(num)s minute before", "%(num)s minutes before", minutes))


class WholeNumber(IntegerField):
    """A whole number; the sentence says how to write one."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read digits of any script."""
        text = (valuelist[0] if valuelist else "").strip()
        self.data: int | None = None
        if text:
            if not re.fullmatch(r"\d{1,9}", text):
                raise ValueError(_l("Enter a whole number, such as 90."))
            self.data = int(text)


class whole_between:  # noqa: N801 - reads as a word in a list of validators
    """A number that was given, and lies between two bounds."""

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most
        self.field_flags = {"required": True, "min": least, "max": most}

    def __call__(self, form: Any, field: Any) -> None:
        """Say the bounds."""
        if field.data is None and field.errors:
            return
        if field.data is None or not self.least <= field.data <= self.most:
            raise ValidationError(_l("Enter a number from %(least)s to %(most)s.", least=self.least, most=self.most))


def ground_choices() -> list[tuple[str, str]]:
    """The twelve grounds in the reader's language."""
    return [(g.code, str(best(g.labels))) for g in grounds().values()]


def host_choices() -> list[tuple[str, str]]:
    """States and other organisations that can host."""
    kinds = (OrganisationKind.STATE, OrganisationKind.UN_ENTITY, OrganisationKind.REGIONAL_BODY)
    return [("", ""), *organisation_choices(language(), kinds)]


def _coded(words: dict[Any, Any]) -> list[tuple[str, Any]]:
    return [(key.value, label) for key, label in words.items()]


class ExchangeForm(OnceForm):
    """An exchange: theme, purpose, hosts."""

    version = HiddenField()
    source = LanguageField(_l("Written first in"), [needed(_l("Choose one from the list."))])
    themes = TextsField(FIELDS["themes"])
    purposes = TextsField(FIELDS["purposes"], long=True, most=2000)
    grounds = CheckboxesField(FIELDS["grounds"], choices=ground_choices)
    host_1 = TidySelect(_l("Host"), choices=host_choices)
    host_2 = TidySelect(_l("Second host"), choices=host_choices)
    host_3 = TidySelect(_l("Third host"), choices=host_choices)
    languages = CheckboxesField(FIELDS["languages"], choices=[(c, NAMES[c]) for c in LANGUAGES])
    visibility = RadioField(FIELDS["visibility"], choices=_coded(VISIBILITIES), default=Visibility.PUBLIC.value)
    list_shown = RadioField(FIELDS["list_shown"], choices=_coded(LISTS_SHOWN), default=ListShown.HOSTS.value)


class SessionForm(OnceForm):
    """A session: words, wall time, seats, links, who is reminded."""

    version = HiddenField()
    confirmed = HiddenField()
    exchange = TidySelect(_l("Exchange"))
    host_1 = TidySelect(_l("Host"), choices=host_choices)
    host_2 = TidySelect(_l("Second host"), choices=host_choices)
    source = LanguageField(_l("Written first in"), [needed(_l("Choose one from the list."))])
    titles = TextsField(FIELDS["titles"])
    purposes = TextsField(FIELDS["purposes"], long=True, most=2000)
    agendas = TextsField(FIELDS["agendas"], long=True, most=6000)
    start_date = OurDateField(_l("Date"), [needed(_l("Enter the date of the session."))])
    start_time = OurTimeField(_l("Start, 24 hours"), [needed(_l("Enter the time the session starts."))])
    zone = ZoneField(FIELDS["zone"], [needed(_l("Choose a time zone from the list."))])
    fold = RadioField(FIELDS["fold"], validate_choice=False)
    keeps_instant = BooleanField(FIELDS["keeps_instant"])
    minutes = WholeNumber(FIELDS["minutes"], [whole_between(5, DAY)], default=90)
    capacity = WholeNumber(FIELDS["capacity"], [whole_between(1, 100_000)], default=30)
    languages = CheckboxesField(FIELDS["languages"], choices=[(c, NAMES[c]) for c in LANGUAGES])
    join_url = URLField(FIELDS["join_url"], [a_web_address(), at_most(500)])
    dial_in = StringField(FIELDS["dial_in"], [at_most(200)])
    test_url = URLField(FIELDS["test_url"], [a_web_address(), at_most(500)])
    visibility = RadioField(FIELDS["visibility"], choices=_coded(VISIBILITIES), default=Visibility.PUBLIC.value)
    grounds = CheckboxesField(FIELDS["grounds"], choices=ground_choices)
    invite_accepted = BooleanField(FIELDS["invite_accepted"])
    remind = CheckboxesField(_l("Remind all who hold a seat"))
    nudge = CheckboxesField(_l("Remind those who have not answered, once"))
    tell = RadioField(_l("Who is told of the change?"), validate_choice=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.remind.choices = [(str(m), span_text(m)) for m in _with(SPANS, self.remind.data)]
        self.nudge.choices = [(str(m), span_text(m)) for m in _with(NUDGE_SPANS, self.nudge.data)]
        for name in ("exchange", "fold", "tell"):
            if name in self and self[name].choices is None:
                self[name].choices = []

    def reminders(self) -> tuple[tuple[int, Audience], ...]:
        """The reminder rules that were chosen."""
        return (
            *((int(m), Audience.SEAT_HOLDERS) for m in self.remind.data or ()),
            *((int(m), Audience.NOT_ANSWERED) for m in self.nudge.data or ()),
        )


def _with(spans: tuple[int, ...], chosen: Any) -> list[int]:
    """The usual spans, and those a session has beside them."""
    own = {int(m) for m in chosen or () if str(m).isdecimal() and 5 <= int(m) <= 90 * DAY}
    return sorted({*spans, *own}, reverse=True)


class AnswerForm(Form):
    """Yes, Maybe or No, the notes, and a word to the secretariat."""

    answer = RadioField(
        _l("Your answer"), [needed(_l("Choose Yes, Maybe or No."))], choices=[(a.value, w) for a, w in ANSWERS.items()],
        validate_choice=True,
    )  # fmt: skip
    sitting = RadioField(_l("Which of the two sittings"), choices=[], validate_choice=False)
    notes = BooleanField(_l("Send me the notes"))
    comment = TextAreaField(_l("A word to the secretariat"), [at_most(2000)])

    @property
    def chosen(self) -> Answer:
        """The answer."""
        return Answer(self.answer.data)


class SourceForm(OnceForm):
    """By what something came that the secretariat enters on behalf."""

    source_kind = RadioField(
        _l("How it came"), [needed(_l("Say how it came."))], choices=list(SOURCES.items()), default="note_verbale"
    )
    source_number = StringField(_l("Number"), [at_most(100)])
    source_date = OurDateField(_l("Date"), [needed(_l("Enter the date on it, or of the call."))])
    scan = FileField(_l("Scan"))


class OnBehalfForm(SourceForm, AnswerForm):
    """An answer that came by note verbale, e-mail or phone: whoever records it is not the one who answers."""

    answer = RadioField(
        _l("The answer"), [needed(_l("Choose Yes, Maybe or No."))], choices=[(a.value, w) for a, w in ANSWERS.items()],
        validate_choice=True,
    )  # fmt: skip


class DelegateForm(OnceForm):
    """Whom a State sends."""

    given_name = StringField(_l("Given name"), [at_most(100)])
    family_name = StringField(_l("Family name"), [needed(_l("Enter the family name.")), at_most(100)])
    email = EmailField(_l("E-mail address"), [needed(_l("Enter the e-mail address.")), an_address()])
    post = StringField(_l("Post"), [at_most(200)])
    language = LanguageField(_l("Language of mails"))
    replace = RadioField(
        _l("In whose place?"),
        choices=[("yes", _l("In place of the person invited now")), ("no", _l("Beside the person invited now"))],
        default="yes",
    )


class DelegateOnBehalfForm(SourceForm, DelegateForm):
    """A delegate whom the State named by note verbale, e-mail or phone."""


class SeatsForm(Form):
    """Who may come by which way, what each State may have, and in what order the line moves."""

    version = HiddenField()
    registration = RadioField(FIELDS["registration"], choices=_coded(REGISTRATIONS), default=Registration.INVITATION.value)
    hosts_approve = BooleanField(FIELDS["hosts_approve"])
    quota = WholeNumber(FIELDS["quota"], [Optional(), whole_between(1, 100_000)])
    delegation_whole = BooleanField(FIELDS["delegation_whole"])
    line = RadioField(FIELDS["line"], choices=_coded(LINES), default=Line.FIRST.value)
    offer_hours = WholeNumber(FIELDS["offer_hours"], [Optional(), whole_between(1, 336)])

    def own_pairs(self) -> list[tuple[Any, Any]]:
        """The rows for States and organisations with a number of their own."""
        return [(self[f"own_who_{n}"], self[f"own_most_{n}"]) for n in range(MOST_OWN)]


MOST_OWN = 24
"""So many States and organisations can have a number of seats of their own."""
for _number in range(MOST_OWN):
    setattr(SeatsForm, f"own_who_{_number}", TidySelect(_l("State or organisation"), choices=lambda: quota_choices()))
    setattr(SeatsForm, f"own_most_{_number}", WholeNumber(_l("Seats"), [Optional(), whole_between(0, 100_000)]))


def quota_choices() -> list[tuple[str, str]]:
    """Every State and organisation that can be invited."""
    return [("", ""), *state_choices(language()), *organisation_choices(language(), OTHERS)]


class SittingForm(OnceForm):
    """The second hour of a session."""

    start_date = OurDateField(_l("Date"), [needed(_l("Enter the date of the session."))])
    start_time = OurTimeField(_l("Start, 24 hours"), [needed(_l("Enter the time the session starts."))])
    zone = ZoneField(FIELDS["zone"], [needed(_l("Choose a time zone from the list."))])
    fold = RadioField(FIELDS["fold"], choices=[], validate_choice=False)
    capacity = WholeNumber(FIELDS["capacity"], [whole_between(1, 100_000)])
    join_url = URLField(FIELDS["join_url"], [a_web_address(), at_most(500)])
    dial_in = StringField(FIELDS["dial_in"], [at_most(200)])
    test_url = URLField(FIELDS["test_url"], [a_web_address(), at_most(500)])
    tell = RadioField(_l("Who is told of the second sitting?"), choices=[], validate_choice=False)


class AskForm(OnceForm):
    """Who asks for a place."""

    sitting = RadioField(_l("Which of the two sittings"), choices=[], validate_choice=False)
    given_name = StringField(_l("Given name"), [at_most(100)])
    family_name = StringField(_l("Family name"), [needed(_l("Enter the family name.")), at_most(100)])
    email = EmailField(_l("E-mail address"), [needed(_l("Enter the e-mail address.")), an_address()])
    state = TidySelect(_l("State"), choices=lambda: [("", ""), *state_choices(language())])
    works_for = StringField(_l("Ministry or body"), [at_most(200)])
    language = LanguageField(_l("Language of mails"))
    reason = TextAreaField(_l("Why you would like to take part"), [at_most(1000)])
    website = StringField(_l("Leave this empty"))  # no person sees it


class AskSignedInForm(OnceForm):
    """A place for whoever is signed in."""

    sitting = RadioField(_l("Which of the two sittings"), choices=[], validate_choice=False)
    reason = TextAreaField(_l("Why you would like to take part"), [at_most(1000)])


class of_a_colleague:  # noqa: N801 - reads as a word in a list of validators
    """Needed where the place is for a colleague; what is typed for oneself is left alone."""

    def __init__(self, sentence: Any) -> None:
        self.sentence = sentence

    def __call__(self, form: Any, field: Any) -> None:
        """Ask for it."""
        if form.whom.data != "colleague":
            field.errors = []
            raise StopValidation
        if not (field.data or "").strip():
            raise StopValidation(self.sentence)


class AskForStateForm(AskForm):
    """A place for oneself or for a colleague of one's own State."""

    whom = RadioField(
        _l("For whom"), choices=[("me", _l("For me")), ("colleague", _l("For a colleague of my State"))], default="me"
    )
    family_name = StringField(_l("Family name"), [of_a_colleague(_l("Enter the family name.")), at_most(100)])
    email = EmailField(_l("E-mail address"), [of_a_colleague(_l("Enter the e-mail address.")), an_address()])


class DecideForm(OnceForm):
    """May somebody come who asks?"""

    organisation = TidySelect(_l("State or organisation"), choices=lambda: quota_choices())
    sentence = TextAreaField(_l("A sentence to the person"), [at_most(500)])


class DelegationForm(OnceForm):
    """Who of a State comes, several at once."""

    people = CheckboxesField(_l("Who comes"), [needed(_l("Choose at least one person."))], choices=[])


class DelegationOnBehalfForm(SourceForm, DelegationForm):
    """The same as a State said it by note verbale, e-mail or phone."""


class CancelForm(Form):
    """Cancel a session."""

    version = HiddenField()
    reason = StringField(_l("Reason, told to those invited"), [at_most(500)])
    tell = RadioField(_l("Who is told?"), [needed(_l("Choose whether people are told."))])


class UninviteForm(Form):
    """Take an invitation back."""

    tell = RadioField(_l("Is the person told?"), [needed(_l("Choose whether the person is told."))])


class InviteForm(OnceForm):
    """Whom to invite, and in what capacity."""

    states = SelectMultipleField(_l("States"), choices=lambda: state_choices(language()), validate_choice=True)
    organisations = SelectMultipleField(_l("Other organisations"), choices=lambda: organisation_choices(language(), OTHERS))
    people = SelectMultipleField(_l("People"), validate_choice=False)
    addresses = TextAreaField(_l("E-mail addresses, one a line"), [at_most(200_000)])
    capacity = RadioField(_l("In what capacity"), choices=_coded(CAPACITIES), default=Capacity.PARTICIPANT.value)
    confirmed = HiddenField()
    day_off_seen = BooleanField(_l("Invite all the same: the day is meant"))


class RecordForm(Form):
    """What a mail says, in the reading of the secretariat."""

    invitation = TidySelect(_l("Whose answer"), [needed(_l("Choose whose answer this is."))])
    answer = RadioField(
        _l("The answer"), [needed(_l("Choose Yes, Maybe or No."))], choices=[(a.value, w) for a, w in ANSWERS.items()]
    )
    remember = BooleanField(_l("The sender's address is another one of this person: take their answers from it from now on"))


class ButtonForm(Form):
    """A form of one button."""
