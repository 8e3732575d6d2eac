"""What a relay does becomes an outcome; nothing it does is an exception."""

import socket

import pytest

from app.notifications import transport as module
from app.notifications.transport import (
    ConsoleTransport,
    Envelope,
    MemoryTransport,
    Outcome,
    Result,
    SmtpTransport,
    for_url,
)
from tests.notifications.relay import relay


@pytest.fixture(params=[False, True], ids=["step by step", "pipelining"])
def server(request):
    with relay() as running:
        running.pipelining = request.param
        yield running


@pytest.fixture
def smtp(server):
    made = SmtpTransport(server.url, "pathways.example")
    yield made
    made.close()


def mail(recipient="a@alvania.example", content=b"Subject: x\r\n\r\n.dot\r\nbody\r\n"):
    return Envelope("bounces+abc@pathways.example", recipient, content)


def yes():
    return True


def test_a_mail_arrives_byte_by_byte_with_its_envelope(server, smtp):
    assert smtp.deliver(mail(), yes) == Outcome(Result.SENT, 250, "taken")
    assert server.accepted == [("bounces+abc@pathways.example", "a@alvania.example", b"Subject: x\r\n\r\n.dot\r\nbody\r\n")]


def test_one_connection_is_kept_for_many_mails_and_renewed_after_a_hundred(server, smtp, monkeypatch):
    monkeypatch.setattr(module, "MAILS_PER_CONNECTION", 3)
    for _ in range(7):
        assert smtp.deliver(mail(), yes).result is Result.SENT
    assert (server.connections, len(server.accepted)) == (3, 7)


def test_no_address_says_a_second_command(server, smtp):
    for address in ("a@x.example>\r\nRCPT TO:<b@x.example", "a@x.example> X=<y"):
        outcome = smtp.deliver(mail(address), yes)
        assert outcome.result is Result.REFUSED
    assert server.accepted == []


def test_an_idle_connection_is_renewed(server, smtp, monkeypatch):
    smtp.deliver(mail(), yes)
    monkeypatch.setattr(module, "IDLE_SECONDS", -1)
    smtp.deliver(mail(), yes)
    assert (server.connections, len(server.accepted)) == (2, 2)


def test_not_wanted_just_before_data_leaves_nothing(server, smtp):
    asked = []
    outcome = smtp.deliver(mail(), lambda: asked.append(list(server.attempts)) or False)
    assert outcome == Outcome(Result.WITHDRAWN)
    assert asked == [[]] and server.accepted == []
    assert smtp.deliver(mail("b@alvania.example"), yes).result is Result.SENT
    assert (server.recipients, server.connections) == (["b@alvania.example"], 1)


@pytest.mark.parametrize(
    ("reply", "result"),
    [("451 4.7.1 later", Result.POSTPONED), ("550 5.1.1 nobody here", Result.REFUSED), ("432 busy", Result.POSTPONED)],
)
@pytest.mark.parametrize("where", ["rcpt", "data"])
def test_f6_what_the_relay_refuses_is_told_with_its_words(server, smtp, where, reply, result):
    getattr(server, where)["a@alvania.example"] = [reply]
    code, _, words = reply.partition(" ")
    assert smtp.deliver(mail(), yes) == Outcome(result, int(code), words, by_recipient=True)
    assert smtp.deliver(mail("b@alvania.example"), yes).result is Result.SENT
    assert server.recipients == ["b@alvania.example"]


def test_f6_a_line_cut_after_data_is_ambiguous(server, smtp):
    server.data["a@alvania.example"] = ["cut after taking"]
    assert smtp.deliver(mail(), yes).result is Result.AMBIGUOUS
    assert server.recipients == ["a@alvania.example"]  # not sent a second time by the transport
    assert smtp.deliver(mail("b@alvania.example"), yes).result is Result.SENT


def test_f6_a_relay_that_hangs_after_data_is_ambiguous_in_bounded_time(server, smtp, monkeypatch):
    monkeypatch.setattr(module, "REPLY_SECONDS", 0.3)
    server.data["a@alvania.example"] = ["hang"]
    assert smtp.deliver(mail(), yes).result is Result.AMBIGUOUS


def test_a_kept_connection_that_died_is_replaced_silently(server, smtp):
    smtp.deliver(mail(), yes)
    smtp._smtp.sock.shutdown(socket.SHUT_RDWR)
    assert smtp.deliver(mail("b@alvania.example"), yes).result is Result.SENT
    assert server.recipients == ["a@alvania.example", "b@alvania.example"]


def test_no_relay_is_unreachable():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: refused
        away = SmtpTransport(f"smtp://127.0.0.1:{taken.getsockname()[1]}", "pathways.example")
        assert away.open() is False
        assert away.deliver(mail(), yes).result is Result.UNREACHABLE


def test_a_relay_that_greets_nobody_is_unreachable_in_bounded_time(monkeypatch):
    monkeypatch.setattr(module, "CONNECT_SECONDS", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert SmtpTransport(f"smtp://127.0.0.1:{silent.getsockname()[1]}", "pathways.example").open() is False


def test_an_address_of_another_script_goes_out_as_its_ascii_form(server, smtp):
    assert smtp.deliver(mail("a@münchen.example"), yes).result is Result.SENT
    assert server.recipients == ["a@xn--mnchen-3ya.example"]


def test_a_local_part_of_another_script_needs_a_relay_that_takes_it(server, smtp):
    assert smtp.deliver(mail("ünal@alvania.example"), yes).result is Result.SENT
    assert server.recipients == ["ünal@alvania.example"]


def test_the_transport_is_chosen_by_address(capsys):
    assert isinstance(for_url("smtps://u:p@relay.example", "d.example"), SmtpTransport)
    assert isinstance(for_url("memory:", "d.example"), MemoryTransport)
    console = for_url("console:", "d.example")
    assert isinstance(console, ConsoleTransport)
    assert console.deliver(mail(), yes).result is Result.SENT
    assert console.deliver(mail(), lambda: False).result is Result.WITHDRAWN
    assert capsys.readouterr().out.count("--- to a@alvania.example") == 1
    with pytest.raises(ValueError, match="SMTP_URL"):
        for_url("http://x", "d.example")
