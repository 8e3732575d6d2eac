"""A mail from a stranger, read within bounds: its size, its parts and its depth are limited before anything is parsed."""

from __future__ import annotations

import email
import email.policy
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.message import Message as MimeMessage
from email.utils import getaddresses
from html.parser import HTMLParser

from app.core.text import clean
from app.core.text import line as one_line

MOST_BYTES = 10 * 1024 * 1024
MOST_PARTS = 100
MOST_DEPTH = 10
MOST_MARKS = 5_000
"""Lines that could be part boundaries. The parser looks at each, so they are counted first."""
MOST_OF_A_HEADER = 5_000
BODY_CHARACTERS = 8_000
DELIVERY_STATUS = "message/delivery-status"
"""Kind of a part that is a block of a delivery report (RFC 3464): its content are the block's lines."""
log = logging.getLogger(__name__)
_BOUNDARY = re.compile(rb"boundary\s*=", re.IGNORECASE)


class Unreadable(Exception):
    """The mail cannot be read within the bounds; ``problem`` is the word the desk explains."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf of the mail: its type, its ``method`` parameter, its decoded bytes and its charset as claimed."""

    kind: str
    method: str
    charset: str
    filename: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """What is taken from a mail. ``sender`` is empty when From names nobody, or more than one."""

    message_id: str
    sender: str
    sender_name: str
    subject: str
    body: str
    referred: tuple[str, ...]  # Message-IDs this mail answers, nearest first
    automatic: bool
    report: bool  # a delivery report
    parts: tuple[Part, ...]
    results: tuple[str, ...] = ()  # Authentication-Results, as servers on the way wrote them
    recipients: tuple[str, ...] = ()  # whom it reached us by: a bounce address of ours, where it answers the envelope
    replied: bool = False  # a machine answers in a person's place: an absence note


def open_mail(raw: bytes) -> Opened:
    """Read a mail; raises ``Unreadable`` where it goes over a bound."""
    if len(raw) > MOST_BYTES:
        raise Unreadable("too_large")
    if len(_BOUNDARY.findall(raw)) > MOST_PARTS or raw.count(b"\n--") > MOST_MARKS:
        raise Unreadable("too_many_parts")
    try:
        message = email.message_from_bytes(raw, policy=email.policy.compat32)
        parts = tuple(_leaves(message))
    except RecursionError:
        raise Unreadable("too_deep") from None
    except Unreadable:
        raise
    except Exception:
        log.exception("a mail cannot be parsed")  # strangers' mails break parsers in more ways than can be listed
        raise Unreadable("broken") from None
    sender, sender_name = _sender(message)
    return Opened(
        message_id=_one(message, "Message-ID")[:500],
        sender=sender,
        sender_name=sender_name,
        subject=_one(message, "Subject")[:500],
        body=_body(parts),
        referred=_referred(message),
        automatic=_is_automatic(message),
        report=any(part.kind == DELIVERY_STATUS for part in parts) or _report_type(message) == "delivery-status",
        parts=parts,
        results=tuple(str(value) for value in message.get_all("Authentication-Results", [])),
        recipients=_recipients(message),
        replied=_is_a_machines_reply(message),
    )


def headers_of(raw: bytes) -> tuple[str, str, str]:
    """Message-ID, sender and subject of a mail that is too large to be opened: from its first 64 kB of headers."""
    message = email.message_from_bytes(raw[:65536].partition(b"\r\n\r\n")[0].partition(b"\n\n")[0] + b"\n\n")
    return _one(message, "Message-ID")[:500], _sender(message)[0], _one(message, "Subject")[:500]


def decoded(part: Part) -> str:
    """A part as text. UTF-8 first, whatever is claimed: it is what most programs send, and it cannot be mistaken."""
    raw = part.content
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    for charset in ("utf-8-sig", part.charset):
        try:
            return raw.decode(charset)
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    return raw.decode("latin-1")


def _leaves(message: MimeMessage) -> Iterator[Part]:
    waiting: list[tuple[MimeMessage, int]] = [(message, 0)]
    seen = 0
    while waiting:
        part, depth = waiting.pop(0)
        seen += 1
        if seen > MOST_PARTS:
            raise Unreadable("too_many_parts")
        if depth > MOST_DEPTH:
            raise Unreadable("too_deep")
        payload = part.get_payload()
        if part.is_multipart() and isinstance(payload, list):
            children = [child for child in payload if isinstance(child, MimeMessage)]
            if part.get_content_type() == DELIVERY_STATUS:
                yield from (_block(child) for child in children[:MOST_PARTS])
            else:
                waiting = [(child, depth + 1) for child in children] + waiting
            continue
        yield _leaf(part)


def _block(fields: MimeMessage) -> Part:
    """One block of a delivery report: of the mail, or of one recipient."""
    told = "\n".join(f"{name}: {one_line(str(value))}" for name, value in fields.items())
    return Part(DELIVERY_STATUS, "", "utf-8", "", told.encode("utf-8", "surrogateescape"))


def _leaf(part: MimeMessage) -> Part:
    try:
        content = part.get_payload(decode=True)
    except Exception:  # noqa: BLE001 - a transfer encoding that cannot be undone is read as it stands
        content = None
    if not isinstance(content, bytes):
        content = str(part.get_payload()).encode("utf-8", "surrogateescape")
    return Part(
        kind=part.get_content_type().lower(),
        method=_parameter(part, "method").upper(),
        charset=_parameter(part, "charset") or "utf-8",
        filename=_filename(part),
        content=content,
    )


