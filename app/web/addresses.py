"""Addresses of pages: asked for a dozen times on each, so those that hold nothing but a language and ids are kept as patterns."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Flask, g, has_request_context, request
from werkzeug.routing import Rule, UUIDConverter

from app.web.uploads import LettingGo

_FIRST = 0xFACE << 112  # ids that stand in a pattern for those to come


class LateRule(Rule):
    """A rule that is made ready for building addresses when the first one is asked for.

    A process matches requests to all of two hundred and fifty rules, and builds addresses of few before it answers.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        def first(_rule: Rule, **values: Any) -> tuple[str, str]:
            made = super(LateRule, self)._compile_builder(append_unknown).__get__(self, None)
            setattr(self, "_build_unknown" if append_unknown else "_build", made)
            return made(**values)  # type: ignore[no-any-return]

        return first


def _spoken() -> str | None:
    """The language of the page, if its addresses begin with it and nothing else: looked up once for a page."""
    if not has_request_context():
        return None
    here = g._get_current_object().__dict__
    if "at_root" not in here:
        here["at_root"] = not request.script_root
    return here.get("lang") if here["at_root"] else None


class Pathways(Flask):
    """The application; ``url_for`` answers the common case from a pattern that Flask itself made once."""

    request_class = LettingGo
    url_rule_class = LateRule

    def url_for(self, endpoint: str, **values: Any) -> str:  # type: ignore[override]
        """The address of a page, as Flask gives it."""
        lang = _spoken()
        if lang is None or not all(type(value) is uuid.UUID for value in values.values()):
            return super().url_for(endpoint, **values)
        patterns: dict[tuple[object, ...], str | None] = self.extensions.setdefault("patterns", {})
        key = (endpoint, lang, *values)
        if key not in patterns:
            patterns[key] = self._pattern(endpoint, tuple(values))
        pattern = patterns[key]
        if pattern is None:
            return super().url_for(endpoint, **values)
        return pattern % tuple(map(str, values.values())) if values else pattern

    def _pattern(self, endpoint: str, names: tuple[str, ...]) -> str | None:
        """The address with a place for each id in the order given, if it takes these ids and a language alone."""
        rules = list(self.url_map.iter_rules(endpoint)) if endpoint in self.view_functions else []
        if len(rules) != 1 or rules[0].arguments - {"lang"} != set(names):
            return None
        if not all(isinstance(rules[0]._converters[name], UUIDConverter) for name in names):
            return None
        stand_ins: dict[str, Any] = {name: uuid.UUID(int=_FIRST + place) for place, name in enumerate(names)}
        made = super().url_for(endpoint, **stand_ins).replace("%", "%%")
        places = sorted(stand_ins.values(), key=lambda one: made.index(str(one)))
        if places != list(stand_ins.values()):  # the address names them in another order
            return None
        for one in places:
            made = made.replace(str(one), "%s")
        return made
