"""The form of a call as a Word or PDF file, made once for each version of the call and each language."""

from __future__ import annotations

import hashlib
import os
import threading
import uuid
from collections.abc import Callable
from pathlib import Path

from flask import Response, abort, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import public
from app.accounts.reader import language
from app.core import clock
from app.core.signing import settings
from app.documents.blocks import Document
from app.documents.pdf import to_pdf
from app.documents.writer import to_docx
from app.files.content import DOCX, PDF
from app.interests.models import Call
from app.interests.paper import form_of
from app.interests.routes import blueprint
from app.interests.routes.calls import found

_one_at_a_time = threading.Lock()


@blueprint.get("/calls/<uuid:call_id>/form.docx")
@public
def form_docx(call_id: uuid.UUID) -> ResponseReturnValue:
    """The form for a word processor."""
    call = found(call_id)
    return _answer(call, "docx", DOCX, lambda document: to_docx(document, call.updated_at))


@blueprint.get("/calls/<uuid:call_id>/form.pdf")
@public
def form_pdf(call_id: uuid.UUID) -> ResponseReturnValue:
    """The form for a printer."""
    return _answer(found(call_id), "pdf", PDF, to_pdf)


def _answer(call: Call, ending: str, media_type: str, make: Callable[[Document], bytes]) -> Response:
    if call.is_closed(clock.now()):
        abort(404)
    document = form_of(call)
    kept = _place(call, document, ending)
    if not kept.is_file():
        with _one_at_a_time:  # typesetting takes a second of a core: not ten times at once
            if not kept.is_file():
                _keep(kept, make(document), call)
    name = f"{_('Expression of interest')}.{ending}"
    answer = send_file(kept, mimetype=media_type, as_attachment=True, download_name=name, conditional=True, etag=False)
    answer.headers["Cache-Control"] = "private, max-age=300"
    return answer


def _place(call: Call, document: Document, ending: str) -> Path:
    """Where it is kept: another text, tool or closing hour gives another name, whatever changed it."""
    print_of = hashlib.sha256(repr(document).encode()).hexdigest()[:24]
    return settings().var_dir / "cache" / "forms" / f"{call.id}-{language()}-{print_of}.{ending}"


def _keep(place: Path, content: bytes, call: Call) -> None:
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = place.with_suffix(f".{os.getpid()}.new")
    fresh.write_bytes(content)
    fresh.replace(place)
    for former in place.parent.glob(f"{call.id}-{language()}-*{place.suffix}"):
        if former != place:
            former.unlink(missing_ok=True)
