"""Our own assembly of a MIME message: the structure that mail programs look for, in a fraction of the library's time.

``multipart/mixed( multipart/alternative( text/plain, text/html, text/calendar; method=X ), application/ics )``;
without a calendar part the ``multipart/alternative`` stands alone. Files follow it in the same ``multipart/mixed``.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote

from app.core.text import line as one_line

_ATOMS = re.compile(r"[A-Za-z0-9 .,!#$%&'*+/=?^_`{|}~-]*")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9 .()_-]")
_PLAIN_PHRASE = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]*")
_SUPPRESS = b"Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: OOF, DR, RN, NRN, AutoReply\r\n"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that travels with a mail."""

    name: str
    media_type: str  # from our own allow-list
    data: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail for one recipient, ready to be assembled. Addresses were checked when the letter was queued."""

    message_id: str
    sender_name: str
    sender: str
    reply_to: str
    recipient_name: str
    recipient: str
    subject: str
    language: str
    date: datetime
    text: str  # both with CRLF line ends
    html: str
    calendar: bytes | None = None
    method: str = ""
    thread_root: str = ""
    files: tuple[Attachment, ...] = ()
    unsubscribe: str = ""  # the addresses of List-Unsubscribe, for what one click may end


def assemble(mail: Mail) -> bytes:
    """The bytes that go out after DATA, with CRLF line ends."""
    mark = re.sub("[^0-9A-Za-z]", "", mail.message_id)[:40]
    out = [
        f"From: {mailbox(mail.sender_name, mail.sender)}\r\n",
        f"To: {mailbox(mail.recipient_name, mail.recipient)}\r\n",
        f"Reply-To: {wire_address(mail.reply_to)}\r\n",
        f"Subject: {_subject(mail.subject)}\r\n",
        f"Date: {_date(mail.date.replace(microsecond=0))}\r\n",
        f"Message-ID: {mail.message_id}\r\n",
    ]
    if mail.thread_root:
        out.append(f"In-Reply-To: {one_line(mail.thread_root)}\r\nReferences: {one_line(mail.thread_root)}\r\n")
    if mail.unsubscribe:  # one physical line: a folded one has broken signatures on the way
        out.append(f"List-Unsubscribe: {one_line(mail.unsubscribe)}\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
    out.append(f"Content-Language: {mail.language}\r\nMIME-Version: 1.0\r\n")
    head = "".join(out).encode("utf-8") + _SUPPRESS
    inner = f"=_{mark}_a"
    entry = None if mail.calendar is None else _base64(mail.calendar)
    body = _multipart("alternative", inner, _readable(mail, entry))
    if entry is None and not mail.files:
        return head + body
    attached = [_file_part(file) for file in mail.files]
    if entry is not None:
        attached.insert(0, (
            b'Content-Type: application/ics; name="invite.ics"\r\nContent-Disposition: attachment; filename="invite.ics"\r\n'
            b"Content-Transfer-Encoding: base64\r\n\r\n" + entry
        ))  # fmt: skip
    return head + _multipart("mixed", f"=_{mark}_m", [body, *attached])


def _file_part(file: Attachment) -> bytes:
    """A file under its own name, in whatever script (RFC 2231); old programs get a plain one with the type."""
    name = one_line(file.name)
    plain = "".join(c if _PLAIN_NAME.fullmatch(c) else "_" for c in name)
    told = f'filename="{plain}"' if plain == name else f"filename*=UTF-8''{quote(name, safe='')}"
    kind = f'Content-Type: {file.media_type};\r\n name="{plain}"\r\nContent-Disposition: attachment;\r\n {told}\r\n'
    head = f"{kind}Content-Transfer-Encoding: base64\r\n\r\n"
    return head.encode("ascii") + base64.encodebytes(file.data).replace(b"\n", b"\r\n")


def _readable(mail: Mail, entry: bytes | None) -> list[bytes]:
    parts = [_text_part("plain", mail.text), _text_part("html", mail.html)]
    if entry is not None:
        kind = f"text/calendar; method={mail.method}; charset=UTF-8"
        head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        parts.append(head.encode("ascii") + entry)
    return parts


@lru_cache(maxsize=256)
def _subject(told: str) -> str:
    return words(one_line(told), 9)


@lru_cache(maxsize=8)
def _date(moment: datetime) -> str:
    return format_datetime(moment)


def _multipart(kind: str, mark: str, parts: list[bytes]) -> bytes:
    head = f'Content-Type: multipart/{kind}; boundary="{mark}"\r\n\r\n'.encode("ascii")
    line = f"--{mark}".encode("ascii")
    return head + b"".join(line + b"\r\n" + part + b"\r\n" for part in parts) + line + b"--\r\n"


def _text_part(kind: str, told: str) -> bytes:
    """Plain text of Latin scripts stays readable (quoted-printable); the rest is base64, which is faster and shorter."""
    raw = told.encode("utf-8")
    if kind == "plain" and (len(raw) - len(told)) * 6 < len(raw):
        encoding, body = "quoted-printable", binascii.b2a_qp(raw, istext=True)
    else:
        encoding, body = "base64", _base64(raw)
    head = f"Content-Type: text/{kind}; charset=UTF-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode("ascii") + body


def with_crlf(told: str) -> str:
    """The text with the line ends of a mail; done once for many, before their values are filled in."""
    return told.replace("\r\n", "\n").replace("\n", "\r\n")


def _base64(raw: bytes) -> bytes:
    told = binascii.b2a_base64(raw, newline=False)
    return b"\r\n".join(_rows(len(told)).unpack(told)) + b"\r\n"


@lru_cache(maxsize=512)
def _rows(size: int) -> struct.Struct:
    """Cuts base64 into lines of 76 characters without a loop in Python."""
    whole, rest = divmod(size, 76)
    return struct.Struct("76s" * whole + (f"{rest}s" if rest else ""))


@lru_cache(maxsize=2048)
def words(told: str, used: int = 0) -> str:
    """A header's text: as it stands where that is plain and short, else encoded words on folded lines (RFC 2047)."""
    if len(told) + used <= 76 and _ATOMS.fullmatch(told) and "=?" not in told:
        return told
    pieces: list[str] = []
    piece, size = "", 0
    for character in told:
        width = len(character.encode("utf-8"))
        if size + width > 42:
            pieces.append(piece)
            piece, size = "", 0
        piece += character
        size += width
    pieces.append(piece)
    encoded = (base64.b64encode(p.encode("utf-8")).decode("ascii") for p in pieces)
    return "\r\n ".join(f"=?utf-8?b?{e}?=" for e in encoded)


@lru_cache(maxsize=512)
def wire_address(address: str) -> str:
    """An address as SMTP takes it: the domain of another script in its ASCII form."""
    local, _, domain = one_line(address).rpartition("@")
    if not domain.isascii():
        domain = domain.encode("idna").decode("ascii")
    return f"{local}@{domain}"


@lru_cache(maxsize=512)
def mailbox(name: str, address: str) -> str:
    """``Name <address>`` for a header; the name can hold nothing but itself."""
    name = one_line(name)
    bare = wire_address(address)
    if not name:
        return f"<{bare}>"
    if len(name) <= 60 and name.isascii() and "=?" not in name:  # some programs read encoded words even in quotes
        if _PLAIN_PHRASE.fullmatch(name):
            return f"{name}\r\n <{bare}>" if len(name) + len(bare) > 66 else f"{name} <{bare}>"
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}"\r\n <{bare}>'
    return f"{words(name, 6)}\r\n <{bare}>"
