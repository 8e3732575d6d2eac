"""Which addresses may be read at all: public ones, over TLS. Knows nothing of the platform; a program of its own uses it too."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

LONGEST = 2000
_OLD_PART = re.compile(r"\d+|0[xX][0-9a-fA-F]*")
_MAPPED = ipaddress.ip_network("64:ff9b::/96")
_TEREDO_AND_6TO4 = (ipaddress.ip_network("2001::/32"), ipaddress.ip_network("2002::/16"))


class Refused(Exception):
    """Not one that is read, or one that could not be; the word says why."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


def checked(address: str, ports: frozenset[int] = frozenset({443})) -> SplitResult:
    """The parts of an address that may be asked: https or webcal, no name and password, the usual port, not a private place."""
    if len(address) > LONGEST or any(c.isspace() or not c.isprintable() for c in address) or "\\" in address:
        raise Refused("address")
    try:
        parts = urlsplit(address)
        port = parts.port or 443
    except ValueError:
        raise Refused("address") from None
    if parts.scheme not in ("https", "webcal", "webcals"):
        raise Refused("scheme")
    if not parts.hostname or parts.username is not None or parts.password is not None:
        raise Refused("address")
    if port not in ports:
        raise Refused("port")
    if is_number(parts.hostname) and not is_public(parts.hostname):
        raise Refused("private")
    if "." not in parts.hostname.strip(".") and not is_number(parts.hostname):
        raise Refused("private")  # a name without a dot is one of the own network
    return parts


def is_number(host: str) -> bool:
    """Is it an address written as numbers, in any of the ways resolvers understand?"""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return _is_old_number(host)
    return True


def _is_old_number(host: str) -> bool:
    """``2130706433``, ``0x7f.1``, ``0177.0.0.1``: what ``inet_aton`` takes."""
    return all(_OLD_PART.fullmatch(part) for part in host.rstrip(".").split("."))


def is_public(address: str) -> bool:
    """Is this an address of the public internet? What hides another one inside counts as that one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if found in _MAPPED:
            return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
        if any(found in network for network in _TEREDO_AND_6TO4) or int(found) < 1 << 32:
            return False
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)
