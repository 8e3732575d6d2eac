"""A delivery report (RFC 3464), read: whom it is about, whether the mail is lost for good, and what the server said."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.core.text import line as one_line
from app.notifications.letterbox import DELIVERY_STATUS, Opened, decoded

MOST_TOLD = 500
_CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
_CODE_OF_A_SERVER = re.compile(rf"(?:\b[245]\d\d[ -]+#?|#|\b(?:status|code|error)\b\W{{0,3}}){_CODE.pattern}", re.IGNORECASE)
"""A code as servers write it in words: after a reply code, "#" or a word for it. Alone it may be a date or a telephone number."""
_ABOUT_THE_MAIL = re.compile(r"5\.(3\.4|6\.\d+|7\.\d+)")
"""Refusals of this one mail, for its size, its form or by a policy: the address may be a good one."""


class Fate(StrEnum):
    """What became of a mail, as a report has it."""

    HARD = "hard"
    SOFT = "soft"
    DELIVERED = "delivered"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says of one recipient. ``addresses`` are what it calls them by, the final one first; none without fields."""

    fate: Fate
    addresses: tuple[str, ...] = ()
    status: str = ""
    told: str = ""

    @property
    def is_about_the_mail(self) -> bool:
        """Was this one mail refused, and perhaps not the address?"""
        return _ABOUT_THE_MAIL.fullmatch(self.status) is not None


def read_reports(mail: Opened) -> list[Report]:
    """What a report says of each recipient; of one without the fields of RFC 3464, what its words say."""
    blocks = [_fields(decoded(part)) for part in mail.parts if part.kind == DELIVERY_STATUS]
    found = [_of_recipient(block) for block in blocks if "final-recipient" in block or "action" in block]
    return found or [_by_words(mail.body)]


def _fields(told: str) -> dict[str, str]:
    """Name and value of each line; of a repeated one the first."""
    unfolded = re.sub(r"\n[ \t]+", " ", told.replace("\r", ""))
    fields: dict[str, str] = {}
    for row in unfolded.split("\n"):
        name, colon, value = row.partition(":")
        if colon:
            fields.setdefault(name.strip().lower(), one_line(value))
    return fields


def _of_recipient(block: dict[str, str]) -> Report:
    said = block.get("diagnostic-code", "").partition(";")[2] or block.get("diagnostic-code", "")
    code = _CODE.search(block.get("status", "")) or _CODE.search(said)
    status = code[0] if code else ""
    action = block.get("action", "").lower().split(" ")[0]
    addresses = (_address(block.get(name, "")) for name in ("final-recipient", "original-recipient"))
    return Report(
        fate=_fate(action, status),
        addresses=tuple(dict.fromkeys(a for a in addresses if a)),
        status=status,
        told=one_line(said)[:MOST_TOLD],
    )


def _fate(action: str, status: str) -> Fate:
    if action in ("delivered", "relayed", "expanded"):
        return Fate.DELIVERED
    if action == "delayed" or status.startswith("4"):
        return Fate.SOFT
    if action in ("failed", "") and status.startswith("5"):
        return Fate.HARD
    return Fate.UNKNOWN


def _address(told: str) -> str:
    """``rfc822; user@example.org`` as an address."""
    kind, semicolon, rest = told.partition(";")
    return one_line(rest if semicolon else kind).strip("<> ").lower()[:254]


def _by_words(body: str) -> Report:
    """A report in words alone: certain only where every status code in it is of one class."""
    told = [_CODE.search(found[0]) for found in _CODE_OF_A_SERVER.finditer(body[:8000])]
    codes = [found[0] for found in told if found and found[1] in "45"]
    classes = {code[0] for code in codes}
    if len(classes) != 1:
        return Report(Fate.UNKNOWN, told=_first_line(body.split("\n")))
    said = next((row for row in body.split("\n") if codes[0] in row), "")
    return Report(Fate.HARD if classes == {"5"} else Fate.SOFT, status=codes[0], told=one_line(said)[:MOST_TOLD])


def _first_line(rows: Iterable[str]) -> str:
    return next((one_line(row)[:MOST_TOLD] for row in rows if row.strip()), "")
