"""The templates without the rooms: an app that gives the layouts and macros the names they ask for."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace

from flask import Flask
from flask_babel import Babel
from flask_wtf import CSRFProtect
from jinja2 import StrictUndefined
from wtforms import (
    BooleanField,
    EmailField,
    FieldList,
    FileField,
    HiddenField,
    PasswordField,
    RadioField,
    StringField,
    TextAreaField,
)

from app import assets
from app.core import draw, engine, text, when
from app.core.forms import CheckboxesField, Form, OurDateField, OurTimeField, TextsField, TidySelect, at_most, needed
from app.core.languages import LANGUAGES, NAMES, direction

TEMPLATES = Path(__file__).parents[2] / "templates"


class Everything(Form):
    """One field of each kind."""

    key = HiddenField(default="k")
    mode = RadioField("Seek or offer?", choices=[("seek", "Seek"), ("offer", "Offer")], validators=[needed("Choose one.")])
    grounds = CheckboxesField("Grounds", choices=[("1", "Family"), ("2", "Students")])
    aim = TextAreaField("Aim", validators=[needed("Say what you seek."), at_most(800)])
    name = StringField("Name")
    mail = EmailField("E-mail", validators=[needed("Enter an address.")])
    secret = PasswordField("Password")
    place = TidySelect("Place", choices={"Africa": [("n", "Nairobi")], "Asia": [("b", "Bangkok")]})
    start = OurDateField("Start", default=date(2027, 4, 5))
    hour = OurTimeField("Hour")
    letter = FileField("Letter")
    agree = BooleanField("Agreed", validators=[needed("Tick the box.")])
    website = StringField("Website")
    title = TextsField("Title", most=10)
    places = FieldList(StringField("Place", validators=[at_most(3)]), label="Places", min_entries=1)


def built(out: Path) -> Flask:
    """The templates with the names they ask for, in English unless a test says otherwise."""
    app = Flask("looks", template_folder=str(TEMPLATES), static_folder=None)
    app.config.update(SECRET_KEY="x" * 40, TESTING=True, LANG="en", SIGNED_IN=True)
    Babel(app, locale_selector=lambda: app.config["LANG"])
    CSRFProtect(app)
    app.jinja_env.undefined = StrictUndefined
    engine.install(app.jinja_env)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    assets.init_app(app, out=out)

    def language() -> str:
        return str(app.config["LANG"])

    me = SimpleNamespace(name="Adaeze <Morrow>", links=[("/profile", "Your profile", False)], sign_out_url="/sign-out")
    own = SimpleNamespace(place="Nairobi", offset="UTC+3", zone="Africa/Nairobi", change_url="/zone", device_url="/zone/set")
    app.jinja_env.globals.update(
        locale=language, direction=direction, theme=lambda: "dark", lighter=lambda: False,
        mark_url=lambda: "", is_demo=lambda: True,
        network_name=lambda: "Regular Pathways Network", home_url=lambda: "/en/",
        navigation=lambda: [("/en/", "Home", True), ("/en/calls", "Calls", False)],
        language_links=lambda: [(c, NAMES[c], f"/{c}/", c == language()) for c in LANGUAGES],
        account=lambda: me if app.config["SIGNED_IN"] else None, sign_in_url=lambda: "/sign-in",
        footer_links=lambda: [("/en/privacy", "Privacy")],
        desk_navigation=lambda: [("Secretariat", [("/desk", "Today", "home", 3, True), ("/out", "Outbox", "send", None, False)])],
        your_time=lambda: own, local_text=lambda found: text.in_running(found, language()), share_bar=draw.share_bar, hour_band=draw.hour_band,
        **when.template_globals(language, lambda: "Africa/Nairobi"),
    )  # fmt: skip
    app.jinja_env.filters.update(markdown=text.markdown, plain=text.plain)
    return app
