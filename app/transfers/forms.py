"""The form of an upload."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField

from app.core.forms import OnceForm, TidySelect, needed
from app.transfers.models import Kind

_CHOOSE = _l("Choose one from the list.")


class UploadForm(OnceForm):
    """A table, and what it is for."""

    file = FileField(_l("Table"), [needed(_l("Choose a file."))])


class UpdatingForm(UploadForm):
    """Rows may change what is there."""

    update = BooleanField(_l("Update those that exist already; an empty cell changes nothing"))


class SessionUploadForm(UploadForm):
    """Participants go into a session."""

    session_id = TidySelect(_l("Session"), [needed(_CHOOSE)])


class CallUploadForm(UploadForm):
    """Expressions answer a call."""

    call_id = TidySelect(_l("Call"), [needed(_CHOOSE)])


FORMS: dict[Kind, type[UploadForm]] = {
    Kind.PEOPLE: UpdatingForm,
    Kind.ORGANISATIONS: UpdatingForm,
    Kind.PARTICIPANTS: SessionUploadForm,
    Kind.EXPRESSIONS: CallUploadForm,
    Kind.CALENDARS: UploadForm,
}


class AskForm(OnceForm):
    """The button that asks for an archive."""


def options_of(form: Any) -> dict[str, Any]:
    """The choices of an upload as the row keeps them."""
    found: dict[str, Any] = {"update": bool(form.update.data)} if "update" in form else {}
    for name in ("session_id", "call_id"):
        if name in form:
            found[name] = str(form[name].data)
    return found
