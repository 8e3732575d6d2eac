"""A bad line on loopback: every segment takes its time, some are lost and come again later, and it can be cut at any byte."""

from __future__ import annotations

import queue
import random
import socket
import struct
import threading
import time
from contextlib import suppress

SEGMENT = 1460
"""Bytes of one packet; what is lost is lost by the packet."""
HEADERS = 40
"""Bytes of IP and TCP around each packet."""
AGAIN = 0.2
"""Seconds after which a sender tries a lost packet again, on top of a round trip."""


class Line:
    """A proxy to one port. ``delay`` is a round trip in seconds; ``loss`` the share of packets that are sent twice."""

    def __init__(self, port: int, *, delay: float = 0.0, loss: float = 0.0, seed: int = 1) -> None:
        self.target, self.delay, self.loss = port, delay, loss
        self.carried = 0  # bytes of both directions with their headers, lost packets counted twice
        self.lost = 0
        self._cut_at: int | None = None
        self._is_cut = False
        self._random, self._lock = random.Random(seed), threading.Lock()  # noqa: S311 - a line, not a secret
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=32)
        self.port = int(self._listener.getsockname()[1])
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        """Where a browser reaches the other end."""
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Nothing gets through any more, and what was under way breaks off."""
        with self._lock:
            self._is_cut = True
            broken, self._open = list(self._open), set()
        for end in broken:
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, as a cut line ends
                end.shutdown(socket.SHUT_RDWR)

    def cut_after(self, size: int) -> None:
        """Cut once the browser has sent so many more bytes."""
        self._cut_at = size

    def mend(self) -> None:
        """Whole again."""
        self._is_cut, self._cut_at = False, None

    def close(self) -> None:
        """End it, and wait until every thread has."""
        self.cut()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                near, _address = self._listener.accept()
            except OSError:
                return
            if self._is_cut:
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                near.close()
                continue
            with self._lock:
                self._open |= {near, far}
            shake = self.delay  # the two ends greet each other first: a round trip
            pumps = [*self._pump(near, far, shake, from_browser=True), *self._pump(far, near, 0.0, from_browser=False)]
            ending = threading.Thread(target=self._end, args=(pumps, near, far), daemon=True)
            self._threads.append(ending)
            ending.start()

    def _end(self, pumps: list[threading.Thread], near: socket.socket, far: socket.socket) -> None:
        """Both ends have said all: let them go."""
        for pump in pumps:
            pump.join()
        with self._lock:
            self._open -= {near, far}
        near.close()
        far.close()

    def _pump(self, source: socket.socket, target: socket.socket, shake: float, *, from_browser: bool) -> list[threading.Thread]:
        waiting: queue.Queue[tuple[float, bytes]] = queue.Queue()

        def read() -> None:
            first = time.monotonic() + shake
            with suppress(OSError):
                while data := source.recv(SEGMENT):
                    if from_browser and self._reaches(len(data)):
                        self.cut()
                        break
                    waiting.put((max(time.monotonic(), first) + self._takes(data), data))
            waiting.put((0.0, b""))

        def write() -> None:
            with suppress(OSError):
                while True:
                    due, data = waiting.get()
                    if not data:
                        break
                    time.sleep(max(0.0, due - time.monotonic()))
                    target.sendall(data)
                target.shutdown(socket.SHUT_WR)

        pumps = [threading.Thread(target=work, daemon=True) for work in (read, write)]
        for pump in pumps:
            pump.start()
        return pumps

    def _reaches(self, size: int) -> bool:
        if self._cut_at is None:
            return False
        self._cut_at -= size
        return self._cut_at <= 0

    def _takes(self, data: bytes) -> float:
        """How long a packet is under way; a lost one waits until its sender tries again. What follows waits behind it."""
        with self._lock:
            self.carried += len(data) + HEADERS
            takes = self.delay / 2
            while self._random.random() < self.loss:
                self.carried += len(data) + HEADERS
                self.lost += 1
                takes += self.delay + AGAIN
            return takes
