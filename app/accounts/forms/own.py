"""Forms of one's own account: signing in, joining, the profile."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, PasswordField, StringField

from app.accounts.words import CHANNELS, THEMES
from app.core.forms import Form, LanguageField, TextsField, TidySelect, ZoneField, an_address, at_most, needed


class PasswordForm(Form):
    """Sign in with a password."""

    email = StringField(_l("E-mail address"), [needed(_l("Enter your e-mail address.")), at_most(254), an_address()])
    password = PasswordField(_l("Password"), [needed(_l("Enter your password.")), at_most(1024)])
    next = HiddenField()


class LinkForm(Form):
    """Ask for a link by mail."""

    email = StringField(
        _l("E-mail address"), [needed(_l("Enter your e-mail address.")), at_most(254), an_address()], id="link-email"
    )
    next = HiddenField(id="link-next")


class CodeForm(Form):
    """The code of the asking browser."""

    code = StringField(_l("Code of the page where you asked"), [needed(_l("Enter the code of six digits.")), at_most(20)])


class JoinForm(Form):
    """Choose a password."""

    password = PasswordField(_l("New password"), [needed(_l("Enter a password.")), at_most(1024)])


class ChangePasswordForm(JoinForm):
    """Change the password; the present one where it is asked for."""

    current = PasswordField(_l("Present password"), [at_most(1024)])


class ZoneForm(Form):
    """The reader's time zone."""

    zone = ZoneField(_l("Time zone"), [needed(_l("Choose a time zone."))])
    next = HiddenField()


class LanguageForm(Form):
    """The reader's language."""

    language = LanguageField(_l("Language"), [needed(_l("Choose a language."))])


class LighterForm(Form):
    """Pages without web fonts."""

    lighter = BooleanField(_l("Lighter pages: no fonts are loaded"))


class ProfileForm(Form):
    """What a person says of themselves."""

    honorifics = TextsField(_l("Honorific"), most=60)
    given_name = StringField(_l("Given name"), [at_most(120)])
    family_name = StringField(_l("Family name"), [needed(_l("Enter a family name.")), at_most(120)])
    posts = TextsField(_l("Post"), most=200)
    forms_of_address = TextsField(_l("Form of address"), most=200)
    phone = StringField(_l("Phone"), [at_most(60)])
    language = LanguageField(_l("Language"), [needed(_l("Choose a language."))])
    zone = ZoneField(_l("Time zone"), [needed(_l("Choose a time zone."))])
    channel = TidySelect(
        _l("Preferred channel"),
        [needed(_l("Choose one from the list."))],
        choices=[(k.value, v) for k, v in CHANNELS.items()],
    )
    version = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person = kwargs.get("obj")
        if person is not None:
            self.zone.near = [membership.organisation.zone for membership in person.memberships]


class OwnProfileForm(ProfileForm):
    """The profile as its owner edits it: also how pages look."""

    theme = TidySelect(_l("Colours"), [needed(_l("Choose one from the list."))], choices=list(THEMES.items()))
    lighter_pages = BooleanField(_l("Lighter pages: no fonts are loaded"))
