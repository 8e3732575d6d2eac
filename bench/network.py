"""No network but PostgreSQL and Redis inside a request: every connection of this process is noted while pages are read.

Python's own sockets are seen by an audit hook; libpq opens its own, to the address in the settings and no other.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from app.accounts.models import Role
from app.core.signing import sign
from app.exchanges.models import Invitation
from app.extensions import db
from bench import rows
from bench.browser import token_of
from bench.figures import Figure
from bench.house import House

_listening: list[list[str]] = []
_EVENTS = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg", "urllib.Request")


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if _listening and event in _EVENTS:
        target = arguments[-1] if event in ("socket.connect", "socket.sendto", "socket.sendmsg") else arguments[0]
        _listening[-1].append(str(target))


def measure(house: House) -> Iterator[Figure]:
    """Read and answer as the public, an invited person and the secretariat."""
    app = house.app
    with app.app_context():
        secretariat = rows.person("Secretary", Role.SECRETARIAT)
        of = rows.states()
        session = rows.meeting(14, hosts=of[:2])
        rows.invitations(session, rows.people(5, "guest", of), of)
        call = rows.call()
        rows.expressions(30, "n", call, secretariat)
        office = rows.cookie(app, secretariat)
        db.session.commit()
        invited = db.session.scalars(select(Invitation).where(Invitation.peer_session_id == session.id)).first()
        assert invited is not None
        answer = f"/en/answer/{sign('answer', invited.id, invited.nonce)}"
        session_id = session.id
    sys.addaudithook(_note)
    seen: list[str] = []
    _listening.append(seen)
    try:
        count = _walk(app, office, answer, str(session_id))
    finally:
        _listening.clear()
    redis = urlsplit(house.env["REDIS_URL"]).path
    foreign = [target for target in seen if target.strip("b'\"") != redis]
    for target in sorted(set(foreign)):
        sys.stderr.write(f"bench: a request spoke to {target}\n")
    yield Figure("network: requests watched", count, "requests")
    yield Figure("network: connections to Redis", len(seen) - len(foreign), "connections")
    yield Figure("network: to anything else", len(foreign), "connections", 0)


def _walk(app: Any, office: dict[str, str], answer: str, session_id: str) -> int:
    """All desks and public pages without an argument, then what writes mail."""
    count = 0
    headers = {"Host": "127.0.0.1:8000", "Origin": "http://127.0.0.1:8000"}
    reader, desk = app.test_client(), app.test_client()
    for name, value in office.items():
        desk.set_cookie(name, value, domain="127.0.0.1")
    plain = sorted({
        re.sub(r"<lang:lang>", "en", rule.rule) for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.arguments <= {"lang"}
    })  # fmt: skip
    own = [f"/en/sessions/{session_id}", f"/en/desk/sessions/{session_id}", f"/fr/sessions/{session_id}/calendar.ics"]
    for path in (*plain, *own):
        for client in (reader, desk):
            status = client.get(path, headers=headers).status_code
            count += 1
            if status >= 500 and path != "/health":  # nothing but the pages runs here: it says so
                raise SystemExit(f"bench: GET {path} answered {status}")
    page = reader.get(answer, headers=headers).text
    posted = reader.post(answer, data={"csrf_token": token_of(page), "answer": "yes"}, headers=headers)
    if posted.status_code != 303:
        raise SystemExit(f"bench: the answer was not taken: {posted.status_code}")
    return count + 2
