"""A relay that takes everything, counts it, and keeps only who was written to. Its own STAT command tells the count."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from typing import Any


class Sink(asyncio.Protocol):
    """One connection: just enough SMTP, with pipelined commands answered in order."""

    told: dict[str, int] = {}  # recipient to count, since the last RESET
    first: float = 0.0
    last: float = 0.0
    size: int = 0
    delay: float = 0.0  # seconds before the reply to the final dot
    hangs: str = ""  # the domain whose mails get no answer at all

    def connection_made(self, transport: Any) -> None:
        """Greet."""
        self.transport, self.kept, self.in_data, self.recipient = transport, b"", False, ""
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        """Take what came, command by command, or the mail up to its final dot."""
        self.kept += data
        answers = b""
        while True:
            if self.in_data:
                mail, dot, rest = self.kept.partition(b"\r\n.\r\n")
                if not dot:
                    break
                self.kept, self.in_data = rest, False
                if Sink.delay:
                    asyncio.get_running_loop().call_later(Sink.delay, self._taken, len(mail))
                    continue
                self._accepted(len(mail))
                answers += b"250 taken\r\n"
                continue
            line, end, rest = self.kept.partition(b"\r\n")
            if not end:
                break
            self.kept = rest
            answers += self._answer(line)
        if answers:
            self.transport.write(answers)

    def _taken(self, size: int) -> None:
        self._accepted(size)
        self.transport.write(b"250 taken\r\n")

    def _accepted(self, size: int) -> None:
        now = time.monotonic()
        Sink.first = Sink.first or now
        Sink.last, Sink.size = now, size
        Sink.told[self.recipient] = Sink.told.get(self.recipient, 0) + 1

    def _answer(self, line: bytes) -> bytes:
        word = line[:4].upper()
        if word == b"EHLO":
            return b"250-sink\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 PIPELINING\r\n"
        if word == b"RCPT":
            self.recipient = line.partition(b"<")[2].partition(b">")[0].decode(errors="replace")
            if Sink.hangs and self.recipient.endswith(Sink.hangs):
                return b""
        elif word == b"SLOW":
            Sink.delay, Sink.hangs = float(line.split()[1]) / 1000, line.split()[2].decode()
        elif word == b"GONE":
            return b"250 yes\r\n" if line[5:].decode() in Sink.told else b"250 no\r\n"
        elif word == b"DATA":
            self.in_data = True
            return b"354 go on\r\n"
        elif word == b"RESE":
            Sink.told, Sink.first = {}, 0.0
        elif word == b"STAT":
            return f"250 {json.dumps(_state())}\r\n".encode()
        elif word == b"QUIT":
            self.transport.write(b"221 bye\r\n")
            self.transport.close()
            return b""
        return b"250 ok\r\n"


def _state() -> dict[str, float]:
    return {
        "mails": sum(Sink.told.values()), "people": len(Sink.told), "first": Sink.first, "last": Sink.last, "size": Sink.size,
    }  # fmt: skip


class Asking:
    """The bench's side: what did the sink see?"""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.lines = self.socket.makefile("rb")
        self.lines.readline()

    def state(self) -> dict[str, Any]:
        """Counts, moments of the first and last mail on the machine's monotonic clock, size of the last mail."""
        found: dict[str, Any] = json.loads(self._say("STAT")[4:])
        return found

    def tell(self, order: str) -> None:
        """Be slow from now on, or quick again."""
        self._say(order)

    def took(self, address: str) -> bool:
        """Has this one been written to?"""
        return self._say(f"GONE {address}").strip().endswith("yes")

    def reset(self) -> None:
        """Count from nothing again."""
        self._say("RESET")

    def wait_for(self, mails: int, seconds: float) -> dict[str, Any]:
        """Wait until so many mails came, or until the time is over."""
        until = time.monotonic() + seconds
        while (state := self.state())["mails"] < mails and time.monotonic() < until:
            time.sleep(0.1)
        return state

    def raw_rate(self, size: int, mails: int = 5000) -> float:
        """Mails a second that the sink takes from a plain socket: one kept connection, an answer awaited for each command."""
        body = b"x" * 76 + b"\r\n"
        mail = b"Subject: x\r\n\r\n" + body * (size // len(body)) + b".\r\n"
        start = time.monotonic()
        for number in range(mails):
            for command in (b"MAIL FROM:<a@sink.example>\r\n", b"RCPT TO:<r%d@sink.example>\r\n" % number, b"DATA\r\n", mail):
                self.socket.sendall(command)
                self.lines.readline()
        return mails / (time.monotonic() - start)

    def _say(self, command: str) -> str:
        self.socket.sendall(f"{command}\r\n".encode())
        return self.lines.readline().decode()


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
