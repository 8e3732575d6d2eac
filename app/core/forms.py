"""The base of every form: tidy text, our own sentences, rule refusals at their field, and the fields rooms share."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

from babel.support import NullTranslations, Translations
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from markupsafe import Markup
from werkzeug.local import LocalProxy
from wtforms import (
    DateField,
    Field,
    FormField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
    ValidationError,
)
from wtforms import (
    Form as PlainForm,
)
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]
from wtforms.i18n import messages_path
from wtforms.widgets import CheckboxInput, Input, ListWidget
from wtforms.widgets import core as widgets
from wtforms.widgets.core import clean_key  # type: ignore[attr-defined]

from app.core import clock, zones
from app.core.engine import spelled
from app.core.errors import RuleBroken
from app.core.languages import LANGUAGES, NAMES
from app.core.signing import settings
from app.core.text import clean, fold, is_address


def tidy(value: Any) -> Any:
    """Text without control characters, outer space and stray line endings; other values as they are."""
    return clean(value).strip() if isinstance(value, str) else value


def attributes(**given: Any) -> Markup:
    """The attributes of a field's element, as ``wtforms.widgets.html_params`` writes them: character by character the same, but
    put together at once. A page with eight forms has a hundred."""
    parts = []
    for name, value in sorted(given.items()):
        if value is True:
            parts.append(clean_key(name))
        elif value is not False:
            said = spelled(value)
            parts.append(f'{clean_key(name)}="{str.replace(said, _QUOTE, "&quot;") if _QUOTE in said else said}"')
    return Markup(" ".join(parts))  # noqa: S704 - names of ours, and values escaped above


_QUOTE = '"'
widgets.html_params = attributes
Input.html_params = staticmethod(attributes)  # type: ignore[method-assign]


def asked(choices: Any) -> Any:
    """Choices as a function: the library warns of pairs in a list, and takes them from a function."""
    return choices if callable(choices) else lambda: choices


@lru_cache(maxsize=len(LANGUAGES) + 1)
def _of_the_library(locale: str) -> NullTranslations:
    return Translations.load(messages_path(), [locale], domain="wtforms")


class _Sentences:
    """The library's own sentences, read once for each language; Flask-WTF reads its file anew for every page."""

    def gettext(self, sentence: str) -> str:
        """In the language of the page."""
        return str(_of_the_library(str(get_locale() or "en")).ugettext(sentence))

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """In the language of the page, by its forms of the plural."""
        return str(_of_the_library(str(get_locale() or "en")).ungettext(singular, plural, n))


_SENTENCES = _Sentences()


class Form(FlaskForm):  # type: ignore[misc]
    """Every form of the platform. Texts are tidied; a rule's refusal lands at the field it names."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Tidy every text field; our own sentences instead of the library's."""

        locales = False

        def get_translations(self, form: Any) -> _Sentences:
            """What the library says, in the page's language."""
            return _SENTENCES

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Any:
            """Add the tidying filter to texts, never to passwords."""
            kind = unbound_field.field_class
            if issubclass(kind, StringField) and not issubclass(kind, PasswordField):
                options = {**options, "filters": [tidy, *unbound_field.kwargs.get("filters", ())]}
            if unbound_field.kwargs.get("choices") is not None:
                options = {**options, "choices": asked(unbound_field.kwargs["choices"])}
            return unbound_field.bind(form=form, **options)

    def refuse(self, error: RuleBroken) -> None:
        """Put a rule's sentence at the field it names, or above the form."""
        if error.field and error.field in self and isinstance(self[error.field], FormField):
            self[error.field].form.form_errors.append(error.message)
        elif error.field and error.field in self:
            self[error.field].errors = [*self[error.field].errors, error.message]
        else:
            self.form_errors.append(error.message)

    @property
    def has_errors(self) -> bool:
        """Was anything refused?"""
        return bool(self.errors)


def when_shown(kind: type[Form], **given: Any) -> Any:
    """An empty form that is made when the page first asks for a part of it: most pages show a few of those they could."""
    return LocalProxy(lru_cache(maxsize=1)(lambda: kind(formdata=None, **given)))


