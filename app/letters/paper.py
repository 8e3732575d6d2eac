"""One letter put together: the wording in its language, the facts of its subject, what somebody wrote by hand in their place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from babel import Locale
from babel.lists import format_list
from flask_babel import force_locale, ngettext, pgettext
from flask_babel import gettext as _

from app.accounts.models import Designation, Organisation
from app.accounts.words import CAPACITIES
from app.core import text, when, zones
from app.core.db import Texts
from app.core.languages import RIGHT_TO_LEFT, babel_locale
from app.core.signing import settings
from app.documents.blocks import Figures, Mark, Paragraph, Passage
from app.documents.blocks import Letter as Tree
from app.exchanges.models import PeerSession
from app.interests.models import Expression
from app.letters.models import Letter, LetterKind, LetterSet
from app.letters.queries.subjects import Party, Subject
from app.letters.wording import filled
from app.letters.words import STAND_INS

OWN = ("addressee", "office", "form", "subject", "body")
"""What may be written by hand in one letter, in the order of the form."""


@dataclass(frozen=True)
class Written:
    """A letter as it would be issued now, and how it came about."""

    tree: Tree
    automatic: dict[str, str]  # what the wording says, whether or not somebody wrote something else
    basis: str  # digest of it: text written by hand stands on what this was
    stand_ins: tuple[tuple[str, str], ...]  # which text is missing in the letter's language, and which one stands in

    @property
    def digest(self) -> str:
        """What it says in short; number and date are given later."""
        plain = replace(self.tree, head=[], mark=None, remark="")
        return hashlib.sha256(json.dumps(asdict(plain), sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@dataclass
class _Desk:
    """What the parts of one letter are written with."""

    language: str
    party: Party
    wording: Mapping[str, str]
    stand_ins: list[tuple[str, str]] = field(default_factory=list)

    def best(self, texts: Texts | None, what: str) -> str:
        """The text in the letter's language, else the best there is, and a note that it stands in."""
        found = text.best(texts, self.language, settings().language_order)
        if found and found.lang != self.language and (what, found.lang) not in self.stand_ins:
            self.stand_ins.append((what, found.lang))
        return text.line(str(found)) if found else ""

    def called(self, organisation: Organisation | None, what: str) -> str:
        """An organisation's formal name, else its name; in this language before any other."""
        if organisation is None:
            return ""
        for texts in (organisation.formal_names, organisation.names):
            if (texts or {}).get(self.language, "").strip():
                return text.line(texts[self.language])
        return self.best(organisation.formal_names or organisation.names, what)

    def says(self, key: str, **values: str) -> str:
        """A formula of the letter's language."""
        return filled(self.wording[key], {"network": settings().network_names[self.language], **values})

    def day(self, moment: date | datetime) -> str:
        """A date in words, on the calendar of the letter's reader."""
        return when.date_text(moment, self.language, self.party.zone, "long")


def written(letter: Letter, of: LetterSet, subject: Subject, party: Party, wording: Mapping[str, str], today: date) -> Written:
    """The letter as it would be issued on this day; ``numbered`` gives it its number."""
    with force_locale(babel_locale(letter.language)):
        desk = _Desk(letter.language, party, wording)
        note = letter.kind is LetterKind.NOTE_VERBALE
        names, figures, topic = _facts(desk, subject)
        own = letter.own or {}
        automatic = {"office": _office(desk), "form": _form(desk)}
        automatic["addressee"] = "\n".join(_addressee(desk, note, automatic["office"]))
        automatic["subject"] = desk.says(f"subject_{_topic_subject(topic)}", **names)
        chosen = {**automatic, **own}
        automatic["body"] = _body(desk, note, topic, names, chosen["office"])
        body = own.get("body", automatic["body"])
        post = desk.best(of.signatory.posts, "signatory")
        tree = Tree(
            language=letter.language,
            right_to_left=letter.language in RIGHT_TO_LEFT,
            network=settings().network_names[letter.language],
            sender=_("Secretariat"),
            contact=settings().contact_address,
            head=[(_("No."), _("given when it is issued")), (_("Date"), desk.day(today))],
            addressee=[line for line in chosen["addressee"].splitlines() if line.strip()],
            subject=(_("Subject"), text.line(chosen["subject"])),
            salutation="" if note else desk.says("salutation", form=chosen["form"]),
            passages=[*_paragraphs(body), *_after(desk, letter, of, figures)],
            closing=desk.says("closing_note") if note else desk.says("closing_personal", form=chosen["form"]),
            signatory=[line for line in (of.signatory.name, post) if line],
            annexes_label=_("Annexes"),
            annexes=[str(item["title"]) for item in of.annexes.get("items", ())],
            mark=_mark(),
        )
        basis = hashlib.sha256(repr((automatic, figures)).encode()).hexdigest()
    return Written(tree, automatic, basis, tuple(desk.stand_ins))


