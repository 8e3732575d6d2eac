"""Read one address of somebody else's and nothing beside it. Used by a program of its own, which ends.

The name is resolved once; every address it has must be public; the connection goes to the very address that was checked, so a
name that answers otherwise a moment later leads nowhere. A redirect is checked in the same way.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urljoin, urlunsplit

from app.calendars.addresses import Refused, checked, is_public

SECONDS = 20
MOST_BYTES = 2 * 1024 * 1024
MOST_REDIRECTS = 3
_WAIT = 8


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


@dataclass(frozen=True)
class Net:
    """The network as this reader sees it; tests put a server on loopback in its place."""

    resolve: Callable[[str, int], list[str]] = resolve
    is_public: Callable[[str], bool] = is_public
    ports: frozenset[int] = frozenset({443})
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    seconds: float = SECONDS
    most_bytes: int = MOST_BYTES


@dataclass(frozen=True)
class Answer:
    """What came back; no body where nothing has changed."""

    body: bytes | None
    etag: str = ""
    modified: str = ""


class _Pinned(http.client.HTTPSConnection):
    """A connection to an address that was checked, in the name of the host that was asked for."""

    def __init__(self, host: str, port: int, at: str, net: Net) -> None:
        super().__init__(host, port, timeout=_WAIT, context=net.context)
        self._at, self._net = at, net

    def connect(self) -> None:
        """To the checked address; the certificate must be the host's."""
        plain = socket.create_connection((self._at, self.port), timeout=_WAIT)
        try:
            self.sock = self._net.context.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


def fetch(address: str, *, etag: str = "", modified: str = "", net: Net | None = None) -> Answer:
    """What stands there now. ``Refused`` with a word where it may not be read or cannot."""
    net = net or Net()
    ends = time.monotonic() + net.seconds
    for _ in range(MOST_REDIRECTS + 1):
        parts = checked(address, net.ports)
        try:
            found = _once(parts, etag, modified, net, ends)
        except Refused:
            raise
        except (TimeoutError, http.client.HTTPException, ssl.SSLError, OSError, ValueError) as problem:
            raise Refused(_word(problem)) from None
        if isinstance(found, Answer):
            return found
        address = urljoin(urlunsplit(("https", *parts[1:])), found)
    raise Refused("redirects")


def _word(problem: Exception) -> str:
    if isinstance(problem, TimeoutError):
        return "slow"
    if isinstance(problem, ssl.SSLError):
        return "tls"
    return "answer" if isinstance(problem, (http.client.HTTPException, ValueError)) else "unreachable"


def _once(parts: SplitResult, etag: str, modified: str, net: Net, ends: float) -> Answer | str:
    """One question: an answer, or the address it sends on to."""
    host, port = str(parts.hostname), parts.port or 443
    connection = _Pinned(host, port, _place(host, port, net), net)
    try:
        path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        connection.request("GET", path, headers=_headers(etag, modified))
        with closing(connection.getresponse()) as response:
            return _read(response, etag, modified, net, ends)
    finally:
        connection.close()


def _read(response: http.client.HTTPResponse, etag: str, modified: str, net: Net, ends: float) -> Answer | str:
    """What the server says: a calendar, nothing new, another address, or a refusal."""
    if response.status in (301, 302, 303, 307, 308):
        return response.getheader("Location") or _refuse("answer")
    if response.status == 304:
        return Answer(None, etag, modified)
    if response.status != 200:
        _refuse({401: "closed", 403: "closed", 404: "gone", 410: "gone"}.get(response.status, "answer"))
    if (response.getheader("Content-Encoding") or "identity").lower() != "identity":
        _refuse("answer")
    body = _body(response, net, ends)
    return Answer(body, (response.getheader("ETag") or "")[:200], (response.getheader("Last-Modified") or "")[:100])


def _place(host: str, port: int, net: Net) -> str:
    """The address to connect to: all that the name has must be public."""
    try:
        found = net.resolve(host, port)
    except (OSError, UnicodeError):
        raise Refused("unknown") from None
    if not found:
        raise Refused("unknown")
    if not all(net.is_public(one) for one in found):
        raise Refused("private")
    return found[0]


def _headers(etag: str, modified: str) -> dict[str, str]:
    told = {"Accept": "text/calendar", "Accept-Encoding": "identity", "User-Agent": "Pathways-Exchange", "Connection": "close"}
    if etag:
        told["If-None-Match"] = etag
    if modified:
        told["If-Modified-Since"] = modified
    return told


def _body(response: http.client.HTTPResponse, net: Net, ends: float) -> bytes:
    """All of it, while it is neither too long nor too slow."""
    said = response.getheader("Content-Length") or "0"
    if said.isdecimal() and int(said) > net.most_bytes:
        _refuse("large")
    kept = bytearray()
    while True:
        if time.monotonic() > ends:
            _refuse("slow")
        piece = response.read1(65_536)
        if not piece:
            return bytes(kept)
        kept += piece
        if len(kept) > net.most_bytes:
            _refuse("large")


def _refuse(word: str) -> str:
    raise Refused(word)
