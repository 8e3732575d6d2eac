"""The names templates use: who reads, in which language and zone, which pages exist."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from flask import Flask, current_app, g, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import pgettext
from jinja2 import StrictUndefined, pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from app.accounts.access import Permission
from app.accounts.reader import LIGHTER_COOKIE, best, name_of, reader, viewer_zone
from app.accounts.words import CALL_OUTCOMES
from app.core import clock, draw, engine, text, when, zones
from app.core.languages import LANGUAGES, NAMES, direction
from app.core.signing import settings
from app.texts.words import STATES, said_in
from app.web import languages

Found = TypeVar("Found")


def lighter() -> bool:
    """Does the reader want lighter pages: no web fonts?"""
    person = reader().person
    return (
        request.headers.get("Save-Data", "").lower() == "on"
        or request.cookies.get(LIGHTER_COOKIE) == "1"
        or (person is not None and person.lighter_pages)
    )


def theme() -> str:
    """``light`` or ``dark`` when the profile says so, else empty: the device decides."""
    person = reader().person
    return person.theme if person is not None and person.theme in ("light", "dark") else ""


def has_page(endpoint: str) -> bool:
    """Does this page exist in this installation?"""
    return endpoint in current_app.view_functions


_addresses: dict[tuple[str, str], str] = {}


def _address(endpoint: str) -> str:
    """The address of a page that asks for nothing but its language: worked out once, for menus name thirty of them."""
    if request.script_root:
        return url_for(endpoint)
    key = (endpoint, languages.current())
    if key not in _addresses:
        _addresses[key] = url_for(endpoint)
    return _addresses[key]


def _entries(*wanted: tuple[str, str]) -> list[tuple[str, str, bool]]:
    """Address, label, current: of those pages that exist."""
    here = request.endpoint or ""
    found = []
    for endpoint, label in wanted:
        if has_page(endpoint):
            url = _address(endpoint)
            current = here == endpoint or (endpoint != "dashboards.home" and request.path.startswith(url + "/"))
            found.append((url, label, current))
    return found


def navigation() -> list[tuple[str, str, bool]]:
    """The main navigation: only what exists."""
    return _entries(
        ("dashboards.home", _("Home")),
        ("interests.calls", _("Calls")),
        ("exchanges.exchange_list", _("Exchanges")),
        ("practices.practices", _("Practices")),
        ("pilots.pilot_list", pgettext("navigation", "Pilots")),
        ("dashboards.about", _("About")),
    )


def footer_links() -> list[tuple[str, str]]:
    """The footer's links: only what exists."""
    return [
        (url, label)
        for url, label, _current in _entries(
            ("dashboards.accessibility", _("Accessibility")),
            ("dashboards.privacy", _("Privacy and your data")),
            ("dashboards.contact", _("Contact the secretariat")),
            ("accounts.lighter", _("Lighter pages")),
        )
    ]


def desk_navigation() -> list[tuple[str, list[tuple[str, str, str, int | None, bool]]]]:
    """The secretariat's side list, by what the viewer may see."""
    can = reader().can
    today = [
        ("dashboards.desk", _("Today"), "home", Permission.SEE_DESK),
        ("interests.queue", _("Expressions of interest"), "document", Permission.SEE_EXPRESSIONS),
        ("interests.desk_calls", _("Calls"), "flag", Permission.MANAGE_CALLS),
        ("exchanges.desk_sessions", _("Exchanges"), "calendar", Permission.SEE_ALL_EXCHANGES),
        ("practices.desk_practices", _("Practices and tools"), "star", Permission.SEE_DESK),
        ("pilots.pilot_list", _("Pilots"), "chart", Permission.SEE_ALL_PILOTS),
        ("circulars.desk_circulars", _("Circulars"), "send", Permission.SEE_DESK),
        ("circulars.phone_list", _("By phone"), "phone", Permission.SEE_PEOPLE),
        ("exchanges.replies", _("Answers not understood"), "mail", Permission.JUDGE_REPLIES),
        ("dashboards.text_gaps", _("Translations"), "language", Permission.MANAGE_WORDINGS),
    ]
    keep = [
        ("dashboards.outbox", _("Outbox"), "send", Permission.SEE_OUTBOX),
        ("accounts.people", _("People"), "people", Permission.SEE_PEOPLE),
        ("accounts.organisations", _("Organisations"), "globe", Permission.SEE_PEOPLE),
        ("accounts.designations", _("Designations"), "check", Permission.SEE_PEOPLE),
        ("calendars.desk_calendars", _("Calendars of States"), "calendar", Permission.SEE_PEOPLE),
        ("letters.register", _("Letters"), "document", Permission.SEE_LETTERS),
        ("dashboards.templates", _("Mails to read"), "mail", Permission.SEE_OUTBOX),
        ("dashboards.wordings", _("Wording of the platform"), "edit", Permission.MANAGE_WORDINGS),
        ("transfers.imports", _("Imports"), "document", Permission.MANAGE_PEOPLE),
        ("accounts.audit_log", _("Audit log"), "list", Permission.READ_AUDIT),
    ]
    shown = []
    for title, desks in ((_("Secretariat"), today), (_("Keep up"), keep)):
        entries: list[tuple[str, str, str, int | None, bool]] = []
        for endpoint, label, sign, permission in desks:
            if has_page(endpoint) and can(permission):
                url = _address(endpoint)
                here = request.path == url or (endpoint != "dashboards.desk" and request.path.startswith(url + "/"))
                here |= endpoint == "exchanges.desk_sessions" and (request.endpoint or "").startswith("exchanges.desk_")
                entries.append((url, label, sign, None, here))
        if entries:
            shown.append((title, entries))
    return shown


