"""What a template is told: facts from strangers made calm, texts in the recipient's language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from babel import Locale
from babel.lists import format_list
from markupsafe import Markup

from app.core import text
from app.core.languages import babel_locale
from app.core.text import LocalText
from app.texts.words import said_in

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:/{1,}", re.IGNORECASE)
_CALM = re.compile("[A-Za-z0-9À-ÖØ-öø-ÿ ,'’()-]*")  # most names, and nothing that could be more than words
_DOT = re.compile(r"(?<=\w)\.(?=[^\W\d_])")
_URL = re.compile(r"https?://[^\s\"'<>\\]+")
_WORD_JOINER = "\u2060"


def calm(words: str) -> str:
    """A stranger's words that no mail program turns into a link: no scheme, and no bare name of a host.

    The mail comes from our address, so a name that holds a link would be phishing in our name.
    """
    if _CALM.fullmatch(words):
        return words
    return _DOT.sub("." + _WORD_JOINER, _SCHEME.sub("", text.clean(words)))


def told(value: Any, base_url: str) -> Any:
    """A fact as templates see it. Markdown marked ``{"md": …}`` keeps its links, and so do addresses of our own pages."""
    if isinstance(value, str):
        ours = value.startswith(base_url + "/") and _URL.fullmatch(value)
        return value if ours else calm(value)
    if isinstance(value, Mapping):
        if set(value) == {"md"}:
            return {"md": _markdown_source(value["md"])}
        return {key: value[key] if key.endswith("_url") and is_url(value[key]) else told(value[key], base_url) for key in value}
    if isinstance(value, list):
        return [told(item, base_url) for item in value]
    return value


def _markdown_source(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: text.clean(str(item)) for key, item in value.items()}
    return text.clean(str(value))


def is_url(value: object) -> bool:
    """Is this one whole http(s) address, and nothing else?"""
    return isinstance(value, str) and _URL.fullmatch(value) is not None


def instant(moment: str | datetime) -> datetime:
    """An instant of the facts, which travel as ISO text."""
    found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    if found.tzinfo is None:
        raise ValueError("a fact never holds a time without a zone")
    return found


class Voice:
    """The functions templates call, speaking one language."""

    def __init__(self, language: str, order: Iterable[str]) -> None:
        self.language = language
        self.order = tuple(order)

    def names(self) -> dict[str, Any]:
        """What the template's context gets."""
        return {
            "best": self.best,
            "said_in": self.said_in,
            "rich": self.rich,
            "plain": self.plain,
            "ltr": self.ltr,
            "listed": self.listed,
        }

    def best(self, texts: Mapping[str, str] | str | None) -> LocalText:
        """The text in the reader's language, else the best there is."""
        if isinstance(texts, str):
            texts = {self.language: texts}
        return text.best(texts, self.language, self.order)

    def said_in(self, *texts: Mapping[str, str] | str | None) -> list[str]:
        """In which language these texts are, where it is not the reader's."""
        return [str(sentence) for sentence in said_in(self.language, *(self.best(self._inside(one)) for one in texts))]

    @staticmethod
    def _inside(value: Any) -> Any:
        return value["md"] if isinstance(value, Mapping) and set(value) == {"md"} else value

    def rich(self, value: Any) -> Markup:
        """Organisers' Markdown as safe HTML."""
        return text.markdown(str(self._source(value)))

    def plain(self, value: Any) -> str:
        """Organisers' Markdown as text."""
        return text.plain(str(self._source(value)))

    def _source(self, value: Any) -> str | LocalText:
        if isinstance(value, Mapping) and set(value) == {"md"}:
            value = value["md"]
        return self.best(value) if isinstance(value, Mapping) else value

    def ltr(self, words: str) -> str:
        """Numbers and signs that are read from left to right, such as a telephone number, kept so in a line that is not."""
        return text.from_left(words, self.language)

    def listed(self, several: Iterable[Mapping[str, str]], shown: Callable[[Mapping[str, str]], str] | None = None) -> str:
        """Several names as the language lists them; ``shown`` is a template's way to show one, as HTML."""
        pieces = [shown(one) if shown else str(self.best(one)) for one in several]
        if not pieces:
            return ""
        listed = format_list(pieces, locale=Locale.parse(babel_locale(self.language)))
        return Markup(listed) if shown else str(listed)  # noqa: S704 - macros escape; what stands between is the language's
