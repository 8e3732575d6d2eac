"""Kind + locale + facts to MIME bytes: compiled once per kind, locale and facts, then per zone, filled per person."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import escape
from sqlalchemy import select

from app.core import codes, tokens
from app.core.signing import settings
from app.extensions import db
from app.files.rules import path_of
from app.notifications.calendar import Attendee
from app.notifications.compose import Compiled, Shape, compile_mail, greeting_html, page_before_token, stencil_of
from app.notifications.facts import calm, is_url
from app.notifications.kinds import ONE_CLICK
from app.notifications.mime import Attachment, Mail, assemble
from app.notifications.models import MailChoices, Message, MessageFacts
from app.notifications.signed import FIRST_NONCE, PURPOSE, stop_addresses, stop_purpose
from app.notifications.stencil import Stencil
from app.wordings import catalogue
from config import Settings

SECRET_KINDS = frozenset({"sign-in-link"})
"""Kinds whose mail nobody but its recipient may read, not even with its links blanked."""

PERSONAL = ("links", "codes", "personal")
"""Facts that differ from person to person without a rendering of their own."""

MOST_ATTACHED = 20 * 1024 * 1024
"""Files of a mail are no larger than this together; what queues them keeps to less."""
_NOT_RENDERED = (*PERSONAL, "attachments")  # facts that are filled in or added afterwards
_CACHE_SIZE = 512
_URL = re.compile(r"(?:https?://|tel:)[^\s\"'<>]+")
_HREF = re.compile(r'\shref="[^"]*"')


CHOICES, STOP = "choices", "stop"
"""Names of the links to what its recipient may choose, and to the page that ends what it belongs to."""


@dataclass(frozen=True, slots=True)
class Job:
    """What rendering needs of a row, whether it was claimed by a sender or is looked at on a page."""

    id: uuid.UUID
    kind: str
    address: str
    locale: str
    zone: str
    recipient_name: str
    salutation: str
    facts: Mapping[str, Any]
    common_id: uuid.UUID | None
    common: Mapping[str, Any]
    created_at: datetime
    template_version: int = 1
    ical_method: str | None = None
    ical_uid: str | None = None
    ical_sequence: int | None = None
    dtstamp: datetime | None = None
    thread_root: str | None = None
    recipient_id: uuid.UUID | None = None
    topic: str | None = None
    nonce: str | None = None  # of the links to the recipient's choices

    @property
    def own_links(self) -> tuple[str, ...]:
        """Links every mail to a person has, whatever the room that wrote it said; a mail to an address alone has none."""
        if self.recipient_id is None:
            return ()
        return (CHOICES, STOP) if self.topic in ONE_CLICK else (CHOICES,)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail ready to be handed over."""

    message_id: str
    envelope_sender: str
    recipient: str
    content: bytes

    @property
    def sha256(self) -> str:
        """The fingerprint an organiser can prove the sending with."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Preview:
    """The mail as its recipient sees it, links blanked; ``calendar`` is empty when it has no entry."""

    subject: str
    text: str
    html: str
    calendar: str


_compiled: OrderedDict[tuple[object, ...], Compiled] = OrderedDict()
_lock = threading.Lock()


def render(job: Job, *, now: datetime) -> Rendered:
    """The mail of this row, its marks made links and codes.

    The same row gives the same Message-ID, UID, SEQUENCE and DTSTAMP each time.
    """
    config = settings()
    said = parts(job)
    mail = Mail(
        message_id=f"<{job.id}@{config.mail_domain}>",
        sender_name=config.network_names[job.locale],
        sender=config.organizer_address,
        reply_to=config.organizer_address if said.entry else config.contact_address,
        recipient_name=calm(job.recipient_name),
        recipient=job.address,
        subject=said.subject,
        language=job.locale,
        date=now,
        text=said.text,
        html=said.html,
        calendar=said.entry,
        method=job.ical_method or "",
        thread_root=job.thread_root or "",
        files=tuple(_attachment(told) for told in job.facts.get("attachments", ())),
        unsubscribe=_unsubscribe(job, said.stop) if said.stop else "",
    )
    return Rendered(mail.message_id, envelope_sender(job.id, config), job.address, assemble(mail))


def _own_links(job: Job, keys: list[str]) -> dict[str, str]:
    """The pages of the recipient's own choices, by tokens that open nothing else."""
    made = {}
    for name in job.own_links:
        purpose = PURPOSE if name == CHOICES else stop_purpose(job.topic or "")
        page = page_before_token("accounts.mails_by_link" if name == CHOICES else "accounts.stop", job.locale, job.topic or "")
        assert job.recipient_id is not None
        made[name] = page + tokens.sign(keys, purpose, job.recipient_id, job.nonce or FIRST_NONCE)
    return made