def numbered(tree: Tree, number: str, dated: date) -> Tree:
    """The letter with its number and date."""
    with force_locale(babel_locale(tree.language)):
        day = when.date_text(dated, tree.language, "UTC", "long")
        return replace(tree, head=[(_("No."), number), (_("Date"), day)], remark="")


def as_draft(tree: Tree) -> Tree:
    """The letter with a word across its head that it is none yet."""
    with force_locale(babel_locale(tree.language)):
        return replace(tree, remark=str(_("Draft: not issued")))


def frozen(tree: Tree) -> dict[str, Any]:
    """What a letter says, as the register keeps it. The mark is kept in the PDF."""
    told = asdict(replace(tree, mark=None))
    told["passages"] = [{"kind": type(p).__name__, **asdict(p)} for p in tree.passages]
    return told


def _paragraphs(body: str) -> list[Passage]:
    parts = (part.strip() for part in body.replace("\r\n", "\n").split("\n\n"))
    return [Paragraph(part) for part in parts if part]


def _after(desk: _Desk, letter: Letter, of: LetterSet, figures: list[tuple[str, str]]) -> list[Passage]:
    """What follows the text: the figures, which letter this replaces, the request for an answer, what stands in."""
    found: list[Passage] = [Figures(figures)] if figures else []
    former = letter.replaces
    if former is not None and former.dated is not None:
        said = _("This letter replaces our letter %(number)s of %(date)s.", number=former.number, date=desk.day(former.dated))
        found.append(Paragraph(said))
    if of.answer_due is not None:
        found.append(Paragraph(desk.says("answer_by", date=desk.day(of.answer_due))))
    spoken = Locale.parse(babel_locale(desk.language)).languages
    for what, language in desk.stand_ins:
        if what in ("title", "purpose", "call", "reason"):
            name = spoken.get(babel_locale(language), spoken.get(language, language))
            said = _("Given in another language (%(language)s): %(what)s.", language=name, what=STAND_INS[what])
            found.append(Paragraph(said, soft=True))
    return found


def _topic_subject(topic: str) -> str:
    return topic if topic in ("session", "designation") else "decision"


def _body(desk: _Desk, note: bool, topic: str, names: dict[str, str], office: str) -> str:
    if not note:
        return desk.says(f"{topic}_personal", **names)
    opening = desk.says(f"opening_{desk.party.addressed.value}", addressee=office)
    gap = "" if desk.language == "zh" else " "
    return f"{opening}{gap}{desk.says(f'{topic}_note', **names)}"


def _office(desk: _Desk) -> str:
    party = desk.party
    return desk.called(party.office, "office") or party.name or desk.called(party.state, "state")


def _form(desk: _Desk) -> str:
    """The form of address: the person's own, else honorific and family name, else the formula."""
    party, chosen = desk.party, ""
    if party.person is not None:
        chosen = party.person.salutation(desk.language)
    elif party.recipients and party.recipients[0].language == desk.language:
        chosen = party.recipients[0].salutation
    return chosen or desk.wording["form_default"]


def _addressee(desk: _Desk, note: bool, office: str) -> list[str]:
    """Form of address and name, post, office, the State's formal name: what there is of them."""
    party = desk.party
    lines = []
    if not note:
        person = party.person
        if person is not None:
            honorific = person.honorifics.get(desk.language, "")
            lines.append(f"{honorific} {person.full_name}".strip())
            lines.append(desk.best(person.posts, "post"))
        elif party.recipients:
            lines.append(party.recipients[0].name)
    lines.append(office)
    lines.append(desk.called(party.state, "state"))
    return [line[0].upper() + line[1:] for line in dict.fromkeys(line for line in lines if line)]


