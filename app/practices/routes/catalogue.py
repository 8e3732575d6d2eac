"""The catalogue: words, facets with counts, a map by region, one page of records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import public, viewer
from app.accounts.reader import best
from app.core import lookup
from app.core.db import reading
from app.core.draw import Bubble, spread
from app.core.text import clean, fold
from app.practices import words
from app.practices.models import Kind, Practice
from app.practices.queries import Count, Facets, Filters, catalogue_page
from app.practices.queries import facets as counted
from app.practices.routes import blueprint
from app.topics.queries import grounds, regions

_FACETS = ("ground", "region", "state", "type")
_MOST_VALUES = 40  # of one facet in an address
_PLACES = {"002": (504, 219), "019": (240, 191), "142": (691, 109), "150": (500, 67), "009": (857, 280)}
"""Where on the map each continent's bubble stands."""


@dataclass(frozen=True)
class Choice:
    """One value of a facet: what it is called, how many it leaves, whether it is chosen."""

    value: str
    label: str
    number: int
    chosen: bool


@dataclass(frozen=True)
class OnMap:
    """A continent's bubble, and the address it leads to."""

    bubble: Bubble
    label: str
    number: int
    url: str
    chosen: bool


@blueprint.get("/practices")
@public
@reading
def practices() -> ResponseReturnValue:
    """What governments have tried, the tools on offer, and what there is to read."""
    wanted = _filters()
    page = catalogue_page(viewer(), wanted, request.args.get("after"))
    counts = counted(viewer(), wanted)
    names = words.names_by_code()
    choices = _choices(counts, wanted, names)
    shows_map = request.args.get("view") != "list"
    return render_template(
        "practices/catalogue.html",
        page=page,
        wanted=wanted,
        total=counts.total,
        choices=choices,
        chips=_chips(choices),
        on_map=_bubbles(choices["region"]) if shows_map else [],
        places=[(_with(state=c.value), c.label, c.number) for c in choices["state"]] if shows_map else [],
        table=[(c.label, c.number) for name in ("region", "state") for c in choices[name]] if shows_map else [],
        shows_map=shows_map,
        view_urls=(_address(view=None), _address(view="list")),
        clear_url=_to(_kept(only=("q", "view"))),
        first_url=_address() if request.args.get("after") else None,
        after_url=_address(after=page.after) if page.after else None,
        urls={row.id: _url(row) for row in page.rows},
        where={row.id: words.listed(words.state_names(getattr(row, "states", ()), names)) for row in page.rows},
        kind_of=_kind,
        years=years,
        words=words,
    )


def _filters() -> Filters:
    return Filters(clean(request.args.get("q", ""))[: lookup.MOST_TYPED].strip(), *(_values(name) for name in _FACETS))


def _values(name: str) -> tuple[str, ...]:
    """The values of a facet as the address has them; what is no code of ours finds nothing and breaks nothing."""
    found = dict.fromkeys(clean(value)[:40] for value in request.args.getlist(name)[:_MOST_VALUES])
    return tuple(value for value in found if value)


def _choices(counts: Facets, wanted: Filters, state_names: dict[str, str]) -> dict[str, list[Choice]]:
    """Each facet's values by name. Grounds and types keep their order, States and regions follow the alphabet."""
    ground_names = {code: str(best(g.labels)) for code, g in grounds().items()}
    region_names = {m49: str(best(r.names)) for m49, r in regions().items() if m49 in _PLACES}
    type_names = {value: str(word) for value, word in words.TYPES.items()}
    return {
        "ground": _named(counts.grounds, wanted.grounds, ground_names, by_name=False),
        "region": _named(counts.regions, wanted.regions, region_names, by_name=True),
        "state": _named(counts.states, wanted.states, state_names, by_name=True),
        "type": _named(counts.types, wanted.types, type_names, by_name=False),
    }


def _named(counts: Sequence[Count], chosen: Sequence[str], names: dict[str, str], *, by_name: bool) -> list[Choice]:
    """The values there are, and those that are chosen though nothing has them."""
    numbers = {c.value: c.number for c in counts}
    found = [Choice(v, n, numbers.get(v, 0), v in chosen) for v, n in names.items() if v in numbers or v in chosen]
    return sorted(found, key=lambda c: fold(c.label)) if by_name else found


def _chips(choices: dict[str, list[Choice]]) -> list[tuple[str, str, bool]]:
    """The applied filters, each with the address that takes it away."""
    return [(_without(name, c.value), c.label, True) for name, found in choices.items() for c in found if c.chosen]


def _bubbles(found: list[Choice]) -> list[OnMap]:
    """Continents on the map, the larger the number the larger the bubble."""
    most = max((c.number for c in found), default=1) or 1
    drawn = {c.value: Bubble(*_PLACES[c.value], 20 + 14 * (c.number / most) ** 0.5, c.value) for c in found if c.number}
    placed = {b.name: b for b in spread(drawn.values())}
    return [
        OnMap(placed[c.value], c.label, c.number, _without("region", c.value) if c.chosen else _with(region=c.value), c.chosen)
        for c in found
        if c.value in placed
    ]


def _kept(only: Sequence[str] | None = None) -> dict[str, list[str]]:
    """What the address says now, without the place in the list."""
    names = ("q", "view", *_FACETS) if only is None else only
    return {name: values for name in names if (values := [v for v in request.args.getlist(name) if v])}


def _to(asked: dict[str, list[str]]) -> str:
    """The page with these in its address, as ``url_for`` writes them: a page has an address for each State."""
    pairs = [(name, value) for name, values in asked.items() for value in values]
    return url_for("practices.practices") + ("?" + urlencode(pairs, safe="!$'()*,/:;?@") if pairs else "")


def _address(**more: str | None) -> str:
    changed = {**_kept(), **{name: [] if value is None else [value] for name, value in more.items()}}
    return _to(changed)


def _with(**more: str) -> str:
    kept = _kept()
    return _to({**kept, **{k: list(dict.fromkeys([*kept.get(k, []), v])) for k, v in more.items()}})


def _without(name: str, value: str) -> str:
    kept = _kept()
    return _to({**kept, name: [v for v in kept.get(name, []) if v != value]})


def _kind(row: Any) -> Kind:
    return Kind(row.__class__.__name__.lower())


def _url(row: Any) -> str:
    return url_for(f"practices.{_kind(row).value}", code=row.code)


def years(row: Any) -> str:
    """From when to when it was done, in words: a dash between two numbers reads backwards in mixed text."""
    if not isinstance(row, Practice) or (row.year_from is None and row.year_to is None):
        return ""
    if row.year_from is None:
        return str(_("until %(year)s", year=row.year_to))
    if row.year_to is None:
        return str(_("since %(year)s", year=row.year_from))
    return (
        str(row.year_from)
        if row.year_from == row.year_to
        else str(_("%(first)s to %(last)s", first=row.year_from, last=row.year_to))
    )