def _unsubscribe(job: Job, link: str) -> str:
    return stop_addresses(job.topic or "", link.rpartition("/")[2], link)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a mail says to its reader, before it is encoded: the same words that ``render`` sends."""

    subject: str
    text: str
    html: str
    entry: bytes | None
    stop: str  # the address that ends mail of its topic with one click; "" where none does


def parts(job: Job) -> Parts:
    """The words of this row's mail, its marks made links and codes."""
    config = settings()
    keys = config.secret_keys
    links = {name: tokens.opened(keys, str(address)) for name, address in job.facts.get("links", {}).items()}
    links |= _own_links(job, keys)
    typed = {name: codes.opened(keys, marked) for name, marked in job.facts.get("codes", {}).items()}
    return Parts(*_fill(job, _compile(job, config), links, typed), stop=links.get(STOP, ""))


def entry(job: Job) -> bytes | None:
    """The calendar entry alone, as the mail of this row carries it: nothing else of the mail is made."""
    shape, rest = _shape(job)
    told = {**job.common, **rest}
    stencil = stencil_of(shape, told, job.created_at)
    if stencil is None:
        return None
    keys = settings().secret_keys
    links = {name: tokens.opened(keys, str(address)) for name, address in job.facts.get("links", {}).items()}
    links |= dict.fromkeys(job.own_links, "https://blank/")
    invite = told["invite"]
    return _filled(stencil, job, _values(job, links, {}), invite.get("role", "REQ-PARTICIPANT"), bool(invite.get("asks", True)))


def preview(message: Message) -> Preview | None:
    """What the outbox page shows; ``None`` for kinds that are nobody else's business."""
    if message.kind in SECRET_KINDS:
        return None
    return preview_of(job_of(message))


def preview_of(job: Job) -> Preview:
    """A mail with its links blanked: of a row, or of a sample."""
    links = dict.fromkeys((*job.facts.get("links", {}), *job.own_links), "https://blank/")
    subject, text, html, entry = _fill(job, _compile(job, settings()), links, dict.fromkeys(job.facts.get("codes", {}), "[…]"))
    shown = re.sub(r"\r\n[ \t]", "", entry.decode("utf-8")).replace("\r\n", "\n") if entry else ""
    text = text.replace("\r\n", "\n")
    return Preview(_URL.sub("[…]", subject), _URL.sub("[…]", text), _URL.sub("[…]", _HREF.sub("", html)), _URL.sub("[…]", shown))


def subject_of(job: Job) -> str:
    """The subject alone, as its reader would see it."""
    values = _values(job, dict.fromkeys((*job.facts.get("links", {}), *job.own_links), "https://blank/"), {})
    return _URL.sub("[…]", _compile(job, settings()).subject.fill(values))


def job_of(message: Message) -> Job:
    """The job of a loaded row."""
    nonce = select(MailChoices.nonce).where(MailChoices.person_id == message.recipient_id).scalar_subquery()
    common = select(MessageFacts.facts).where(MessageFacts.id == message.common_id).scalar_subquery()
    told, known = db.session.execute(select(common, nonce)).one()
    return Job(
        id=message.id, kind=message.kind, address=message.address, locale=message.locale, zone=message.zone,
        recipient_name=message.recipient_name, salutation=message.salutation, facts=message.facts,
        common_id=message.common_id, common=told or {}, created_at=message.created_at,
        template_version=message.template_version, ical_method=message.ical_method, ical_uid=message.ical_uid,
        ical_sequence=message.ical_sequence, dtstamp=message.dtstamp, thread_root=message.in_reply_to,
        recipient_id=message.recipient_id, topic=message.topic, nonce=known,
    )  # fmt: skip


def message_id(row: uuid.UUID) -> str:
    """The Message-ID of a row: the same in each attempt, another for each recipient."""
    return f"<{row}@{settings().mail_domain}>"


def row_of_message_id(told: str | None) -> uuid.UUID | None:
    """Which row of ours a Message-ID names, if any."""
    found = re.fullmatch(r"<?([0-9a-f-]{36})@(.+?)>?", (told or "").strip().lower())
    if not found or found[2] != settings().mail_domain.lower():
        return None
    try:
        return uuid.UUID(found[1])
    except ValueError:  # dashes and digits in another order
        return None


