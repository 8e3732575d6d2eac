"""One mailing under a fault: people to invite, the press of the button, and how many copies each of them got."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from app.accounts.models import Role
from app.extensions import db
from bench import rows
from bench.chaos.client import Answer, Client, PageForm, Unexpected, form_with, forms
from bench.chaos.stage import Stage
from bench.figures import Figure

RECOVERY = 60.0
ORGANISATIONS, DOMAINS = 20, 50
AHEAD = 300
"""Days to the session: further than the sixty that a scenario lets pass, so that nobody is reminded of it in them."""
PAGES = 6
"""So many pages at most lie between the list of whom to invite and the last press."""


@dataclass
class Row:
    """One line of the table."""

    fault: str
    people: int
    none: int = 0
    once: int = 0
    more: int = 0
    refused: int = 0
    repeats: int = 0
    allowed: int = 0
    differing: int = 0  # copies whose Message-ID, UID or SEQUENCE is another than the first copy's
    back: float | None = None  # seconds from the end of the fault to the last copy that was no 4xx of its own
    held: str = ""  # what else was seen to hold
    name: str = ""  # of the scenario, in front of its figures
    figures: list[Figure] = field(default_factory=list)

    def checks(self) -> list[Figure]:
        """Every figure beside its limit."""
        own = [
            Figure(f"{self.name}: told nobody", self.none, "people", 0),
            Figure(f"{self.name}: copies too many", self.repeats, "copies", self.allowed),
            Figure(f"{self.name}: copies that differ", self.differing, "copies", 0),
        ]
        if self.back is not None:
            own.append(Figure(f"{self.name}: all out after its end", self.back, "s", RECOVERY))
        return [*own, *self.figures]


@dataclass
class Mailing:
    """A session, and those to invite to it."""

    stage: Stage
    name: str
    session_id: str
    client: Client
    organisations: list[str]
    addresses: set[str]
    began: float = 0.0
    others: set[str] = field(default_factory=set)  # Message-IDs of what else these people were told

    def set_apart(self) -> None:
        """A confirmation of an answer is no second copy of the invitation."""
        found = self.stage.ask("SELECT id FROM messages WHERE subject_id = %s AND kind <> 'session-invite'", self.session_id)
        self.others = {f"{one[0]}@pathways.example" for one in found}

    @property
    def path(self) -> str:
        """The page on which people are chosen."""
        return f"/en/desk/sessions/{self.session_id}/invite"

    def invite(self) -> None:
        """Choose everybody, look at what will happen, and confirm: as often as nobody answers."""
        self.began = time.time()
        page = self._see(lambda: self.client.get(self.path))
        form = form_with(page.page, "capacity")
        chosen: dict[str, str | list[str]] = {"capacity": "participant", "organisations": self.organisations}
        answer = self._see(lambda: self.client.send(self.path, form, chosen))
        for _ in range(PAGES):
            if answer.status in (302, 303):
                if "/invite" not in answer.location and "/rehearsals/" not in answer.location:
                    return
                answer = self._see(lambda at=answer.location: self.client.get(at))  # type: ignore[misc]
                continue
            confirm = _confirming(answer.page)
            if confirm is None:
                return self._see_it_was_done()
            answer = self._press(confirm)
        raise Unexpected(f"the invitation was not taken: status {answer.status}")

    def _see_it_was_done(self) -> None:
        """A page without the button: the press was taken, though whoever answered it died before saying so."""
        asked = "SELECT count(*) FROM invitations WHERE peer_session_id = %s"
        if self.stage.ask(asked, self.session_id)[0][0] < len(self.addresses):
            raise Unexpected("the page before many mails has no button, and nobody is invited")

    def _press(self, confirm: PageForm) -> Answer:
        """Tick what has to be ticked, and press the button."""
        return self._see(lambda: self.client.send(self.path, confirm, dict([*confirm.needed, *confirm.buttons[:1]])))

    def _see(self, ask: Any) -> Answer:
        answer = self.client.patiently(ask)
        if answer.status >= 400:
            raise Unexpected(f"{self.path} answered {answer.status}")
        return answer

    def copies(self) -> dict[str, list[dict[str, Any]]]:
        """The copies of the invitation, by recipient."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for copy in self.stage.copies():
            if copy["to"] in self.addresses and copy["method"] == "REQUEST" and copy["id"] not in self.others:
                found[copy["to"]].append(copy)
        return found

    def told(self) -> int:
        """How many people have it."""
        return len(self.copies())

    def wait(self, people: int, seconds: float) -> None:
        """Wait until so many have it, or the time is over."""
        until = min(time.monotonic() + seconds, self.stage.deadline)
        while self.told() < people and time.monotonic() < until:
            time.sleep(0.25)

    def settle(self, seconds: float = 90, but: int = 0) -> None:
        """Wait until everybody has it and nothing waits in the outbox, so that a late second copy is seen as well."""
        self.wait(len(self.addresses) - but, seconds)
        until = time.monotonic() + 45
        while self.stage.waiting() and time.monotonic() < min(until, self.stage.deadline):
            time.sleep(0.5)
        time.sleep(1)

    def row(self, fault: str, *, allowed: int = 0, ended: float | None = None, refused: Iterable[str] = (),
            apart: Iterable[str] = ()) -> Row:  # fmt: skip
        """What came of it. ``ended`` is when the fault ended; those ``apart`` had a 4xx of their own."""
        self.set_apart()
        found, gone, aside = self.copies(), set(refused), set(apart)
        counts = [len(found.get(address, ())) for address in self.addresses - gone]
        firsts = {address: min(copy["at"] for copy in copies) for address, copies in found.items()}
        last = max((at for address, at in firsts.items() if address not in aside), default=0.0)
        if len(firsts) < len(self.addresses - gone):
            last = time.time()
        return Row(
            fault, len(self.addresses), none=counts.count(0), once=counts.count(1), more=sum(1 for c in counts if c > 1),
            refused=len(gone), repeats=sum(max(c - 1, 0) for c in counts), allowed=allowed,
            differing=sum(_differing(copies) for copies in found.values()),
            back=None if ended is None else max(0.0, last - ended),
        )  # fmt: skip


def _differing(copies: list[dict[str, Any]]) -> int:
    first = copies[0]
    return sum(1 for copy in copies if any(copy[name] != first[name] for name in ("id", "uid", "sequence")))


def _confirming(page: str) -> PageForm | None:
    """The form that confirms: of a few mails by their number, of many by the rehearsal they were looked at in."""
    return next((form for form in forms(page) if any(n in ("confirmed", "rehearsed") and v for n, v in form.fields)), None)


def mailing(stage: Stage, name: str, count: int, *, more: dict[str, int] | None = None) -> Mailing:
    """A session and ``count`` people; ``more`` are others whose addresses begin with the word."""
    with stage.inside() as app:
        secretariat = rows.person(f"Secretary-{name}", Role.SECRETARIAT)
        sizes = {f"{name}-": count, **{f"{word}-{name}-": size for word, size in (more or {}).items()}}
        session = rows.meeting(AHEAD, capacity=sum(sizes.values()), hosts=rows.states()[:2], title=f"Session {name}")
        organisations = rows.clubs(ORGANISATIONS)
        addresses: set[str] = set()
        for prefix, size in sizes.items():
            rows.people(size, prefix, organisations, domains=DOMAINS)
            addresses |= {f"{prefix}{n}@office{n % DOMAINS}.bench.example" for n in range(size)}
        cookies = rows.cookie(app, secretariat)
        db.session.commit()
        return Mailing(stage, name, str(session.id), stage.client(cookies), [str(o.id) for o in organisations], addresses)