class needed:  # noqa: N801 - reads as a word in a list of validators
    """The field must hold something; the sentence says what to enter."""

    field_flags = {"required": True}

    def __init__(self, sentence: Any) -> None:
        self.sentence = sentence

    def __call__(self, form: Any, field: Field) -> None:
        """Stop at the first missing value."""
        from wtforms.validators import StopValidation

        if field.process_errors:  # something was typed, and its own sentence says what is wrong with it
            raise StopValidation
        if not field.data or (isinstance(field.data, str) and not field.data.strip()):
            field.errors = []
            raise StopValidation(self.sentence)


class at_most:  # noqa: N801
    """No more than so many characters."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.field_flags = {"maxlength": most}

    def __call__(self, form: Any, field: Field) -> None:
        """Say how many there are and how many fit."""
        got = len(field.data or "")
        if got > self.most:
            raise ValidationError(_l("Shorten this text: it has %(got)s characters, %(most)s fit.", got=got, most=self.most))


class an_address:  # noqa: N801
    """An e-mail address by syntax, at most 254 characters, no network look-up."""

    def __call__(self, form: Any, field: Field) -> None:
        """Refuse what no mail server would take."""
        if field.data and not is_address(field.data):
            raise ValidationError(_l("Enter an e-mail address, such as name@ministry.example."))


class a_web_address:  # noqa: N801
    """An http or https address with a host."""

    def __call__(self, form: Any, field: Field) -> None:
        """Refuse other schemes: nobody may click ``javascript:`` here."""
        from urllib.parse import urlsplit

        if not field.data:
            return
        try:
            parts = urlsplit(field.data)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("https", "http") or not parts.hostname or any(c.isspace() for c in field.data):
            raise ValidationError(_l("Enter a web address that starts with https://"))


class OurDateField(DateField):
    """A date; the sentence says how to write one."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the browser's form of a date; none is no mistake here, ``needed`` says where one is."""
        if not "".join(valuelist).strip():
            self.data = None
            return
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_l("Enter a date, such as 2027-03-11.")) from None
        if self.data is not None and not 1900 <= self.data.year <= 2200:
            self.data = None
            raise ValueError(_l("Enter a year between 1900 and 2200."))


class OurTimeField(TimeField):
    """A wall time of 24 hours."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read hours and minutes, with or without seconds."""
        text = " ".join(valuelist).strip()
        if not text:
            self.data: time | None = None
            return
        for pattern in ("%H:%M", "%H:%M:%S"):
            try:
                self.data = datetime.strptime(text, pattern).time()
                return
            except ValueError:
                continue
        self.data = None
        raise ValueError(_l("Enter a time of 24 hours, such as 16:00."))


def as_choices(given: Any) -> Any:
    """Pairs of value and label as the form library wants them; functions and what is ready stay as they are."""
    if given is None or callable(given):
        return given
    return [SelectChoice(*choice) if isinstance(choice, tuple) else choice for choice in given]


class TidySelect(SelectField):
    """A choice from a list that may be long; an unknown value gets our sentence."""

    def __init__(self, label: Any = None, validators: Any = None, *, choices: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators, choices=as_choices(choices), **kwargs)

    def pre_validate(self, form: Any) -> None:
        """Refuse what the list does not hold."""
        held = {str(choice[0]) for choice in self.iter_choices()}
        if self.data not in (None, "") and str(self.data) not in held:
            raise ValidationError(_l("Choose one from the list."))


class OneOf(RadioField):
    """One choice as radio buttons; an unknown value gets our sentence."""

    def pre_validate(self, form: Any) -> None:
        """Refuse what the list does not hold; nothing chosen is for the validators."""
        held = {str(choice[0]) for choice in self.iter_choices()}
        if self.data is not None and str(self.data) not in held:
            raise ValidationError(_l("Choose one from the list."))


