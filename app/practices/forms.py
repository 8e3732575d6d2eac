"""The secretariat's forms: a practice, a tool, a resource, a file, a review."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    StringField,
    URLField,
    ValidationError,
)
from wtforms import Form as PlainForm

from app.accounts.access import viewer
from app.accounts.queries import states
from app.accounts.reader import best, language
from app.core.forms import (
    CheckboxesField,
    Form,
    LanguageField,
    OnceForm,
    OneOf,
    SeveralField,
    TextsField,
    TidySelect,
    a_web_address,
    at_most,
    needed,
    texts_of,
    tidy,
)
from app.core.text import fold
from app.practices.models import Kind, LawStatus, Level, Measure, PracticeType, ResourceType
from app.practices.queries import discussable, sdg_targets
from app.practices.words import FIELDS, LAW, LEVELS, MEASURES, PRACTICE_TYPES, RESOURCE_TYPES
from app.topics.queries import grounds, objectives

MOST_ROWS = 30
BLANKS = 2
"""Empty rows below the filled ones, to write in."""


class WholeOrNone(IntegerField):
    """A whole number between two bounds, or none."""

    def __init__(self, label: Any, *, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.least, self.most = least, most

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read digits of any script; nothing typed is none."""
        typed = (valuelist[0] if valuelist else "").strip()
        self.data: int | None = None
        if not typed:
            return
        if not re.fullmatch(r"\d{1,9}", typed) or not self.least <= int(typed) <= self.most:
            raise ValueError(_l("Enter a number from %(least)s to %(most)s.", least=self.least, most=self.most))
        self.data = int(typed)


def _year(label: Any) -> WholeOrNone:
    return WholeOrNone(label, least=1800, most=2200)


def ground_choices() -> Iterable[tuple[str, str]]:
    """The twelve grounds in the reader's language."""
    return [(code, str(best(g.labels))) for code, g in grounds().items()]


def state_choices() -> Iterable[tuple[str, str]]:
    """States by ISO code, in the order of the reader's language."""
    named = [(s.code, str(best(s.names))) for s in states() if s.code]
    return sorted(named, key=lambda choice: fold(choice[1]))


def objective_choices() -> Iterable[tuple[str, str]]:
    """The 23 objectives by number."""
    return [(str(o.number), f"{o.number}. {best(o.labels)}") for o in objectives().values()]


def target_choices() -> Iterable[tuple[str, str]]:
    """Targets of the 2030 Agenda by number."""
    return [(code, f"{code} {words}") for code, words in sdg_targets().items()]


def subject_choices() -> Iterable[tuple[str, str]]:
    """Practices and tools that something can be about."""
    return [(f"{kind.value}:{row.id}", f"{row.code} {best(row.titles)}") for kind, row in discussable(viewer())]


def _pairs(words: dict[Any, Any]) -> list[tuple[str, Any]]:
    return [(member.value, word[0] if isinstance(word, tuple) else word) for member, word in words.items()]


def _one_of(name: str, words: dict[Any, Any], **more: Any) -> OneOf:
    return OneOf(FIELDS[name], [needed(_l("Choose one from the list."))], choices=_pairs(words), **more)


class WrittenForm(OnceForm):
    """What practices, tools and resources share."""

    version = HiddenField()
    source = LanguageField(_l("Written first in"), [needed(_l("Choose one from the list."))])
    titles = TextsField(FIELDS["titles"], most=200)
    summaries = TextsField(FIELDS["summaries"], long=True, most=2000)
    grounds = CheckboxesField(FIELDS["grounds"], choices=ground_choices)
    illustrative = BooleanField(_l("An illustration: it was not submitted or checked by the Governments it names"))

    kind: Kind

    def fields(self) -> dict[str, Any]:
        """What the rule wants."""
        return {
            "titles": texts_of(self.titles),
            "summaries": texts_of(self.summaries),
            "grounds": self.grounds.data or [],
            "illustrative": bool(self.illustrative.data),
            **self.own_fields(),
        }

    def own_fields(self) -> dict[str, Any]:
        """What only this kind has."""
        return {}


