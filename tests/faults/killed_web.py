"""The real web process, which ends by SIGKILL where a request asks for it: a power cut at the worst moments."""

from __future__ import annotations

import os
import signal

from app import create_app
from app.notifications import nudge

app = create_app()
_inner, _send = app.wsgi_app, nudge.send
_dies_at: list[str] = []


def _dying(environ, start_response):
    _dies_at[:] = [environ.get("HTTP_X_DIES", "")]
    answer = b"".join(_inner(environ, start_response))  # committed and rendered; nothing of it has left
    if _dies_at == ["before-answer"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return [answer]


def _nudge():
    if _dies_at == ["before-nudge"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return _send()


app.wsgi_app, nudge.send = _dying, _nudge
