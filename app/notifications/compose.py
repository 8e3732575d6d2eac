"""A kind's templates rendered once for a language and a set of facts, and cut where a zone's and a person's values go."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

import css_inline
from flask import current_app
from flask_babel import force_locale, get_translations, gettext
from jinja2 import BaseLoader, Environment, StrictUndefined
from markupsafe import Markup, escape
from werkzeug.routing import BuildError

from app.core import engine
from app.core.languages import babel_locale, direction
from app.core.signing import external_url, settings
from app.core.text import line as one_line
from app.notifications.calendar import Conference, Invite, Organizer
from app.notifications.facts import Voice, instant, told
from app.notifications.hours import Asked, Hours, answers
from app.notifications.mime import with_crlf
from app.notifications.slots import Cut, slot
from app.notifications.stencil import Method, Stencil, compile_invite
from app.wordings import catalogue
from config import Settings

_ = gettext
_SANS = "'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
_LATIN = {"text": _SANS, "heading": "Georgia, 'Times New Roman', serif", "leading": "1.25"}
_ARABIC = "Vazirmatn, 'Segoe UI', 'Geeza Pro', Tahoma, Arial, sans-serif"
_HAN = "'PingFang SC', 'Microsoft YaHei', 'Noto Sans SC', sans-serif"
FONTS = {"ar": {"text": _ARABIC, "heading": _ARABIC, "leading": "1.5"}, "zh": {"text": _HAN, "heading": _HAN, "leading": "1.4"}}


MOST_STENCILS = 256
_stencils: dict[tuple[object, ...], Stencil] = {}
_stencils_lock = threading.Lock()

# The catalogue of the language being rendered, looked up once per mail: the extension asks for it at each sentence.
_spoken = threading.local()


@dataclass(frozen=True, slots=True)
class Compiled:
    """One mail for many: texts cut at their slots, the calendar entry as a stencil."""

    subject: Cut
    text: Cut
    html: Cut
    with_form: Cut  # the greeting by the form of address a person chose
    with_name: Cut  # the greeting by full name
    without: str
    stencil: Stencil | None
    role: str
    asked: bool
    hours: Asked  # what it asks of its reader's clock; nothing once it is made for a zone

    def in_zone(self, language: str, zone: str) -> Compiled:
        """The same mail for readers in one zone."""
        if not self.hours:
            return self
        words, marked = answers(self.hours, language, zone)
        return replace(
            self, subject=self.subject.with_some(words), text=self.text.with_some(words), html=self.html.with_some(marked), hours={}
        )


@dataclass(frozen=True, slots=True)
class Shape:
    """What a rendering depends on, beside the facts."""

    kind: str
    locale: str
    ical_method: str | None
    ical_uid: str | None
    links: tuple[str, ...]
    codes: tuple[str, ...]
    personal: tuple[str, ...]


def compile_mail(shape: Shape, facts: Mapping[str, Any], at: datetime) -> Compiled:
    """Render subject, text, HTML and calendar entry with slots in place of what is personal."""
    config = settings()
    hours = Hours(shape.locale)
    with force_locale(babel_locale(shape.locale)):
        _spoken.texts = get_translations()
        names = _names(shape, told(facts, config.base_url), hours)
        subject = one_line_keeping_slots(_render(shape.kind, "subject.txt", names))
        names["subject"] = subject
        body = _render(shape.kind, "body.txt", names)
        html = _inliner().inline(_render(shape.kind, "body.html", names))
        form, name = _("Dear %(form)s,", form=slot("who")), _("Dear %(name)s,", name=slot("who"))
        hello = _("Hello,")
    invite = facts.get("invite") or {}
    return Compiled(
        subject=Cut.of(subject),
        text=Cut.of(with_crlf(_tidy_lines(body))),
        html=Cut.of(with_crlf(html)),
        with_form=Cut.of(form),
        with_name=Cut.of(name),
        without=hello,
        stencil=stencil_of(shape, facts, at),
        role=invite.get("role", "REQ-PARTICIPANT"),
        asked=bool(invite.get("asks", True)),
        hours=hours.asked,
    )


def _names(shape: Shape, facts: Mapping[str, Any], hours: Hours) -> dict[str, Any]:
    config = settings()
    return {
        **Voice(shape.locale, config.language_order).names(),
        **hours.names(),
        "facts": facts,
        "links": {name: slot(f"links.{name}") for name in shape.links},
        "codes": {name: slot(f"codes.{name}") for name in shape.codes},
        "code_page": _page("dashboards.code", shape.locale),
        "personal": {name: slot(f"personal.{name}") for name in shape.personal},
        "salutation": slot("salutation"),
        "name": slot("name"),
        "lang": shape.locale,
        "dir": direction(shape.locale),
        "network": config.network_names[shape.locale],
        "contact": config.contact_address,
        "organizer": config.organizer_address,
        "has_calendar": shape.ical_method is not None,
        "fonts": FONTS.get(shape.locale, {k: Markup(v) for k, v in _LATIN.items()}),  # noqa: S704 - our own words
    }


def _page(endpoint: str, locale: str) -> str:
    """The address of a page, or nothing in an installation that has no such page."""
    known: dict[tuple[str, str], str] = current_app.extensions.setdefault("mail_pages", {})
    if (endpoint, locale) not in known:
        try:
            known[endpoint, locale] = external_url(endpoint, locale)
        except BuildError:
            known[endpoint, locale] = ""
    return known[endpoint, locale]


_TOKEN = "T0K3N"  # noqa: S105 - stands where a person's token goes in an address


def page_before_token(endpoint: str, locale: str, topic: str = "") -> str:
    """The address of a page behind a token, up to the token: worked out once per language."""
    known: dict[tuple[str, str, str], str] = current_app.extensions.setdefault("mail_pages_before_token", {})
    key = (endpoint, locale, topic)
    if key not in known:
        values = {"topic": topic} if endpoint.endswith(".stop") else {}
        known[key] = external_url(endpoint, locale, token=_TOKEN, **values).removesuffix(_TOKEN)
    return known[key]


@cache
def _environment(loader: BaseLoader) -> Environment:
    """Templates of mails: a missing fact is an error, HTML is escaped, every sentence is translated."""
    env = Environment(
        loader=loader,
        autoescape=lambda name: name is not None and name.endswith(".html"),  # noqa: S701 - text parts are no HTML
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        auto_reload=current_app.debug,
    )
    engine.install(env)
    env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda told: _spoken.texts.ugettext(told),
        lambda one, many, count: _spoken.texts.ungettext(one, many, count),
        newstyle=True,
        pgettext=lambda context, told: _spoken.texts.upgettext(context, told),
        npgettext=lambda context, one, many, count: _spoken.texts.unpgettext(context, one, many, count),
    )
    return env


def mail_environment() -> Environment:
    """The environment of this app's mails."""
    loader = current_app.jinja_loader
    assert loader is not None
    return _environment(loader)


