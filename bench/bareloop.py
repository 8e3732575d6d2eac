"""One ready-made mail after the other over one kept connection: ``python -m bench.bareloop PORT FILE COUNT``; prints seconds."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path


def main(port: int, file: Path, count: int) -> float:
    """Hand the same mail over so often, each to another address, and wait for every reply."""
    content = file.read_bytes()
    ready = content.replace(b"\r\n.", b"\r\n..") + b".\r\n"
    with socket.create_connection(("127.0.0.1", port)) as line:
        lines = line.makefile("rb")

        def say(words: bytes, replies: int = 1) -> None:
            if words:
                line.sendall(words)
            for _ in range(replies):
                while lines.readline()[3:4] == b"-":
                    pass

        say(b"")
        say(b"EHLO bare.example\r\n")
        start = time.monotonic()
        for number in range(count):
            say(b"MAIL FROM:<a@bare.example>\r\nRCPT TO:<r%d@bare.example>\r\n" % number, 2)
            say(b"DATA\r\n")
            say(ready)
        return time.monotonic() - start


if __name__ == "__main__":
    print(main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