def _facts(desk: _Desk, subject: Subject) -> tuple[dict[str, str], list[tuple[str, str]], str]:
    """What the formulas may name, the figures below the text, and which text it is."""
    if isinstance(subject.row, PeerSession):
        return _of_session(desk, subject.row)
    if isinstance(subject.row, Expression):
        return _of_decision(desk, subject.row)
    return _of_designation(desk, subject.row)


def _of_session(desk: _Desk, row: PeerSession) -> tuple[dict[str, str], list[tuple[str, str]], str]:
    zone, ends = desk.party.zone, row.starts_at + timedelta(minutes=row.minutes)
    title, purpose = desk.best(row.titles, "title"), desk.best(row.purposes, "purpose")
    place = zones.city(zone, babel_locale(desk.language))
    figures = [
        (_("Session"), title),
        (_("Date"), when.date_text(row.starts_at, desk.language, zone, "full")),
        (_("Hour in %(place)s", place=place), _span(row.starts_at, ends, zone)),
    ]
    if zones.offset(row.starts_at, zone):
        figures.append((_("Hour in UTC"), _in_utc(desk, row.starts_at, ends, zone)))
    figures.append((_("Length"), ngettext("%(num)s minute", "%(num)s minutes", row.minutes)))
    spoken = Locale.parse(babel_locale(desk.language)).languages
    if row.languages:
        listed = _listed([spoken.get(babel_locale(c), spoken.get(c, c)) for c in row.languages], desk.language)
        figures.append((_("Languages"), listed))
    if purpose:
        figures.append((_("Purpose"), purpose))
    return {"title": title, "date": desk.day(row.starts_at)}, figures, "session"


def _listed(names: list[str], language: str) -> str:
    """Several names as the language lists them."""
    return str(format_list(names, locale=Locale.parse(babel_locale(language))))


def _span(start: datetime, end: datetime, zone: str) -> str:
    """From hour to hour on the clocks of a zone, with its offset."""
    offset = zones.offset_text(start, zone)
    return f"{_hours(start, end, zone)} ({offset})"


def _hours(start: datetime, end: datetime, zone: str) -> str:
    """From hour to hour, in words: a dash between two times reads backwards in Arabic."""
    return str(pgettext("hours", "%(start)s to %(end)s", start=when.time_text(start, zone), end=when.time_text(end, zone)))


def _in_utc(desk: _Desk, start: datetime, end: datetime, zone: str) -> str:
    """The same hours in UTC; with the date where it is another one there."""
    hours = _hours(start, end, "UTC")
    if zones.to_wall(start, "UTC").date() == zones.to_wall(start, zone).date():
        return hours
    return f"{hours}, {when.date_text(start, desk.language, 'UTC', 'day')}"


def _of_decision(desk: _Desk, row: Expression) -> tuple[dict[str, str], list[tuple[str, str]], str]:
    call = desk.best(row.call.titles, "call")
    figures = [(_("Reference"), row.reference or ""), (_("Call"), call)]
    if row.decided_at is not None:
        figures.append((_("Decided on"), desk.day(row.decided_at)))
    if row.decision_reason:
        figures.append((_("Reason"), text.line(text.plain(row.decision_reason))))
    return {"reference": row.reference or "", "call": call}, figures, row.status.value


def _of_designation(desk: _Desk, row: Designation) -> tuple[dict[str, str], list[tuple[str, str]], str]:
    dated = when.date_text(row.letter_date, desk.language, "UTC", "long")
    of_day = _("%(number)s of %(date)s", number=row.letter_number, date=dated)
    came = of_day if row.letter_number else _("of %(date)s", date=dated)
    capacity = str(CAPACITIES[row.capacity])
    figures = [
        (_("Person"), row.person.full_name),
        (_("Capacity"), capacity),
        (_("In force from"), when.date_text(row.valid_from, desk.language, "UTC", "long")),
    ]
    return {"person": row.person.full_name, "capacity": capacity, "letter": str(came)}, figures, "designation"


def _mark() -> Mark | None:
    """The network's mark, where one is set: an SVG or PNG file of at most 200 KB."""
    file = settings().mark_file
    if file is None or not file.is_file() or file.suffix.lower() not in (".svg", ".png") or file.stat().st_size > 200_000:
        return None
    return Mark(file.read_bytes(), file.suffix.lower().removeprefix("."))