_ONWARD: dict[str, tuple[tuple[str, str, Any, Permission], ...]] = {
    "expression": (("pilots.desk_new_pilot", "expression", _l("Start a pilot"), Permission.MANAGE_PILOTS),),
    "exchange": (("circulars.desk_new", "exchange", _l("Write a circular"), Permission.MANAGE_CIRCULARS),),
    "call": (("circulars.desk_new", "call", _l("Write a circular"), Permission.MANAGE_CIRCULARS),),
    "invitation": (("circulars.phone_invitation", "invitation", _l("Tell the person by phone"), Permission.RECORD_CALLS),),
    "session": (
        ("letters.prepare", "session", _l("Make letters"), Permission.MANAGE_LETTERS),
        ("circulars.phone_list", "session", _l("Phone those who have not answered"), Permission.SEE_PEOPLE),
    ),
    "decision": (("letters.prepare", "expression", _l("Make letters"), Permission.MANAGE_LETTERS),),
    "designation": (("letters.prepare", "designation", _l("Make letters"), Permission.MANAGE_LETTERS),),
}
"""What rooms above do with a record of a room below: page, name of its parameter, label, who may. Rooms below ask by kind."""


def onward(kind: str, record_id: object) -> list[tuple[str, Any]]:
    """Address and label of what the viewer may do next with a record, in rooms its own room does not know."""
    return [
        (f"{_address(endpoint)}?{parameter}={record_id}", label)
        for endpoint, parameter, label, permission in _ONWARD.get(kind, ())
        if has_page(endpoint) and reader().can(permission)
    ]


def language_links() -> list[tuple[str, str, str, bool]]:
    """This page in the other languages: code, own name, address, current."""
    here = languages.current()
    if request.endpoint is None or request.method != "GET" or not _speaks(request.endpoint):
        return [(code, NAMES[code], f"/{code}/", code == here) for code in LANGUAGES]
    before, _here, after = url_for(request.endpoint, **(request.view_args or {})).partition(f"/{here}/")
    asked = "?" + request.query_string.decode("latin-1") if request.query_string else ""
    return [(code, NAMES[code], f"{before}/{code}/{after}{asked}", code == here) for code in LANGUAGES]


def _speaks(endpoint: str) -> bool:
    return current_app.url_map.is_endpoint_expecting(endpoint, "lang")


@dataclass(frozen=True)
class Account:
    """The signed-in reader's menu."""

    name: str
    links: list[tuple[str, str, bool]]
    sign_out_url: str


def account() -> Account | None:
    """The account menu; ``None`` when signed out."""
    person = reader().person
    if person is None:
        return None
    in_office = reader().in_office
    reads = reader().can(Permission.SEE_EXPRESSIONS) and not in_office  # co-leads, who are not led there by mails alone
    links = _entries(
        *((("dashboards.desk", _("Desk")),) if in_office else ()),
        *((("interests.queue", _("Expressions of interest")),) if reads else ()),
        ("exchanges.my_sessions", _("My sessions")),
        *((("dashboards.my_state", _("My State")),) if reader().state_ids else ()),
        ("accounts.profile", _("Your profile")),
    )
    return Account(person.full_name, links, _address("accounts.sign_out") if has_page("accounts.sign_out") else "")


