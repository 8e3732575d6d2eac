"""The folder of caught mails, one file each."""

import os
import secrets
import time
from contextlib import suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

PAGE = 50


class Box:
    """Keeps mails as files whose names sort by time, so that a page of the newest costs the same with ten thousand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: object, session: Any, envelope: object, hostname: str, responses: list[str]  # noqa: ARG002
    ) -> list[str]:
        """Say that commands may come together (RFC 2920): they are read line by line."""
        session.host_name = hostname
        return [responses[0], "250-PIPELINING", *responses[1:]]

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802, ARG002 - aiosmtpd's names
        """Keep one mail as a mail server keeps it: whole, with the envelope on top."""
        to = "".join(f"Delivered-To: {address}\r\n" for address in envelope.rcpt_tos)
        part = self.folder / f"{time.time_ns():020}-{secrets.token_hex(4)}.part"
        try:
            part.write_bytes(f"Return-Path: <{envelope.mail_from}>\r\n{to}".encode() + envelope.original_content)
            part.rename(part.with_suffix(".eml"))
        except OSError as error:
            part.unlink(missing_ok=True)
            return f"452 The mail could not be kept, try again later: {error.strerror}"
        return "250 Kept"

    def names(self, before: str = "") -> list[str]:
        """The newest names before one, at most a page of them, without opening a file."""
        names = (entry.name.removesuffix(".eml") for entry in os.scandir(self.folder) if entry.name.endswith(".eml"))
        return sorted((name for name in names if not before or name < before), reverse=True)[:PAGE]

    def source(self, name: str, limit: int = -1) -> bytes | None:
        """The bytes of one mail, or None when there is none of that name."""
        path = self.folder / f"{name}.eml"
        if path.parent == self.folder:
            with suppress(OSError, ValueError), path.open("rb") as file:
                return file.read(limit)
        return None


def parse(source: bytes) -> EmailMessage:
    """A mail from its bytes; whatever is wrong with it becomes a defect, not an error."""
    return message_from_bytes(source, policy=policy.default)


def header(message: EmailMessage, name: str) -> str:
    """One header as text; the library stumbles over some hostile ones, which are shown as they came."""
    try:
        return _printable(str(message[name] or ""))
    except (ValueError, IndexError, KeyError, AttributeError, TypeError):
        return next((text for key, text in headers(message) if key.lower() == name.lower()), "")


def headers(message: EmailMessage) -> list[tuple[str, str]]:
    """All headers as they came."""
    return [(_printable(name), _printable(str(value))) for name, value in message.raw_items()]


def _printable(text: str) -> str:
    """Bytes that are no UTF-8 arrive as lone surrogates, which no page can hold."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def body(message: EmailMessage, kind: str) -> str:
    """The plain text or HTML of a mail, or nothing; an unknown charset must not hide it."""
    for part in message.walk():
        if part.get_content_type() == f"text/{kind}" and part.get_content_disposition() != "attachment":
            raw = part.get_payload(decode=True)
            if isinstance(raw, bytes):
                try:
                    return raw.decode(part.get_content_charset() or "utf-8", "replace")
                except LookupError:
                    return raw.decode("utf-8", "replace")
    return ""
