"""C and D. Addresses: no answer leads off the host, and the platform itself asks for no address that anybody typed."""

from __future__ import annotations

import ast
import socket
from pathlib import Path
from urllib.parse import unquote

import pytest

from app.accounts.models import Role
from tests.accounts.conftest import form_of, send
from tests.accounts.test_next import HOSTILE
from tests.factories.accounts import make_person
from tests.security.world import make_world, pages

ROOT = Path(__file__).resolve().parents[2]
OURS = [p for folder in ("app", "worker", "embedded", "catcher") for p in sorted((ROOT / folder).rglob("*.py"))]
SPEAKS = {"app/notifications/imap.py": "imapclient", "app/notifications/transport.py": "smtplib"}
"""The only modules of the app that open a connection by themselves, each to an address of the settings."""
CLIENTS = {
    "requests", "httpx", "aiohttp", "urllib3", "http.client", "urllib.request", "ftplib", "telnetlib", "smtplib", "imaplib",
    "imapclient", "poplib", "xmlrpc.client", "webbrowser", "pycurl", "websocket", "socket",
}  # fmt: skip
INSIDE = [
    "http://127.0.0.1:8000/", "http://localhost/", "http://[::1]/", "http://169.254.169.254/latest/meta-data/", "http://2130706433/",
    "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://0/",
    "http://10.0.0.1/", "http://192.168.1.1/", "http://172.16.0.1/", "http://[fd00::1]/", "http://[fe80::1]/", "http://100.64.0.1/",
    "http://metadata.google.internal/", "https://127.0.0.1:6379/", "http://localhost.localdomain/", "http://127.0.0.1.nip.io/",
    "http://user@127.0.0.1/", "http://evil.example@127.0.0.1/", "http://evil.example#@127.0.0.1/", "http://①②⑦.0.0.1/",
    "http://rebind.example/",
]  # fmt: skip


@pytest.mark.parametrize("target", HOSTILE)
def test_c_neither_a_preference_nor_a_bare_address_leads_off_the_host(client, target):
    answer = send(client, "/en/preferences", "/en/preferences/zone", zone="Asia/Amman", next=target)
    back = client.get(
        "/en/preferences",
        headers={"Referer": f"http://127.0.0.1:8000{target}" if target.isascii() and target.isprintable() else "x"},
    )
    bare = client.get("/", query_string={"next": target})
    for location in (answer.headers.get("Location", ""), bare.headers.get("Location", "")):
        assert location == "" or (location.startswith("/") and not location.startswith(("//", "/\\"))), location
    assert back.status_code in (200, 400) and 'value="//' not in back.get_data(as_text=True)


@pytest.mark.parametrize(
    "path", ["//evil.example", "/\\evil.example", "/%2f%2fevil.example", "/.//evil.example", "///evil.example/.."]
)
def test_c_an_address_without_a_language_leads_only_to_our_own(client, path):
    as_it_comes = {"PATH_INFO": unquote(path), "RAW_URI": path, "REQUEST_URI": path}  # the client itself would read a host here
    answer = client.get("/", environ_overrides=as_it_comes)
    location = answer.headers.get("Location", "/")
    assert answer.status_code in (302, 308, 400, 404)
    assert location.removeprefix("http://127.0.0.1:8000").removeprefix("http://localhost").startswith("/")
    assert not location.removeprefix("http://localhost").startswith(("//", "/\\"))


def _asked(node: ast.AST) -> list[str]:
    """The modules a line brings in, also part by part ("from urllib import request") and by a name as text."""
    if isinstance(node, ast.Import):
        return [n.name for n in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or "", *(f"{node.module}.{n.name}" for n in node.names)]
    if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in ("import_module", "__import__"):
        return [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    return []


@pytest.mark.parametrize(
    "line",
    [
        "import urllib.request", "from urllib import request", "from urllib.request import urlopen", "from http import client",
        "import requests as r", "importlib.import_module('urllib.request')", "__import__('httpx')",
    ],
)  # fmt: skip
def test_d_every_way_to_bring_a_client_in_is_seen(line):
    found = [module for node in ast.walk(ast.parse(line)) for module in _asked(node)]
    assert any(module == c or module.startswith(c + ".") for module in found for c in CLIENTS)


def test_d_no_module_can_fetch_an_address():
    """One door, off by default: a program of its own reads free/busy addresses (tests/calendars/test_addresses.py). Mail goes
    where the settings say."""
    for path in OURS:
        name = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for module in _asked(node):
                found = next((c for c in CLIENTS if module == c or module.startswith(c + ".")), None)
                if found and not name.startswith("embedded/"):
                    own = found == "socket" and name == "app/notifications/transport.py"
                    own |= name == "app/calendars/fetching.py"
                    assert own or found == SPEAKS.get(name), f"{name} imports {module}"


@pytest.fixture
def reached(monkeypatch):
    """Every address that Python connects to or looks up meanwhile; Unix sockets are our own servers."""
    found: list[object] = []
    connect = socket.socket.connect

    def connecting(self, address):
        if self.family != socket.AF_UNIX:
            found.append(address)
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connecting)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **more: found.append(asked) or [])
    return found


def test_d_addresses_of_the_inside_are_stored_shown_and_mailed_but_never_asked(app, within, sign_in, reached):
    with within() as session:
        _, _, ids, links = make_world(" ".join(INSIDE))
        root = make_person("Root")
    browser = sign_in(root, Role.ADMINISTRATOR)
    edit = f"/en/desk/sessions/{ids['session_id']}/edit"
    for address in INSIDE:
        fields = {**form_of(browser.get(edit)), "join_url": address, "test_url": address}
        assert browser.post(edit, data=fields).status_code in (200, 303, 422)
    for address in pages(app, ids, links):
        browser.get(address).close()
    with within() as session:
        from app.notifications import rendering
        from app.notifications.models import Message
        from tests.factories.accounts import NOW

        for row in session.query(Message):
            rendering.render(rendering.job_of(row), now=NOW)
    assert reached == []
