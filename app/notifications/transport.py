"""One mail to the relay: SMTP on a kept connection, the console, or memory; chosen by SMTP_URL.

``deliver`` never raises for what a relay does: it answers an ``Outcome``, so that the caller decides by what is
known for certain. After the first byte of the mail's content has left and no reply came, nothing is certain.
"""

from __future__ import annotations

import logging
import re
import smtplib
import socket
import ssl
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TextIO
from urllib.parse import unquote, urlsplit

from app.notifications.mime import wire_address

log = logging.getLogger(__name__)
_UNSAFE = re.compile(r"[\r\n<>\x00]")

CONNECT_SECONDS = 10.0
REPLY_SECONDS = 120.0
MAILS_PER_CONNECTION = 100
IDLE_SECONDS = 30.0


class Result(StrEnum):
    """What is known after an attempt."""

    SENT = "sent"
    POSTPONED = "postponed"  # 4xx: try again later
    REFUSED = "refused"  # 5xx for this recipient or this content: final
    UNREACHABLE = "unreachable"  # no connection, nothing of this mail left
    AMBIGUOUS = "ambiguous"  # the line broke after DATA
    WITHDRAWN = "withdrawn"  # not wanted any more, asked just before DATA


@dataclass(frozen=True, slots=True)
class Outcome:
    """A result with the relay's own words; ``by_recipient`` when they concern the recipient, not the relay."""

    result: Result
    code: int = 0
    reply: str = ""
    by_recipient: bool = False


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who and what, as SMTP sees it."""

    sender: str
    recipient: str
    content: bytes


def _nothing() -> None:
    """There is nothing else to do."""


class Transport(Protocol):
    """A way out. One object belongs to one thread."""

    def open(self) -> bool:
        """Be ready to deliver; ``False`` when the relay cannot be reached."""

    def deliver(self, mail: Envelope, still_wanted: Callable[[], bool], meanwhile: Callable[[], None] = _nothing) -> Outcome:
        """Hand over one mail; ``still_wanted`` is asked when only DATA is left to say.

        ``meanwhile`` is done, if the mail leaves, while the relay thinks about its answer. It may not raise.
        """

    def close(self) -> None:
        """Say goodbye, if anybody listens."""

    def is_idle(self) -> bool:
        """Is a connection held that nobody used for a while?"""


def for_url(url: str, domain: str) -> Transport:
    """The transport of an installation: smtp://, smtps://, smtp+starttls:// with user, password and port; console: or memory:."""
    scheme = urlsplit(url).scheme
    if scheme in ("smtp", "smtps", "smtp+starttls"):
        return SmtpTransport(url, domain)
    if scheme == "console":
        return ConsoleTransport()
    if scheme == "memory":
        return MemoryTransport()
    raise ValueError(f"SMTP_URL starts with smtp://, smtps:// or smtp+starttls://, not with {scheme!r}")


@dataclass
class MemoryTransport:
    """Keeps what it is given."""

    sent: list[Envelope] = field(default_factory=list)

    def open(self) -> bool:
        """Always ready."""
        return True

    def deliver(self, mail: Envelope, still_wanted: Callable[[], bool], meanwhile: Callable[[], None] = _nothing) -> Outcome:
        """Keep it."""
        if not still_wanted():
            return Outcome(Result.WITHDRAWN)
        self.sent.append(mail)
        return Outcome(Result.SENT, 250, "kept")

    def close(self) -> None:
        """Nothing to close."""

    def is_idle(self) -> bool:
        """Nothing is held."""
        return False


@dataclass
class ConsoleTransport:
    """Prints, for an installation that is being tried out."""

    out: TextIO = field(default_factory=lambda: sys.stdout)

    def open(self) -> bool:
        """Always ready."""
        return True

    def deliver(self, mail: Envelope, still_wanted: Callable[[], bool], meanwhile: Callable[[], None] = _nothing) -> Outcome:
        """Print it."""
        if not still_wanted():
            return Outcome(Result.WITHDRAWN)
        self.out.write(f"--- to {mail.recipient}\n{mail.content.decode('utf-8', 'replace')}\n")
        self.out.flush()
        return Outcome(Result.SENT, 250, "printed")

    def close(self) -> None:
        """Nothing to close."""

    def is_idle(self) -> bool:
        """Nothing is held."""
        return False


