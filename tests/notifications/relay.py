"""A real SMTP server on a loopback port that behaves as told, address by address."""

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


@dataclass
class Relay:
    """What arrived, and what the relay answers. ``rcpt`` and ``data`` map an address to a list of coming answers."""

    accepted: list = field(default_factory=list)  # (sender, recipient, content)
    attempts: list = field(default_factory=list)
    connections: int = 0
    rcpt: dict = field(default_factory=dict)
    data: dict = field(default_factory=dict)
    pipelining: bool = False
    before_rcpt: object = None  # called with the address, in the server's thread
    port: int = 0

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        return [responses[0], "250-PIPELINING", *responses[1:]] if self.pipelining else responses

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.before_rcpt is not None:
            await asyncio.get_running_loop().run_in_executor(None, self.before_rcpt, address)
        answers = self.rcpt.get(address)
        if answers:
            return answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        (address,) = envelope.rcpt_tos
        self.attempts.append(address)
        answers = self.data.get(address)
        answer = answers.pop(0) if answers else "250 taken"
        if answer == "hang":
            await asyncio.sleep(3600)
        if answer in ("cut after taking", "250 taken"):
            self.accepted.append((envelope.mail_from, address, envelope.original_content))
        if answer.startswith("cut"):
            server.transport.abort()
        return answer

    @property
    def recipients(self):
        return [recipient for _, recipient, _ in self.accepted]

    @property
    def url(self):
        return f"smtp://127.0.0.1:{self.port}"


class _Server(SMTP):
    def connection_made(self, transport):
        self.event_handler.connections += 1
        super().connection_made(transport)


class _Controller(Controller):
    def factory(self):
        return _Server(self.handler, enable_SMTPUTF8=True, **{})


@contextmanager
def relay(port=0):
    """A running relay."""
    handler = Relay()
    controller = _Controller(handler, hostname="127.0.0.1", port=port or _free_port())
    controller.start()
    handler.port, handler.connections = controller.port, 0  # the controller tries its own door first
    try:
        yield handler
    finally:
        controller.stop()


def _free_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
