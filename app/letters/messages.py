"""The mail a letter travels with: its number and subject, the PDF and the annexes attached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.core.db import Json
from app.files.models import StoredFile
from app.letters.models import Letter, LetterSet
from app.letters.queries import letters as queries
from app.letters.queries.subjects import Recipient
from app.notifications import outbox
from app.notifications.models import Message
from app.notifications.rendering import job_of

SUBJECT = queries.SUBJECT


def file_name(number: str, ending: str) -> str:
    """What the file is called on the way out: "PX-2026-L-0012.pdf"."""
    return f"{number.replace('/', '-')}.{ending}"


def attached(stored: StoredFile, name: str) -> Json:
    """What the worker needs to read a file and to know that it is the one that was meant."""
    return {"file": str(stored.id), "name": name, "type": stored.media_type, "sha256": stored.sha256, "size": stored.size}


def send(letter: Letter, of: LetterSet, to: Sequence[Recipient], annexes: Sequence[Json], pdf: StoredFile, now: datetime) -> int:
    """Queue the letter for each of its recipients, once for each address."""
    files = [attached(pdf, file_name(letter.number or "", "pdf")), *annexes]
    common: Json = {"due": f"{of.answer_due.isoformat()}T12:00:00+00:00" if of.answer_due else "", "annexes": len(annexes)}
    return outbox.queue([_to(letter, one, files, common) for one in to], now=now)


def send_again(letter: Letter, mail: Message, to: Recipient, now: datetime) -> int:
    """What a mail carries that was taken back, to somebody else: the same files, asked for by the same day."""
    job = job_of(mail)
    return outbox.queue([_to(letter, to, job.facts["attachments"], job.common)], now=now)


def _to(letter: Letter, one: Recipient, files: Sequence[Json], common: Mapping[str, Any]) -> outbox.Letter:
    """The mail to one mailbox."""
    return outbox.Letter(
        kind="letter-sent",
        key=f"letter-sent:{letter.id}:{one.address.strip().lower()}",
        address=one.address,
        locale=one.language,
        zone=one.zone,
        facts={"personal": {"number": letter.number or "", "about": letter.subject}, "attachments": list(files)},
        common=dict(common),
        recipient_id=one.person_id,
        recipient_name=one.name,
        salutation=one.salutation,
        thread=f"letter:{letter.id}:{one.address.strip().lower()}",
        subject_kind=SUBJECT,
        subject_id=letter.id,
    )