class SourceRow(PlainForm):
    """Where a fact comes from."""

    title = StringField(_l("Title"), [at_most(300)], filters=[tidy])
    year = _year(_l("Year"))
    url = URLField(_l("Web address"), [a_web_address(), at_most(500)], filters=[tidy])

    def validate_title(self, field: Any) -> None:
        """A year or an address alone names nothing."""
        if not field.data and (self.year.data or self.url.data):
            raise ValidationError(_l("Enter the title of the source."))


class PracticeForm(WrittenForm):
    """A practice with all it says of itself."""

    kind = Kind.PRACTICE
    type = _one_of("type", PRACTICE_TYPES)
    states = SeveralField(FIELDS["states"], choices=state_choices)
    lead_body = StringField(FIELDS["lead_body"], [at_most(300)])
    level = _one_of("level", LEVELS)
    measure = _one_of("measure", MEASURES)
    year_from = _year(FIELDS["year_from"])
    year_to = _year(FIELDS["year_to"])
    law_status = _one_of("law_status", LAW, default=LawStatus.UNKNOWN.value)
    points = TextsField(FIELDS["points"], long=True, most=4000)
    sdg_targets = CheckboxesField(FIELDS["sdg_targets"], choices=target_choices)
    objectives = SeveralField(FIELDS["objectives"], choices=objective_choices)
    main_objectives = SeveralField(FIELDS["main_objectives"], choices=objective_choices)
    sources = FieldList(FormField(SourceRow), label=FIELDS["sources"], max_entries=MOST_ROWS)

    def own_fields(self) -> dict[str, Any]:
        """What only practices have."""
        return {
            "type": PracticeType(self.type.data),
            "states": sorted(self.states.data or []),
            "lead_body": self.lead_body.data or "",
            "level": Level(self.level.data),
            "measure": Measure(self.measure.data),
            "year_from": self.year_from.data,
            "year_to": self.year_to.data,
            "law_status": LawStatus(self.law_status.data),
            "points": texts_of(self.points),
            "sdg_targets": self.sdg_targets.data or [],
            "objectives": sorted(int(n) for n in self.objectives.data or []),
            "main_objectives": sorted(int(n) for n in self.main_objectives.data or []),
            "sources": [
                {"title": row["title"], "year": row["year"], "url": row["url"] or ""} for row in self.sources.data if row["title"]
            ],
        }


class MilestoneRow(PlainForm):
    """One milestone that a pilot of the tool begins with."""

    titles = TextsField(_l("Milestone"), most=200)
    after_days = WholeOrNone(_l("Days after the start"), least=0, most=3660)
    weight = WholeOrNone(_l("Weight, of 100"), least=0, most=100)
    evidence = TextsField(_l("Evidence that it is reached"), most=200)

    def validate_after_days(self, field: Any) -> None:
        """A milestone has its day."""
        if field.data is None and not field.process_errors and texts_of(self.titles):
            raise ValidationError(_l("Enter a number from %(least)s to %(most)s.", least=field.least, most=field.most))

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        """Days, weight or evidence alone are no milestone."""
        well = bool(super().validate(*args, **kwargs))
        if texts_of(self.titles) or not (self.after_days.data or self.weight.data or texts_of(self.evidence)):
            return well
        self.titles.form.form_errors.append(_l("Enter a title in at least one language."))
        return False


