"""An exchange that is over, whole in one ZIP file: pages that open without the platform, files, a calendar, the list of mails.

Nothing in it opens anything: no signed links, no personal join addresses, no tokens.
"""

from __future__ import annotations

import io
import uuid
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import render_template
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.accounts.models import Person
from app.audit.rules import record
from app.core.db import uuid7
from app.core.errors import RuleBroken
from app.core.signing import settings
from app.exchanges import tables as exchange_tables
from app.exchanges.entries import published
from app.exchanges.models import Exchange, Invitation, PeerSession
from app.exchanges.queries import SUBJECT, all_invitations_of, guests_of
from app.extensions import db
from app.files import rules as files
from app.files.models import StoredFile
from app.notifications import calendar
from app.notifications.models import Message
from app.tables.writing import Column, Form, write
from app.transfers.models import Archive, ArchiveState
from app.transfers.queries import is_over

KEPT = timedelta(days=14)
MOST_BYTES = 500 * 1024 * 1024
MAILS: Sequence[Column[Any]] = (
    Column("sent_at", _l("Sent (UTC)"), lambda m: m.sent_at),
    Column("kind", _l("What it is about"), lambda m: m.kind),
    Column("to", _l("To"), lambda m: m.recipient_name),
    Column("address", _l("E-mail address"), lambda m: m.address),
    Column("language", _l("Language"), lambda m: m.locale),
    Column("state", _l("Where it stands"), lambda m: m.state.value),
)


def ask(exchange: Exchange, *, language: str, by: Person, now: datetime) -> Archive:
    """Ask for an archive of an exchange of which nothing is to come."""
    if not is_over(exchange, now):
        raise RuleBroken(_l("This exchange is not over. An archive is made when no session is to come and none is a draft."))
    made = Archive(
        id=uuid7(),
        exchange_id=exchange.id,
        language=language,
        by_id=by.id,
        expires_at=now + KEPT,
        created_at=now,
        updated_at=now,
    )
    db.session.add(made)
    db.session.flush()
    record("archive.asked", "archive", made.id, by=by, now=now, changes={"themes": (None, exchange.themes)})
    return made


def make(archive_id: uuid.UUID, *, now: datetime) -> bool:
    """Write the file of an archive that was asked for; made twice, it is one."""
    archive = db.session.scalar(select(Archive).where(Archive.id == archive_id).with_for_update())
    if archive is None or archive.state is not ArchiveState.ASKED:
        return False
    by = db.session.get_one(Person, archive.by_id)
    data = _zip(archive.exchange, archive.language)
    name = f"exchange-{now:%Y-%m-%d}.zip"
    archive.file_id = files.keep(data, name, "application/zip", "archive", "archive", archive.id, by, now).id
    archive.state = ArchiveState.READY
    db.session.flush()
    return True


def failed(archive_id: uuid.UUID) -> None:
    """It could not be made: the page says so."""
    archive = db.session.get(Archive, archive_id)
    if archive is not None and archive.state is ArchiveState.ASKED:
        archive.state = ArchiveState.FAILED
        db.session.flush()


def clear_what_is_over(now: datetime) -> int:
    """Delete archives whose time is over, and their files."""
    over = list(db.session.scalars(select(Archive).where(Archive.expires_at <= now)))
    for archive in over:
        stored = db.session.get(StoredFile, archive.file_id) if archive.file_id else None
        db.session.delete(archive)
        db.session.flush()
        if stored is not None:
            files.discard(stored)
    return len(over)


def _zip(exchange: Exchange, language: str) -> bytes:
    """The whole file. It is made in a process of its own, which ends with it."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        pages = [(row, f"session-{n}.html", list(all_invitations_of(row))) for n, row in enumerate(exchange.sessions, 1)]
        kept = list(_files(exchange))
        guests = guests_of(exchange)
        _write(archive, "index.html", "archive_index.html", exchange=exchange, pages=pages, kept=kept, guests=guests)
        archive.writestr("invited.csv", _csv(exchange_tables.GUESTS, guests, language))
        for row, name, invited in pages:
            _write(archive, name, "archive_session.html", row=row, exchange=exchange, invitations=invited)
            columns = exchange_tables.invitations(addresses=True)
            archive.writestr(name.replace(".html", ".csv"), _csv(columns, invited, language))
        entries = [published(row, language) for row in exchange.sessions]
        archive.writestr("calendar.ics", calendar.publish(entries))
        archive.writestr("mails.csv", _csv(MAILS, _mails(exchange), language))
        for stored, path in kept:
            archive.write(files.path_of(stored.id), path)
    return target.getvalue()


def _write(archive: zipfile.ZipFile, name: str, template: str, **facts: Any) -> None:
    archive.writestr(name, render_template(f"transfers/{template}", **facts, order=settings().language_order))


def _csv(columns: Any, rows: Any, language: str) -> bytes:
    content, _count = write(Form.CSV, "", columns, rows, language)
    with content:
        return content.read()


def _mails(exchange: Exchange) -> Iterator[Any]:
    """What was written about its sessions: to whom, when, and what became of it; never what it says."""
    ids = [row.id for row in exchange.sessions]
    query = select(
        Message.sent_at, Message.kind, Message.recipient_name, Message.address, Message.locale, Message.state
    ).where(Message.subject_kind == SUBJECT, Message.subject_id.in_(ids)).order_by(Message.id)  # fmt: skip
    return iter(db.session.execute(query.execution_options(yield_per=1000)))


def _files(exchange: Exchange) -> Iterator[tuple[StoredFile, str]]:
    """The files of the exchange, its sessions and invitations, each under a name of its own."""
    sessions = select(PeerSession.id).where(PeerSession.exchange_id == exchange.id)
    invitations = select(Invitation.id).where(Invitation.peer_session_id.in_(sessions))
    query = select(StoredFile).where(
        (StoredFile.object_kind == "exchange") & (StoredFile.object_id == exchange.id)
        | (StoredFile.object_kind == "session") & StoredFile.object_id.in_(sessions)
        | (StoredFile.object_kind == "invitation") & StoredFile.object_id.in_(invitations)
    ).order_by(StoredFile.created_at, StoredFile.id)  # fmt: skip
    total = 0
    for number, stored in enumerate(db.session.scalars(query), 1):
        total += stored.size
        if total > MOST_BYTES or not files.path_of(stored.id).is_file():
            continue
        yield stored, f"files/{number:03d}-{stored.original_name}"
