"""Keep an uploaded file and hand it out again: checked by content, under a random name, never shown by a browser as a page."""

from __future__ import annotations

import errno
import hashlib
import os
import uuid
from datetime import datetime, timedelta
from pathlib import Path

from flask import Response, abort, send_file
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from app.audit.rules import Actor
from app.core.errors import RuleBroken
from app.core.signing import settings
from app.core.text import line
from app.extensions import db
from app.files.content import EXTENSIONS, NotAllowed, examine
from app.files.models import ScanState, StoredFile

MOST_BYTES = 20 * 1024 * 1024
ACCEPT = ",".join(EXTENSIONS)
"""For a file field's ``accept``."""

_ORPHAN_AFTER = timedelta(hours=2)
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


def store(
    upload: FileStorage,
    purpose: str,
    object_kind: str,
    object_id: uuid.UUID | None,
    by: Actor | None,
    now: datetime,
    *,
    field: str = "file",
) -> StoredFile:
    """Check and keep an upload; the caller's transaction carries its row. ``RuleBroken`` at ``field`` says how to fix it."""
    name = _tidy_name(upload.filename or "")
    data = _read(upload, field)
    try:
        media_type = examine(data, Path(name).suffix)
    except NotAllowed:
        sentence = _("This file cannot be taken. Choose a PDF, a Word file (DOCX) or a picture (JPEG, PNG, WebP, TIFF).")
        raise RuleBroken(sentence, field=field) from None
    try:
        return keep(data, name, media_type, purpose, object_kind, object_id, by, now)
    except OSError as problem:
        if problem.errno not in _NO_ROOM:
            raise
        sentence = _("The server has no room for this file at the moment. Try again later, or send the letter by mail.")
        raise RuleBroken(sentence, field=field) from problem


def keep(
    data: bytes,
    name: str,
    media_type: str,
    purpose: str,
    object_kind: str,
    object_id: uuid.UUID | None,
    by: Actor | None,
    now: datetime,
) -> StoredFile:
    """Keep bytes that were checked already: written and synced before the row that speaks of them is committed."""
    stored = StoredFile(
        id=uuid.uuid4(),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        media_type=media_type,
        original_name=name,
        object_kind=object_kind,
        object_id=object_id,
        purpose=purpose,
        uploaded_by=by.id if by else None,
        created_at=now,
        updated_at=now,
    )
    _write(path_of(stored.id), data)
    db.session.add(stored)
    db.session.flush()
    return stored


def discard(stored: StoredFile) -> None:
    """Forget a file. Its bytes go with the next sweep, so that a transaction that fails loses nothing."""
    db.session.delete(stored)


def response(stored: StoredFile) -> Response:
    """The file as a download: never inline, never sniffed, without any right even if a browser opened it."""
    path = path_of(stored.id)
    if stored.scan_state is ScanState.INFECTED or not path.is_file():
        abort(404)
    answer = send_file(
        path, mimetype=stored.media_type, as_attachment=True, download_name=stored.original_name, conditional=False, etag=False
    )
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def path_of(file_id: uuid.UUID) -> Path:
    """Where the bytes of a file lie: under its id, whatever name it came with."""
    return settings().var_dir / "files" / file_id.hex[-2:] / file_id.hex


def sweep(now: datetime) -> int:
    """Delete bytes that no row speaks of: discarded, or written for a transaction that failed. Answers how many."""
    top = settings().var_dir / "files"
    old = (now - _ORPHAN_AFTER).timestamp()
    gone = 0
    for folder in sorted(top.iterdir()) if top.is_dir() else ():
        lying = {p.name: p for p in folder.iterdir() if p.stat().st_mtime < old}
        ids = [uuid.UUID(hex=name) for name in lying if len(name) == 32]
        known = {i.hex for i in db.session.scalars(select(StoredFile.id).where(StoredFile.id.in_(ids)))} if ids else set()
        for name, path in lying.items():
            if name not in known:
                path.unlink(missing_ok=True)
                gone += 1
    return gone


def _read(upload: FileStorage, field: str) -> bytes:
    """The bytes, after their number was asked: too many are never read."""
    upload.stream.seek(0, os.SEEK_END)
    size = upload.stream.tell()
    upload.stream.seek(0)
    if size > MOST_BYTES:
        raise RuleBroken(_("This file is larger than 20 MB. Scan it with a lower resolution, or send it by mail."), field=field)
    if size == 0:
        raise RuleBroken(_("This file is empty. Choose another one."), field=field)
    return upload.stream.read()


def _tidy_name(name: str) -> str:
    """The last part of a name, without anything that a path, a header or a reader could take for more than a name."""
    last = line(name.replace("\\", "/").rsplit("/", 1)[-1])
    kept = "".join(c for c in last if c not in '<>:"|?*;%\0').strip(" .")
    stem, dot, ending = kept.rpartition(".")
    if not dot or not stem:
        return kept[:100] or "file"
    return f"{stem[:100].rstrip(' .') or 'file'}.{ending[:10]}"


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as target:
            rest = memoryview(data)
            while rest:
                rest = rest[target.write(rest) :]
            os.fsync(target.fileno())
    except OSError:
        path.unlink(missing_ok=True)  # no half file, whatever the disk said
        raise