class ToolForm(WrittenForm):
    """A tool that governments can ask to pilot."""

    kind = Kind.TOOL
    code = StringField(FIELDS["code"], [at_most(40)])
    offered = BooleanField(_l("Governments can ask to pilot it"), default=True)
    audiences = TextsField(FIELDS["audiences"], long=True, most=1000)
    descriptions = TextsField(FIELDS["descriptions"], long=True, most=20_000)
    milestones = FieldList(FormField(MilestoneRow), label=FIELDS["milestones"], max_entries=MOST_ROWS)

    def own_fields(self) -> dict[str, Any]:
        """What only tools have."""
        rows = [row.form for row in self.milestones if texts_of(row.form.titles)]
        return {
            "code": self.code.data or "",
            "offered": bool(self.offered.data),
            "audiences": texts_of(self.audiences),
            "descriptions": texts_of(self.descriptions),
            "milestones": sorted(
                (
                    {
                        "titles": texts_of(row.titles), "after_days": row.after_days.data or 0, "weight": row.weight.data or 0,
                        "evidence": texts_of(row.evidence),
                    }
                    for row in rows
                ),
                key=lambda m: m["after_days"],
            ),
        }  # fmt: skip


class ResourceForm(WrittenForm):
    """Something to read, watch or use."""

    kind = Kind.RESOURCE
    type = _one_of("type", RESOURCE_TYPES)
    publisher = StringField(FIELDS["publisher"], [at_most(200)])
    year = _year(FIELDS["year"])
    links = TextsField(_l("Web address per language"), most=500)
    about = SeveralField(_l("Practices and tools it is about"), choices=subject_choices)
    about_seen = HiddenField()

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        """Each link is a web address of its own."""
        well = bool(super().validate(*args, **kwargs))
        for inner in self.links.form:
            try:
                a_web_address()(self, inner)
            except ValidationError as wrong:
                inner.errors = [*inner.errors, wrong.args[0]]
                well = False
        return well

    def own_fields(self) -> dict[str, Any]:
        """What only resources have."""
        return {
            "type": ResourceType(self.type.data),
            "publisher": self.publisher.data or "",
            "year": self.year.data,
            "links": texts_of(self.links),
        }


FORMS: dict[Kind, type[WrittenForm]] = {Kind.PRACTICE: PracticeForm, Kind.TOOL: ToolForm, Kind.RESOURCE: ResourceForm}
_TYPED: dict[Kind, tuple[str, ...]] = {
    Kind.PRACTICE: (
        "type", "states", "lead_body", "level", "measure", "year_from", "year_to", "law_status", "points", "sdg_targets",
        "objectives", "main_objectives", "sources",
    ),
    Kind.TOOL: ("code", "offered", "audiences", "descriptions", "milestones"),
    Kind.RESOURCE: ("type", "publisher", "year", "links"),
}  # fmt: skip
_ROWS = {Kind.PRACTICE: ("sources",), Kind.TOOL: ("milestones",), Kind.RESOURCE: ()}


def new_form(kind: Kind) -> WrittenForm:
    """The form for a new record, in the reader's language first."""
    return _with_blanks(FORMS[kind](data={"source": language()}))


def form_for(kind: Kind, row: Any, source: str, about: list[str] | None = None) -> WrittenForm:
    """The form with what a record says now, and what it is about."""
    names = ("version", "titles", "summaries", "grounds", "illustrative", *_TYPED[kind])
    told = {"about": about, "about_seen": " ".join(about)} if about is not None else {}
    return _with_blanks(FORMS[kind](data={"source": source, **told, **{name: _typed(getattr(row, name)) for name in names}}))


def _typed(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, list) and value and isinstance(value[0], int):
        return [str(n) for n in value]
    return value


def _with_blanks(form: WrittenForm) -> WrittenForm:
    """A page that is read shows empty rows to write in; one that was sent shows what was sent."""
    if not form.is_submitted():
        for name in _ROWS[form.kind]:
            rows = form[name]
            for _blank in range(min(BLANKS, MOST_ROWS - len(rows))):
                rows.append_entry()
    return form


class DocumentForm(Form):
    """A file in one language."""

    language = TidySelect(_l("Language of the file"), [needed(_l("Choose one from the list."))])
    file = FileField(_l("File"))
    note = StringField(_l("What is new in it"), [at_most(300)])

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.language.choices = choices
