"""A series, an answer and news of the work as JSON, and back: every field by the type it is declared with, or refused.

What goes to the planning process is one JSON object, a ``Series`` field by field. What comes back are lines, each an object
with one key that says what it is: ``{"progress": Progress}`` as often as there is news, ``{"kept": Answer}`` for the best plans
so far, and at the end ``{"done": Answer}`` or ``{"refused": {"where": …, "why": …}}``. Dates are ``2027-01-11``, instants
``2027-01-11T12:00:00+00:00``, local times the same without an offset; sets and tuples are lists. Keys are sorted and nothing tells
the hour of the run: the same series gives the same bytes.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar

from app.exchanges.fair.scale import Refused

T = TypeVar("T")


def packed(thing: object) -> str:
    """One line of JSON."""
    return json.dumps(_plain(thing), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _plain(thing: object) -> object:
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        return {field.name: _plain(getattr(thing, field.name)) for field in dataclasses.fields(thing)}
    if isinstance(thing, dict):
        return {key: _plain(value) for key, value in thing.items()}
    if isinstance(thing, frozenset):
        return sorted(_plain(one) for one in thing)  # type: ignore[type-var]  # all of one kind
    if isinstance(thing, tuple | list):
        return [_plain(one) for one in thing]
    return thing.isoformat() if isinstance(thing, date) else thing


def unpacked(kind: type[T], line: str) -> T:
    """The thing of this kind that the JSON says; ``Refused`` with the field that is wrong."""
    try:
        told = json.loads(line)
    except ValueError:
        raise Refused("", "json") from None
    return read(kind, told)


def read(kind: type[T], told: object) -> T:
    """The same from what JSON became."""
    return typing.cast("T", _read(kind, told, ""))


@cache
def _fields(kind: type) -> dict[str, tuple[Any, bool]]:
    """The fields of a dataclass with their types, and whether they may be left out."""
    hints, missing = typing.get_type_hints(kind), dataclasses.MISSING
    return {
        one.name: (hints[one.name], one.default is not missing or one.default_factory is not missing)
        for one in dataclasses.fields(kind)
    }


def _read(kind: Any, told: object, where: str) -> object:
    if dataclasses.is_dataclass(kind):
        return _record(typing.cast("type", kind), told, where)
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return None if told is None else _read(inner[0], told, where)
    if origin in (tuple, frozenset):
        if not isinstance(told, list):
            raise Refused(where, "list")
        return origin(_read(inner[0], one, f"{where}[{number}]") for number, one in enumerate(told))
    return _value(kind, told, where)


def _record(kind: type, told: object, where: str) -> object:
    fields = _fields(kind)
    if not isinstance(told, dict):
        raise Refused(where, "object")
    for name in sorted(set(told) - set(fields)):
        raise Refused(f"{where}.{name}".lstrip("."), "unknown")
    given = {}
    for name, (inner, optional) in fields.items():
        if name in told:
            given[name] = _read(inner, told[name], f"{where}.{name}".lstrip("."))
        elif not optional:
            raise Refused(f"{where}.{name}".lstrip("."), "missing")
    try:
        return kind(**given)
    except Refused as refused:
        raise Refused(f"{where}: {refused.where}" if where else refused.where, refused.why) from None


def _value(kind: Any, told: object, where: str) -> object:
    if kind in (date, datetime):
        try:
            return kind.fromisoformat(told)
        except (TypeError, ValueError):
            raise Refused(where, "date") from None
    if kind is float and isinstance(told, int) and not isinstance(told, bool):
        return float(told)
    if type(told) is not kind:
        raise Refused(where, kind.__name__)
    return told