class SmtpTransport:
    """A relay on one kept connection: RSET between mails, a new connection after 100 mails or 30 s of silence."""

    def __init__(self, url: str, domain: str) -> None:
        self._parts = urlsplit(url)
        self._domain = domain
        self._smtp: smtplib.SMTP | None = None
        self._mails = 0
        self._used = 0.0

    def open(self) -> bool:
        """Connect, or see that the kept connection is fresh enough."""
        if self._smtp is not None and (self._mails >= MAILS_PER_CONNECTION or time.monotonic() - self._used > IDLE_SECONDS):
            self.close()
        if self._smtp is None:
            try:
                self._smtp = self._connect()
            except (OSError, smtplib.SMTPException) as problem:
                log.warning("the relay cannot be reached: %s", type(problem).__name__)
                return False
            self._mails, self._used = 0, time.monotonic()
        return True

    def _connect(self) -> smtplib.SMTP:
        parts = self._parts
        host = parts.hostname or "localhost"
        smtp: smtplib.SMTP
        if parts.scheme == "smtps":
            context = ssl.create_default_context()
            smtp = smtplib.SMTP_SSL(timeout=CONNECT_SECONDS, local_hostname=self._domain, context=context)
        else:
            smtp = smtplib.SMTP(timeout=CONNECT_SECONDS, local_hostname=self._domain)
        try:
            smtp._host = host  # type: ignore[attr-defined] # the name that a certificate is checked against
            smtp.connect(host, parts.port or {"smtps": 465, "smtp+starttls": 587}.get(parts.scheme, 25))
            smtp.ehlo_or_helo_if_needed()
            if parts.scheme == "smtp+starttls":
                smtp.starttls(context=ssl.create_default_context())
                smtp.ehlo()
            if parts.username:
                smtp.login(unquote(parts.username), unquote(parts.password or ""))
        except BaseException:
            smtp.close()
            raise
        if smtp.sock is not None:
            _wait_at_most(smtp.sock, REPLY_SECONDS)
        return smtp

    def deliver(self, mail: Envelope, still_wanted: Callable[[], bool], meanwhile: Callable[[], None] = _nothing) -> Outcome:
        """Hand over one mail. A kept connection that has died meanwhile is replaced once, silently."""
        kept, began = self._smtp is not None and self._mails > 0, time.monotonic()
        outcome = self._attempt(mail, still_wanted, meanwhile)
        if kept and outcome.result is Result.UNREACHABLE and time.monotonic() - began < CONNECT_SECONDS:  # dead, not hanging
            outcome = self._attempt(mail, still_wanted, meanwhile)
        return outcome

    def _attempt(self, mail: Envelope, still_wanted: Callable[[], bool], meanwhile: Callable[[], None]) -> Outcome:
        if not self.open():
            return Outcome(Result.UNREACHABLE, reply="no connection")
        assert self._smtp is not None
        try:
            refusal = self._envelope(self._smtp, mail)
        except (OSError, smtplib.SMTPException) as problem:
            self._drop()
            return Outcome(Result.UNREACHABLE, reply=_told(problem))
        if refusal is None and not still_wanted():
            refusal = Outcome(Result.WITHDRAWN)
        if refusal is not None:
            self._reset()
            return refusal
        return self._data(self._smtp, mail.content, meanwhile)

    def _envelope(self, smtp: smtplib.SMTP, mail: Envelope) -> Outcome | None:
        """MAIL and RCPT, in one go where the relay allows it; ``None`` when it is willing."""
        recipient = wire_address(mail.recipient)
        if _UNSAFE.search(recipient):
            return Outcome(Result.REFUSED, 553, "this is no address", by_recipient=True)
        options = ""
        if not recipient.isascii():
            if not smtp.has_extn("smtputf8"):
                return Outcome(Result.REFUSED, 553, "the relay takes no address in this script", by_recipient=True)
            options = " SMTPUTF8 BODY=8BITMIME"
        self._used = time.monotonic()
        first = f"MAIL FROM:<{mail.sender}>{options}\r\n".encode()
        second = f"RCPT TO:<{recipient}>\r\n".encode()
        if smtp.has_extn("pipelining"):
            smtp.send(first + second)
            (code, reply), answer = smtp.getreply(), smtp.getreply()
        else:
            smtp.send(first)
            code, reply = smtp.getreply()
            if code == 250:
                smtp.send(second)
                answer = smtp.getreply()
        if code != 250:
            # A sender refused is our relay's matter, not this recipient's: it may be put right while we wait.
            return Outcome(Result.POSTPONED, code, _words(reply))
        code, reply = answer
        return None if code in (250, 251) else _refusal(code, reply)

    def _data(self, smtp: smtplib.SMTP, content: bytes, meanwhile: Callable[[], None]) -> Outcome:
        try:
            code, reply = smtp.docmd("DATA")
        except (OSError, smtplib.SMTPException) as problem:
            self._drop()
            return Outcome(Result.UNREACHABLE, reply=_told(problem))
        if code != 354:
            self._reset()
            return _refusal(code, reply)
        try:
            smtp.send(content.replace(b"\r\n.", b"\r\n..") + b".\r\n")
            meanwhile()
            code, reply = smtp.getreply()
        except (OSError, smtplib.SMTPException) as problem:
            self._drop()
            return Outcome(Result.AMBIGUOUS, reply=_told(problem))
        self._mails, self._used = self._mails + 1, time.monotonic()
        if code == -1:
            self._drop()
            return Outcome(Result.AMBIGUOUS, reply="no reply after the mail")
        if 200 <= code < 300:
            return Outcome(Result.SENT, code, _words(reply))
        self._reset()
        return _refusal(code, reply)

    def _reset(self) -> None:
        """Forget the mail in hand; a relay that cannot even do that is left."""
        if self._smtp is None:
            return
        try:
            if self._smtp.rset()[0] != 250:
                self._drop()
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    def close(self) -> None:
        """Say goodbye, if anybody listens."""
        if self._smtp is not None:
            try:
                self._smtp.quit()
            except (OSError, smtplib.SMTPException):
                self._smtp.close()
            self._smtp = None

    def is_idle(self) -> bool:
        """Is the connection older than anybody keeps it?"""
        return self._smtp is not None and time.monotonic() - self._used > IDLE_SECONDS


def _refusal(code: int, reply: bytes | str) -> Outcome:
    return Outcome(Result.REFUSED if code >= 500 else Result.POSTPONED, code, _words(reply), by_recipient=True)


def _wait_at_most(sock: socket.socket, seconds: float) -> None:
    """A limit the kernel keeps: Python's own asks ``poll`` before each read and write, which ten thousand mails feel."""
    if isinstance(sock, ssl.SSLSocket):
        sock.settimeout(seconds)
        return
    limit = struct.pack("ll", int(seconds), int(seconds % 1 * 1_000_000))
    sock.settimeout(None)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)


def _words(reply: bytes | str) -> str:
    told = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return " ".join(told.split())[:500]


def _told(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}"[:500]
