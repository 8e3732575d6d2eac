"""No test reaches beyond this machine: whatever tries is stopped, and the test fails even if it caught the refusal."""

from __future__ import annotations

import ipaddress
import socket
import sys
from typing import Any

OWN_NAME = socket.gethostname()

tried: list[str] = []
"""The addresses beyond loopback that somebody asked for since the last look."""


class BeyondLoopbackError(RuntimeError):
    """A test asked for the network."""


def _is_here(host: object) -> bool:
    """Loopback, a Unix socket, no host at all (what a server binds to), or this machine's own name (for a Message-ID)."""
    if host in (None, "", b"", "localhost", b"localhost", OWN_NAME):
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # text or bytes: a Unix socket
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    if not _is_here(host):
        tried.append(f"{event} {host!r}")
        raise BeyondLoopbackError(f"a test asked for the network: {event} {host!r}")


def guard() -> None:
    """Watch this process from now on; a hook of the interpreter, so no library comes past it."""
    sys.addaudithook(_watch)