def sign_in_url() -> str:
    """Where to sign in, coming back here."""
    if not has_page("accounts.sign_in"):
        return ""
    safe = request.method == "GET" and request.endpoint not in (None, "accounts.sign_in", "dashboards.home")
    return url_for("accounts.sign_in", next=request.path if safe else None)


@dataclass(frozen=True)
class YourTime:
    """The bar that says in which zone the hours of this page are."""

    place: str
    offset: str
    zone: str
    change_url: str
    device_url: str


def your_time(moment: datetime | None = None) -> YourTime:
    """The reader's zone, and where to change it."""
    zone = viewer_zone()
    return YourTime(
        place=zones.city(zone, languages.current()),
        offset=zones.offset_text(moment or clock.now(), zone),
        zone=zone,
        change_url=_address("accounts.zone") if has_page("accounts.zone") else "",
        device_url=_address("accounts.set_zone") if has_page("accounts.set_zone") else "",
    )


def home_url() -> str:
    """The first page in this language."""
    return _address("dashboards.home") if has_page("dashboards.home") else f"/{languages.current()}/"


def _once(function: Callable[[], Found]) -> Callable[[], Found]:
    """The same answer for the whole of a page: a layout asks for its menus more than once."""

    def asked() -> Found:
        kept: dict[object, Any] = g._get_current_object().__dict__.setdefault("names", {})
        if function not in kept:
            kept[function] = function()
        found: Found = kept[function]
        return found

    return asked


@pass_eval_context
def _words(page: EvalContext, sentence: str, **named: object) -> str:
    """The sentence in the page's language, with what it names: safe text, and what it names is escaped."""
    found = languages.said(sentence, whole=not named)
    if not page.autoescape:
        return str(found) % named if named else str(found)
    if not named:
        return found
    # the same as ``found % named``, whose safe text wraps each value for its format
    return Markup(str.__mod__(found, {n: v if type(v) is int else engine.spelled(v) for n, v in named.items()}))  # noqa: S704


@pass_eval_context
def _numbered(page: EvalContext, one: str, many: str, num: int, **named: object) -> str:
    """The form of the sentence that goes with this number in the page's language."""
    found = languages.sentences.get_translations().ungettext(one, many, num)
    return (Markup(found) if page.autoescape else found) % {"num": num, **named}  # noqa: S704 - our own sentences


def init_app(app: Flask) -> None:
    """Give templates these names, strictly: an unknown name is an error, not an empty string."""
    app.jinja_env.undefined = StrictUndefined
    engine.install(app.jinja_env)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        locale=languages.current,
        direction=direction,
        theme=_once(theme),
        lighter=_once(lighter),
        network_name=lambda: settings().network_names[languages.current()],
        mark_url=lambda: url_for("dashboards.network_mark") if settings().mark_file else "",
        is_demo=lambda: settings().demo,
        home_url=_once(home_url),
        navigation=_once(navigation),
        language_links=_once(language_links),
        account=_once(account),
        sign_in_url=_once(sign_in_url),
        footer_links=_once(footer_links),
        desk_navigation=_once(desk_navigation),
        your_time=your_time,
        viewer=reader,
        Permission=Permission,
        best=best,
        local_text=lambda found: text.in_running(found, languages.current()),
        name_of=name_of,
        viewer_zone=viewer_zone,
        now=lambda: clock.now(),
        text_state=lambda state: STATES[state],
        said_in_words=lambda *texts: said_in(languages.current(), *texts),
        has_page=has_page,
        onward=onward,
        share_bar=draw.share_bar,
        hour_band=draw.hour_band,
        LANGUAGES=LANGUAGES,
        LANGUAGE_NAMES=NAMES,
        **when.template_globals(languages.current, viewer_zone),
    )
    app.jinja_env.globals.update(_=_words, gettext=_words, ngettext=_numbered)
    app.jinja_env.globals.update(call_outcomes=CALL_OUTCOMES, dialled=text.dialled)
    app.jinja_env.filters["markdown"] = text.markdown
    app.jinja_env.filters["plain"] = text.plain
    app.jinja_env.filters["size"] = text.size_words
