"""Half hours as bits of one large number: what holds for a State at all hours is settled with a few operations."""

from __future__ import annotations

from collections.abc import Iterable


def bits_of(row: bytes, below: int) -> int:
    """The quarters of an hour whose points are under this, the first as the lowest bit."""
    return int(row[::-1].translate(_digits(below)) or b"0", 2)


_TABLES: dict[int, bytes] = {}


def _digits(below: int) -> bytes:
    if below not in _TABLES:
        _TABLES[below] = b"1" * min(max(below, 0), 256) + b"0" * (256 - min(max(below, 0), 256))
    return _TABLES[below]


def throughout(mask: int, quarters: int) -> int:
    """The quarters from which on so many in a row are set."""
    done = 1
    while done < quarters:
        step = min(done, quarters - done)
        mask &= mask >> step
        done += step
    return mask


def spans(pieces: Iterable[tuple[int, int]]) -> int:
    """All quarters between these begins and ends."""
    mask = 0
    for begin, end in pieces:
        begin = max(begin, 0)
        if begin < end:
            mask |= ((1 << (end - begin)) - 1) << begin
    return mask


def counted(masks: Iterable[int], length: int, step: int) -> list[int]:
    """How many of the masks have each bit set, for every so-manieth bit: added up digit by digit, all bits at once."""
    digits: list[int] = []
    for mask in masks:
        carry, place = mask, 0
        while carry:
            if place == len(digits):
                digits.append(0)
            digits[place], carry = digits[place] ^ carry, digits[place] & carry
            place += 1
    found = [0] * -(-length // step)
    for place, digit in enumerate(digits):
        shown = f"{digit & ((1 << length) - 1):0{length}b}"[::-1][::step]
        worth = 1 << place
        found = [had + worth if one == "1" else had for had, one in zip(found, shown, strict=True)]
    return found