class CheckboxesField(SelectMultipleField):
    """Several choices as checkboxes."""

    widget: Any = ListWidget(prefix_label=False)
    option_widget: Any = CheckboxInput()

    def __init__(self, label: Any = None, validators: Any = None, *, choices: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators, choices=as_choices(choices), **kwargs)

    def pre_validate(self, form: Any) -> None:
        """Refuse what the list does not hold."""
        held = {str(choice[0]) for choice in self.iter_choices()}
        if any(str(v) not in held for v in self.data or ()):
            raise ValidationError(_l("Choose from the list only."))


class SeveralField(CheckboxesField):
    """Several choices from a long list: checkboxes in a box of their own, those that are ticked first, with a filter above."""

    long = True


class ZoneField(TidySelect):
    """A time zone. Those that are likely come first, then all of them by region; each with the present hour there."""

    near: Sequence[str] = ()
    """Zones of the State or the organisation it is about: they and their neighbours in the country come first."""

    def __init__(self, label: Any = None, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators, choices=zone_choices, **kwargs)

    def pre_validate(self, form: Any) -> None:
        """Take every zone there is, also by an older name that the list does not show but a device may send."""
        if self.data and self.data not in zones.selectable():
            raise ValidationError(_l("Choose one from the list."))


def zone_choices(_form: Any, field: Any) -> list[SelectChoice]:
    """What a zone field offers."""
    language, now = str(get_locale() or "en"), clock.now()
    likely = zones.likely((field.data, *field.near, settings().default_zone))
    first = [SelectChoice(z, _zone_label(z, language, now), optgroup=str(_l("Most likely"))) for z in likely]
    return first + [choice for choice in _all_zones(language, now) if choice.value not in likely]


_zones_of: dict[str, tuple[datetime, list[SelectChoice]]] = {}


def _all_zones(language: str, now: datetime) -> list[SelectChoice]:
    """All zones by region and place in the reader's language, worked out once a minute: they say what time it is."""
    minute = now.replace(second=0, microsecond=0)
    if language not in _zones_of or _zones_of[language][0] != minute:
        placed = sorted((zones.region(z, language), fold(zones.city(z, language)), z) for z in zones.listed())
        found = [SelectChoice(z, _zone_label(z, language, now), optgroup=around) for around, _place, z in placed]
        _zones_of[language] = (minute, found)
    return _zones_of[language][1]


def _zone_label(name: str, language: str, now: datetime) -> str:
    return f"{zones.city(name, language)} ({zones.to_wall(now, name):%H:%M})"


class LanguageField(TidySelect):
    """One of the six languages, each by its own name."""

    def __init__(self, label: Any = None, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators, choices=asked([(c, NAMES[c]) for c in LANGUAGES]), **kwargs)


def texts_form(field_class: type[StringField] = StringField, most: int = 200) -> type[PlainForm]:
    """A sub-form with one field per language; read it with ``texts_of``, fill it with a dict."""
    fields: dict[str, Any] = {code: field_class(NAMES[code], validators=[at_most(most)], filters=[tidy]) for code in LANGUAGES}
    return type("TextsForm", (PlainForm,), fields)


def TextsField(label: Any, *, long: bool = False, most: int = 200, **kwargs: Any) -> FormField[Any]:  # noqa: N802
    """One text in six languages: a field per language under one legend."""
    return FormField(texts_form(TextAreaField if long else StringField, most), label, **kwargs)


def texts_of(field: FormField[Any]) -> dict[str, str]:
    """Language to text of a ``TextsField``, without the empty ones."""
    return {code: text for code, text in field.data.items() if code in LANGUAGES and text}


class KeyField(HiddenField):
    """A key of its own for every form that is shown, whatever the record beneath it holds."""

    def process_data(self, value: Any) -> None:
        """Make a new one; what comes back with the form takes its place."""
        self.data = str(uuid.uuid4())


class OnceForm(Form):
    """A form that makes something: its key lets ``app.core.once`` see the same one sent twice."""

    submission_key = KeyField()


Choices = Sequence[tuple[str, Any]] | Callable[[], Iterable[tuple[str, Any]]]


def joined(on: date | None, at: time | None) -> datetime | None:
    """A wall time from its two fields, or ``None`` while one is missing."""
    return datetime.combine(on, at) if on is not None and at is not None else None