def envelope_sender(row: uuid.UUID, config: Settings | None = None) -> str:
    """The bounce address of one row: what comes back names it, and nobody can guess another's."""
    config = config or settings()
    return f"bounces+{row.hex}{_bounce_mac(config.secret_keys[0], row)}@{config.mail_domain}"


def _bounce_mac(key: str, row: uuid.UUID) -> str:
    return hmac.digest(key.encode(), b"bounce\0" + row.bytes, "sha256")[:5].hex()


def is_bounce_token(row: uuid.UUID, mac: str) -> bool:
    """Was this made for the row, under the present key or a former one?"""
    return any(hmac.compare_digest(_bounce_mac(key, row).encode(), mac.encode()) for key in settings().secret_keys)


def _attachment(told: Mapping[str, Any]) -> Attachment:
    """A kept file, read when the mail leaves: the very bytes that were meant, or no mail."""
    if told["size"] > MOST_ATTACHED:
        raise ValueError("the file is too large for a mail")
    data = path_of(uuid.UUID(told["file"])).read_bytes()
    if hashlib.sha256(data).hexdigest() != told["sha256"]:
        raise ValueError("the file is not the one that was to be sent")
    return Attachment(told["name"], told["type"], data)


def _compile(job: Job, config: Settings) -> Compiled:
    shape, rest = _shape(job)
    told = json.dumps(rest, sort_keys=True) if rest else ""
    common = json.dumps(job.common, sort_keys=True) if job.common_id is None and job.common else ""
    key = (shape, job.template_version, job.common_id, told, common, id(config), catalogue.version())

    def for_all() -> Compiled:
        """The mail for readers of the language in all zones."""
        return _kept(key, lambda: compile_mail(shape, {**job.common, **rest}, job.created_at))

    return _kept((*key, job.zone), lambda: for_all().in_zone(job.locale, job.zone))


def _shape(job: Job) -> tuple[Shape, dict[str, Any]]:
    """What a mail is made of beside its facts, and the facts of its own that are rendered with it."""
    links, codes_, personal = (tuple(sorted(job.facts.get(own, ()))) for own in PERSONAL)
    links = tuple(sorted((*links, *job.own_links)))
    rest = {key: value for key, value in job.facts.items() if key not in _NOT_RENDERED}
    return Shape(job.kind, job.locale, job.ical_method, job.ical_uid, links, codes_, personal), rest


def _kept(key: tuple[object, ...], make: Callable[[], Compiled]) -> Compiled:
    with _lock:
        known = _compiled.get(key)
        if known is not None:
            _compiled.move_to_end(key)
            return known
    made = make()
    with _lock:
        _compiled[key] = made
        while len(_compiled) > _CACHE_SIZE:
            _compiled.popitem(last=False)
    return made


def _short(words: str) -> str:
    """A person's own words on one line, and no link in them."""
    return " ".join(calm(words).split())


def _values(job: Job, links: Mapping[str, Any], typed: Mapping[str, str]) -> dict[str, str]:
    """What is filled in for one person, by the names of the slots."""
    values: dict[str, str] = {"name": _short(job.recipient_name)}
    for key, address in links.items():
        if not is_url(address):
            raise ValueError(f"the link {key} is no http address")
        values[f"links.{key}"] = address
    for key, code in typed.items():
        values[f"codes.{key}"] = code
    for key, words in job.facts.get("personal", {}).items():
        values[f"personal.{key}"] = _short(str(words))
    return values


def _fill(job: Job, compiled: Compiled, links: Mapping[str, Any], typed: Mapping[str, str]) -> tuple[str, str, str, bytes | None]:
    """Subject, text, HTML and calendar entry of one person."""
    values = _values(job, links, typed)
    form = _short(job.salutation)
    who = form or values["name"]
    greeting = compiled.with_form if form else compiled.with_name
    shown = {key: str(escape(value)) for key, value in values.items()}
    if who:
        values["salutation"], shown["salutation"] = greeting.fill({"who": who}), greeting_html(greeting, who)
    else:
        values["salutation"] = shown["salutation"] = compiled.without
    made = compiled.stencil
    told = _filled(made, job, values, compiled.role, compiled.asked) if made is not None else None
    return compiled.subject.fill(values), compiled.text.fill(values), compiled.html.fill(shown), told


def _filled(stencil: Stencil, job: Job, values: Mapping[str, str], role: str, asked: bool) -> bytes:
    """The entry of one person."""
    person = Attendee(calm(job.recipient_name), job.address, job.locale, job.facts.get("role", role), asked)
    return stencil.fill(sequence=job.ical_sequence or 0, dtstamp=job.dtstamp or job.created_at, attendee=person, values=values)
