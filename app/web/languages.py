"""The language of a page is in its address; a bare address leads to the reader's: profile, cookie, then browser."""

from __future__ import annotations

from typing import Any

from babel.support import NullTranslations
from flask import Flask, current_app, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import Domain, get_locale
from flask_babel import gettext as _
from flask_babel.speaklater import LazyString
from flask_login import current_user
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter, RequestRedirect

from app.accounts.reader import LANGUAGE_COOKIE
from app.core.languages import LANGUAGES, babel_locale
from app.core.signing import settings
from app.extensions import babel
from app.wordings import catalogue


class OncePerPage(Domain):  # type: ignore[misc]
    """The sentences that code and lazy texts ask for: the language is looked up once for each page.

    They lie where ``force_locale`` puts the present ones aside and back, so a mail in another language gets its own.
    """

    def get_translations(self) -> NullTranslations:
        """The translations of the present language."""
        try:
            here = g._get_current_object().__dict__
        except RuntimeError:
            return self._ours(super().get_translations())
        found: NullTranslations | None = getattr(here.get("_flask_babel"), "babel_translations", None)
        if found is None:
            found = self._ours(super().get_translations())
            here["_flask_babel"].babel_translations = found
        return found

    @staticmethod
    def _ours(found: NullTranslations) -> NullTranslations:
        """With the wordings that the installation typed in front."""
        spoken = get_locale()
        return catalogue.over(spoken.language, found) if spoken is not None else found


sentences = OncePerPage()
MOST_KEPT = 5000


def said(sentence: str, *, whole: bool = False) -> Markup:
    """A sentence of ours in the page's language, as safe text; ``whole`` when nothing is to be filled in.

    Kept with its language: the templates have some thousand.
    """
    language = sentences.get_translations()
    kept: dict[tuple[str, bool], Markup] = language.__dict__.setdefault("said", {})
    found = kept.get((sentence, whole))
    if found is None:
        if len(kept) > MOST_KEPT:
            kept.clear()
        found = Markup(language.ugettext(sentence))  # noqa: S704 - our own sentences
        kept[sentence, whole] = found = found % {} if whole else found
    return found


def _plainly(sentence: str) -> str:
    """The same as plain text, for lazy sentences."""
    language = sentences.get_translations()
    kept: dict[str, str] = language.__dict__.setdefault("plain", {})
    found = kept.get(sentence)
    if found is None:
        if len(kept) > MOST_KEPT:
            kept.clear()
        found = kept[sentence] = language.ugettext(sentence)
    return found


_lazily = LazyString.__str__


def _at_once(lazy: LazyString) -> str:
    """A lazy sentence in words. The library looks its settings up anew for each; a page has some three hundred."""
    if lazy._func is _ and not lazy._kwargs and len(lazy._args) == 1:
        return _plainly(lazy._args[0])
    return str(_lazily(lazy))


class LanguageConverter(BaseConverter):
    """The first part of an address: one of the six languages."""

    regex = "(?:" + "|".join(LANGUAGES) + ")"


def preferred() -> str:
    """The language of a reader whose address does not say it."""
    person = current_user.person if current_user else None
    if person is not None and person.language in LANGUAGES:
        return str(person.language)
    cookie = request.cookies.get(LANGUAGE_COOKIE)
    if cookie in LANGUAGES:
        return str(cookie)
    return request.accept_languages.best_match(LANGUAGES) or settings().default_language


def current() -> str:
    """The language of this page, or of this error page."""
    here = g._get_current_object()
    found: str | None = here.__dict__.get("lang")
    if found is None:
        first = request.path.split("/", 2)[1] if request.path.count("/") >= 1 else ""
        found = here.lang = first if first in LANGUAGES else preferred()
    return found


def bare_address() -> ResponseReturnValue | None:
    """Where a bare address leads: the same page in the reader's language, if there is one."""
    if request.method not in ("GET", "HEAD") or request.path.split("/", 2)[1] in LANGUAGES:
        return None
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    lang = preferred()
    path = f"/{lang}{request.path if request.path != '/' else '/'}"
    try:
        adapter.match(path, method="GET")
    except RequestRedirect:
        pass
    except HTTPException:
        return None
    query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
    response = redirect(path + query, 302)
    response.headers["Vary"] = "Accept-Language, Cookie"
    response.headers["Cache-Control"] = "no-store"
    return response


def init_app(app: Flask) -> None:
    """Take the language off the address before a view runs, and put it back on every link."""
    app.url_map.converters["lang"] = LanguageConverter

    @app.url_value_preprocessor
    def take(endpoint: str | None, values: dict[str, Any] | None) -> None:
        if values is not None and "lang" in values:
            g.lang = values.pop("lang")

    @app.url_defaults
    def put(endpoint: str, values: dict[str, Any]) -> None:
        if "lang" not in values and app.url_map.is_endpoint_expecting(endpoint, "lang"):
            values["lang"] = g.get("lang") or (current() if request else settings().default_language)

    babel.init_app(app, locale_selector=lambda: babel_locale(current()) if request else settings().default_language)
    babel.domain_instance = sentences
    LazyString.__str__ = _at_once  # type: ignore[method-assign]
