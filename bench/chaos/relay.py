"""An SMTP server that misbehaves as told, and writes down every copy: ``python -m bench.chaos.relay PORT CONTROL LOG [CLOCK]``.

By their address, for good: who begins with ``grey`` is put off at the first try (450) and taken later, who begins with
``gone`` is refused (550). By order, through the control port: slow, silent before its greeting, silent after the final dot,
or hanging up after the final dot of every so many mails without a word, half of them taken.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import socket
import sys
import time
from pathlib import Path
from typing import Any

GREY_SECONDS = 20.0
"""So long a greylisted recipient is put off, counted from the first try."""
_ID = re.compile(rb"^Message-ID:\s*<([^>]+)>", re.M | re.I)
_PART = re.compile(rb"Content-Type: text/calendar[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n(.*?)\r\n--", re.S | re.I)
_ICAL = {name: re.compile(rf"^{name}:(.+?)\r?$".encode(), re.M) for name in ("UID", "SEQUENCE", "METHOD")}


class Ways:
    """How the server behaves now; what is not named is as usual."""

    delay = 0.0  # seconds before the reply to the final dot
    greets = True
    replies = True  # to the final dot
    takes = True  # every other one that it does not reply to
    cut = 0  # hang up after the final dot of every so many mails, without a word; every other one is taken
    keep = False  # write the mails themselves down as well


class Relay(asyncio.Protocol):
    """One connection."""

    ways = Ways()
    log: Any = None
    clock: Path | None = None
    grey: dict[str, float] = {}
    mails = 0
    cuts = 0
    refusals = 0
    put_off: dict[str, float] = {}  # who was put off, and when for the last time
    silent = 0  # mails taken without a reply, or not taken, while it hung
    connections = 0

    def connection_made(self, transport: Any) -> None:
        """Greet, or let them wait."""
        Relay.connections += 1
        self.number, self.transport = Relay.connections, transport
        self.kept, self.in_data, self.recipient, self.is_busy = b"", False, "", False
        if self.ways.greets:
            transport.write(b"220 relay of the faults\r\n")

    def data_received(self, data: bytes) -> None:
        """Take what came, unless an answer is still owed."""
        self.kept += data
        if not self.is_busy:
            self._go_on()

    def _go_on(self) -> None:
        answers = b""
        while not self.is_busy:
            if self.in_data:
                mail, dot, rest = self.kept.partition(b"\r\n.\r\n")
                if not dot:
                    break
                self.kept, self.in_data = rest, False
                answers += self._dot(mail)
                continue
            line, end, rest = self.kept.partition(b"\r\n")
            if not end:
                break
            self.kept = rest
            answers += self._answer(line)
        if answers and not self.transport.is_closing():
            self.transport.write(answers)

    def _dot(self, mail: bytes) -> bytes:
        """The final dot has come."""
        Relay.mails += 1
        ways = self.ways
        if not ways.replies:
            Relay.silent += 1
            self.is_busy = True  # for as long as the line stands
            if ways.takes and Relay.silent % 2:
                self._note(mail, replied=False)
            return b""
        if ways.cut and Relay.mails % ways.cut == 0:
            Relay.cuts += 1
            if Relay.cuts % 2:  # nobody who is cut off can know whether it was taken
                self._note(mail, replied=False)
            self.is_busy = True
            self.transport.abort()
            return b""
        if ways.delay:
            self.is_busy, loop = True, asyncio.get_running_loop()
            due = loop.time() + ways.delay  # from the dot on, whatever else is to do
            loop.call_at(due, self._reply, self._told(mail))
            return b""
        self._note(mail, replied=True)
        return b"250 taken\r\n"

    def _reply(self, told: dict[str, Any]) -> None:
        """The reply that took its time. Who is gone meanwhile left a mail that was taken all the same."""
        self._write_down(told, replied=not self.transport.is_closing())
        if self.transport.is_closing():
            return
        self.transport.write(b"250 taken\r\n")
        self.is_busy = False
        self._go_on()

    def _answer(self, line: bytes) -> bytes:
        word = line[:4].upper()
        if word == b"EHLO":
            return b"250-relay\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 PIPELINING\r\n"
        if word == b"RCPT":
            return self._recipient(line.partition(b"<")[2].partition(b">")[0].decode(errors="replace"))
        if word == b"DATA":
            self.in_data = bool(self.recipient)
            return b"354 go on\r\n" if self.in_data else b"503 nobody to send it to\r\n"
        if word in (b"RSET", b"MAIL"):
            self.recipient = ""
        if word == b"QUIT":
            self.transport.write(b"221 bye\r\n")
            self.transport.close()
            return b""
        return b"250 ok\r\n"

    def _recipient(self, address: str) -> bytes:
        now = time.time()
        if address.startswith("gone"):
            Relay.refusals += 1
            return b"550 5.1.1 no such mailbox\r\n"
        if address.startswith("grey") and now < self.grey.setdefault(address, now) + GREY_SECONDS:
            Relay.put_off[address] = now
            return b"450 4.2.0 greylisted, try again later\r\n"
        self.recipient = address
        return b"250 ok\r\n"

    def _note(self, mail: bytes, *, replied: bool) -> None:
        self._write_down(self._told(mail), replied=replied)

    def _told(self, mail: bytes) -> dict[str, Any]:
        """What is to be known of a copy."""
        head = mail.partition(b"\r\n\r\n")[0]
        part = _PART.search(mail)
        entry = base64.b64decode(part[1]).replace(b"\r\n ", b"") if part else b""
        ical = {name: found[1].decode() if (found := pattern.search(entry)) else "" for name, pattern in _ICAL.items()}
        named = _ID.search(head)
        told: dict[str, Any] = {
            "to": self.recipient, "id": named[1].decode() if named else "", "uid": ical["UID"], "sequence": ical["SEQUENCE"],
            "method": ical["METHOD"], "sha": hashlib.sha256(mail).hexdigest(), "connection": self.number,
        }  # fmt: skip
        if self.ways.keep:
            told["mail"] = mail.decode("utf-8", "replace")
        return told

    def _write_down(self, told: dict[str, Any], *, replied: bool) -> None:
        """One line for each copy, on its way to the disk before the sender hears of it."""
        now = time.time()
        told |= {"at": now, "clock": now + self._shift(), "replied": replied}
        self.log.write(json.dumps(told) + "\n")
        self.log.flush()

    def _shift(self) -> float:
        """How far the platform's clock is moved."""
        try:
            return float(self.clock.read_text().strip() or 0) if self.clock else 0.0
        except OSError:
            return 0.0


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The control port: a line of JSON changes the ways, the answer tells the counts."""
    while line := await reader.readline():
        for name, value in json.loads(line).items():
            setattr(Relay.ways, name, value)
        told = {
            "mails": Relay.mails, "cuts": Relay.cuts, "refusals": Relay.refusals, "put_off": Relay.put_off,
            "silent": Relay.silent, "connections": Relay.connections,
        }  # fmt: skip
        writer.write(json.dumps(told).encode() + b"\n")
        await writer.drain()
    writer.close()


async def _serve(port: int, control: int, log: Path, clock: Path | None) -> None:
    Relay.log, Relay.clock = log.open("a"), clock
    loop = asyncio.get_running_loop()
    await loop.create_server(Relay, "127.0.0.1", port, backlog=256)
    server = await asyncio.start_server(_ask, "127.0.0.1", control, limit=1 << 20)
    await server.serve_forever()


def ways(control: int, **given: Any) -> dict[str, Any]:
    """Tell a relay how to behave; answers its counts."""
    with socket.create_connection(("127.0.0.1", control), 10) as line:
        line.sendall(json.dumps(given).encode() + b"\n")
        counts: dict[str, Any] = json.loads(line.makefile().readline())
    return counts


def told(log: Path) -> list[dict[str, Any]]:
    """Every copy that a relay wrote down so far."""
    lines = log.read_text().splitlines() if log.exists() else []
    return [json.loads(line) for line in lines if line.endswith("}")]


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]) if len(sys.argv) > 4 else None))