def _render(kind: str, part: str, names: Mapping[str, Any]) -> str:
    return mail_environment().get_template(f"emails/{kind}/{part}").render(names)


@cache
def _inliner() -> css_inline.CSSInliner:
    """Writes the style sheet into the tags; the rules for dark and small screens stay in the head."""
    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False, apply_width_attributes=False)


def one_line_keeping_slots(told_: str) -> str:
    """``line`` without losing the slots, which are private-use characters."""
    pieces = Cut.of(told_).pieces
    spaced = [slot(p) if i % 2 else " ".join(p.split()) + (" " if p[-1:].isspace() else "") for i, p in enumerate(pieces)]
    lead = [(" " if p[:1].isspace() and i else "") for i, p in enumerate(pieces)]
    return "".join(a + b if not i % 2 and b.strip() else b for i, (a, b) in enumerate(zip(lead, spaced, strict=True))).strip()


def _tidy_lines(body: str) -> str:
    """No space at line ends, no more than one empty line in a row."""
    out: list[str] = []
    for row in body.strip().split("\n"):
        row = row.rstrip() if row.strip() != "--" else "-- "
        if row or (out and out[-1]):
            out.append(row)
    return "\n".join(out) + "\n"


def stencil_of(shape: Shape, facts: Mapping[str, Any], at: datetime) -> Stencil | None:
    """The calendar entry of this mail: its times are UTC, so readers in all zones of a language share one."""
    if shape.ical_method is None:
        return None
    config = settings()
    told_ = json.dumps(facts["invite"], sort_keys=True)
    key = (_method(shape, facts["invite"]), shape.locale, shape.ical_uid, shape.links, told_, id(config), catalogue.version())
    with _stencils_lock:
        known = _stencils.get(key)
    if known is None:
        known = _compiled_stencil(shape, facts["invite"], Voice(shape.locale, config.language_order), at, config)
        with _stencils_lock:
            if len(_stencils) >= MOST_STENCILS:
                _stencils.clear()
            _stencils[key] = known
    return known


def _compiled_stencil(shape: Shape, entry: Mapping[str, Any], voice: Voice, at: datetime, config: Settings) -> Stencil:
    def words(value: Any) -> str:
        found = str(voice.best(value)) if isinstance(value, Mapping) else str(value or "")
        for name in shape.links:
            found = found.replace(f"{{links.{name}}}", slot(f"links.{name}"))
        return found

    invite = Invite(
        uid=shape.ical_uid or "",
        sequence=0,
        dtstamp=at,
        start=instant(entry["start"]),
        minutes=entry["minutes"],
        summary=words(entry["summary"]),
        organizer=Organizer(config.network_names[shape.locale], config.organizer_address),
        description=words(entry.get("description")),
        location=words(entry.get("location")),
        url=words(entry.get("url")),
        conferences=tuple(Conference(words(c["uri"]), one_line(c.get("label", ""))) for c in entry.get("conferences", ())),
        status=entry.get("status", "CONFIRMED"),
    )
    return compile_invite(_method(shape, entry), invite)


def _method(shape: Shape, entry: Mapping[str, Any]) -> Method:
    """CANCEL ends the session for all, unless the facts say that only this person is no longer invited."""
    if shape.ical_method == "REQUEST":
        return "request"
    if shape.ical_method == "CANCEL":
        return "uninvite" if entry.get("uninvite", shape.kind.endswith("-uninvite")) else "cancel"
    if shape.ical_method == "DECLINECOUNTER":
        return "decline_counter"
    raise ValueError(f"no mail is sent with the method {shape.ical_method}")


def greeting_html(greeting: Cut, who: str) -> str:
    """The greeting as HTML, the person's own words kept apart from the sentence around them."""
    return greeting.fill({"who": f"<bdi>{escape(who)}</bdi>"}) if who else greeting.fill({"who": ""})