def _parameter(part: MimeMessage, name: str) -> str:
    try:
        return one_line(str(part.get_param(name) or ""))
    except Exception:  # noqa: BLE001 - a broken header is an absent one
        return ""


def _filename(part: MimeMessage) -> str:
    try:
        return one_line(part.get_filename() or "").lower()
    except Exception:  # noqa: BLE001 - a broken header is an absent one
        return ""


def _one(message: MimeMessage, name: str) -> str:
    """A header as one line of text, its encoded words undone."""
    told = message.get(name)
    if told is None:
        return ""
    try:
        return one_line(str(make_header(decode_header(str(told)[:MOST_OF_A_HEADER]))))
    except Exception:  # noqa: BLE001 - strangers' headers break in more ways than can be listed
        return one_line(str(told).encode("ascii", "replace").decode("ascii"))


def _addresses(lines: list[str]) -> list[tuple[str, str]]:
    """Names and addresses in header lines, cut. Brackets in brackets by the thousand are none: the parser goes down with each."""
    cut = [one[:MOST_OF_A_HEADER] for one in lines[:20]]
    try:
        return [(name, address) for name, address in getaddresses(cut, strict=True) if address]
    except TypeError:  # an interpreter from before the strict reading
        pass
    except Exception:  # noqa: BLE001 - a broken header is an absent one
        return []
    try:
        return [(name, address) for name, address in getaddresses(cut) if address]
    except Exception:  # noqa: BLE001 - likewise
        return []


def _sender(message: MimeMessage) -> tuple[str, str]:
    found = _addresses([str(value) for value in message.get_all("From", [])])
    if len(found) != 1 or "@" not in found[0][1]:
        return "", ""
    name = found[0][0]
    try:
        name = str(make_header(decode_header(name)))
    except Exception:  # noqa: BLE001 - a broken name is shown as it stands
        name = name.encode("ascii", "replace").decode("ascii")
    return one_line(found[0][1]).lower()[:254], one_line(name)[:200]


def _referred(message: MimeMessage) -> tuple[str, ...]:
    answered = re.findall(r"<[^<>\s]{1,500}>", str(message.get("In-Reply-To", ""))[:2000])
    earlier = re.findall(r"<[^<>\s]{1,500}>", str(message.get("References", ""))[-20_000:])
    return tuple(dict.fromkeys([*answered, *reversed(earlier)]))[:50]


def _recipients(message: MimeMessage) -> tuple[str, ...]:
    """The addresses it came to, as servers and the sender wrote them."""
    named = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
    lines = [str(value) for name in named for value in message.get_all(name, [])]
    return tuple(dict.fromkeys(one_line(address).lower() for _name, address in _addresses(lines) if "@" in address))[:50]


def _report_type(message: MimeMessage) -> str:
    return _parameter(message, "report-type").lower() if message.get_content_type() == "multipart/report" else ""


def _submitted(message: MimeMessage) -> str:
    return str(message.get("Auto-Submitted", "no")).split(";")[0].strip().lower()


_AUTO_REPLIES = frozenset({"x-autoreply", "x-autorespond", "x-auto-reply"})


def _is_a_machines_reply(message: MimeMessage) -> bool:
    """An absence note, or the like: a machine answers for a person, so the address works."""
    names = {name.lower() for name in message.keys()}  # noqa: SIM118 - a mail is no mapping
    return _submitted(message) == "auto-replied" or bool(names & _AUTO_REPLIES)


def _is_automatic(message: MimeMessage) -> bool:
    """A mail that no person wrote (RFC 3834): never answered, and without a calendar answer never shown on a desk."""
    if _submitted(message) not in ("no", "") or _report_type(message) == "disposition-notification":
        return True
    if str(message.get("Precedence", "")).strip().lower() in ("bulk", "junk", "list", "auto_reply"):
        return True
    if str(message.get("Return-Path", "")).strip() == "<>":
        return True
    names = {name.lower() for name in message.keys()}  # noqa: SIM118 - a mail is no mapping
    return bool(names & _AUTO_REPLIES) or any(name.startswith("list-") for name in names)


class _Words(HTMLParser):
    """The words of an HTML part."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Line breaks where a reader sees them; nothing of styles and scripts."""
        if tag in ("style", "script", "title"):
            self._hidden += 1
        elif tag in ("br", "p", "div", "tr", "li"):
            self.out.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """The end of what is not read."""
        if tag in ("style", "script", "title"):
            self._hidden = max(0, self._hidden - 1)

    def handle_data(self, data: str) -> None:
        """Words."""
        if not self._hidden:
            self.out.append(data)


def _body(parts: tuple[Part, ...]) -> str:
    """What a person wrote: the first plain text that has words, else the words of the first HTML part; cut."""
    for part in parts:
        if part.kind == "text/plain" and not part.filename:
            words = clean(decoded(part)[: BODY_CHARACTERS * 4]).strip()
            if words:
                return words[:BODY_CHARACTERS]
    for part in parts:
        if part.kind == "text/html":
            reader = _Words()
            reader.feed(decoded(part)[: BODY_CHARACTERS * 40])
            return re.sub(r"\n\s*\n+", "\n\n", clean("".join(reader.out))).strip()[:BODY_CHARACTERS]
    return ""
