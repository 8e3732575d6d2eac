"""The organizer mailbox, polled: each new mail in its own transaction, marked as seen once it is stored.

A mail that breaks something and a line that is lost stop nothing: the next mail, or the next poll, goes on. Thousands
of old mails that nobody read do not keep the new ones waiting: each poll takes the newest, for so long, and the rest later.
"""

from __future__ import annotations

import logging
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError
from sqlalchemy.exc import OperationalError

from app.core import clock
from app.extensions import db
from app.notifications.inbound import receive
from app.notifications.letterbox import MOST_BYTES

log = logging.getLogger(__name__)

BATCH = 100
TIMEOUT = 30.0
LONGEST = 20.0
"""A poll ends after so many seconds, before the next one begins."""
FAILED = b"$PathwaysFailed"
"""Flag of a mail that could not be stored: it is left unseen for a person, and not tried again each half minute."""


@dataclass(frozen=True)
class Polled:
    """What a poll did."""

    stored: int = 0
    failed: int = 0
    reached: bool = True


def poll(url: str) -> Polled:
    """Fetch what is unseen, at most a batch; ``reached`` is false when the mailbox cannot be read."""
    stored = failed = 0
    try:
        client = _connect(url)
    except (OSError, IMAPClientError) as problem:
        log.warning("the mailbox cannot be reached: %s", type(problem).__name__)
        return Polled(reached=False)
    try:
        until = time.monotonic() + LONGEST
        for uid in _unseen(client)[-BATCH:]:
            if _take(client, uid):
                stored += 1
            else:
                failed += 1
            if time.monotonic() > until:
                break
    except OperationalError as problem:
        log.warning("the database was lost after %s mails: %s", stored, type(problem).__name__)
        return Polled(stored, failed)
    except (OSError, IMAPClientError) as problem:
        log.warning("the mailbox was lost after %s mails: %s", stored, type(problem).__name__)
        return Polled(stored, failed, reached=False)
    finally:
        _leave(client)
    return Polled(stored, failed)


def _connect(url: str) -> IMAPClient:
    parts = urlsplit(url)
    secure = parts.scheme == "imaps"
    context = ssl.create_default_context() if secure else None
    client = IMAPClient(
        parts.hostname or "localhost", parts.port or (993 if secure else 143), ssl=secure, ssl_context=context, timeout=TIMEOUT
    )
    try:
        client.login(unquote(parts.username or ""), unquote(parts.password or ""))
        client.select_folder(unquote(parts.path.strip("/")) or "INBOX")
    except BaseException:
        _leave(client)
        raise
    return client


def _leave(client: IMAPClient) -> None:
    """Say goodbye; a line that is lost already is closed on our side."""
    try:
        client.logout()
    except (OSError, IMAPClientError):
        with suppress(OSError, IMAPClientError):
            client.shutdown()


def _unseen(client: IMAPClient) -> list[int]:
    found: list[int] = client.search(["UNSEEN", "UNKEYWORD", FAILED])
    return sorted(found)


def _take(client: IMAPClient, uid: int) -> bool:
    """Store one mail and commit, then mark it. Killed in between, the next poll finds its fingerprint known."""
    raw = _fetch(client, uid)
    if raw is None:
        return True  # gone meanwhile
    try:
        receive(raw, "imap", clock.now())
        db.session.commit()
    except OperationalError:
        db.session.rollback()  # nothing is wrong with the mail: the next poll reads it again
        raise
    except Exception:
        db.session.rollback()
        log.exception("a mail of the mailbox (uid %s) could not be stored", uid)
        client.add_flags([uid], [FAILED], silent=True)
        return False
    client.add_flags([uid], [b"\\Seen"], silent=True)
    return True


def _fetch(client: IMAPClient, uid: int) -> bytes | None:
    """The bytes of a mail, never more than just over what is read."""
    part = f"BODY.PEEK[]<0.{MOST_BYTES + 1}>".encode("ascii")
    answer = client.fetch([uid], [part]).get(uid, {})
    raw = next((value for key, value in answer.items() if key.startswith(b"BODY[]")), None)
    return raw if isinstance(raw, bytes) else None
