"""The guard that keeps tests on this machine lets loopback through and nothing else."""

import socket
import urllib.request
from contextlib import suppress

import pytest

from tests import loopback


@pytest.fixture
def forgiven():
    """What this test tries on purpose is not held against it."""
    yield loopback.tried
    loopback.tried.clear()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", None])
def test_loopback_is_let_through(host):
    with suppress(OSError), socket.create_connection((host, 9), timeout=1):
        pass
    assert loopback.tried == []


@pytest.mark.parametrize(
    "address", ["http://example.com/", "http://192.0.2.1/", "http://169.254.169.254/", "http://[2001:db8::1]/"]
)
def test_the_network_is_refused_and_remembered(forgiven, address):
    with pytest.raises(loopback.BeyondLoopbackError, match="asked for the network"):
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=1)
    assert len(forgiven) == 1


def test_a_datagram_is_refused_too(forgiven):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, pytest.raises(loopback.BeyondLoopbackError):
        sock.sendto(b"x", ("192.0.2.1", 53))
    assert forgiven == ["socket.sendto '192.0.2.1'"]


def test_a_test_that_swallows_the_refusal_fails_all_the_same(tmp_path, request):
    """The guard's own fixture, in a test run of its own."""
    import subprocess
    import sys

    (tmp_path / "conftest.py").write_text(
        "import pytest\nfrom tests import loopback\nfrom tests.conftest import _only_loopback\nloopback.guard()\n"
    )
    (tmp_path / "test_quiet.py").write_text(
        "import socket\ndef test_quiet():\n    try:\n        socket.create_connection(('192.0.2.1', 80), 1)\n    except Exception:\n        pass\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=request.config.rootpath, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (done.returncode, "the test asked for the network: socket.getaddrinfo '192.0.2.1'" in done.stdout) == (1, True), (
        done.stdout
    )
