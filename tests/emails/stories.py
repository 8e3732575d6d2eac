"""Every mail of every room to one reader in one language: told once in a process, and held up to each of the tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy.orm import Session

from app.notifications.rendering import Job, job_of, render
from tests.emails import answers, clocks, gathered, letters, pilots, places, polls, world
from tests.emails.world import NOW, READERS

ROOMS = (world.told, letters.told, pilots.told, answers.told, clocks.told, polls.told, gathered.told, places.told)


@dataclass(frozen=True)
class Mail:
    """What rendering needs of a row of the outbox, and the mail that leaves; it outlives the row."""

    job: Job
    content: bytes


_told: dict[tuple[str, str], Mapping[str, Mail]] = {}


def mails(session: Session, who: str, language: str) -> Mapping[str, Mail]:
    """Each mail to this reader by the name its golden file has. The first who asks has it told; the rows are rolled back."""
    if (who, language) not in _told:
        found = {}
        with session.begin_nested() as alone:
            for tell in ROOMS:
                for name, row in tell(READERS[who], language).items():
                    job = job_of(row)
                    found[name] = Mail(job, render(job, now=NOW).content)
            alone.rollback()
        _told[who, language] = MappingProxyType(found)
    return _told[who, language]
