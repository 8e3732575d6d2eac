"""What imports and archives are called, and where they stand."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from app.audit.words import register, register_values
from app.transfers.models import ArchiveState, ImportState, Kind

KINDS: dict[Kind, Any] = {
    Kind.PEOPLE: _l("People"),
    Kind.ORGANISATIONS: _l("Organisations"),
    Kind.PARTICIPANTS: _l("Participants of a session"),
    Kind.EXPRESSIONS: _l("Expressions of interest"),
    Kind.CALENDARS: _l("Corrections of calendars"),
}

STATES: dict[ImportState, tuple[Any, str]] = {
    ImportState.CHECKING: (_l("Being checked"), "warn"),
    ImportState.REFUSED: (_l("To be corrected"), "bad"),
    ImportState.CHECKED: (_l("Waits for your word"), "warn"),
    ImportState.RUNNING: (_l("Being imported"), "warn"),
    ImportState.DONE: (_l("Done"), "good"),
    ImportState.STOPPED: (_l("Stopped"), ""),
}

ARCHIVE_STATES: dict[ArchiveState, tuple[Any, str]] = {
    ArchiveState.ASKED: (_l("Being made"), "warn"),
    ArchiveState.READY: (_l("Ready"), "good"),
    ArchiveState.FAILED: (_l("Failed"), "bad"),
}

WHAT: dict[str, tuple[Any, str]] = {
    "new": (_l("New"), "good"),
    "updated": (_l("Exists: will be updated"), "brand"),
    "left": (_l("Exists: will be left"), ""),
}
"""What a row will do."""

DID: dict[str, tuple[Any, str]] = {
    "new": (_l("New"), "good"),
    "updated": (_l("Updated"), "brand"),
    "left": (_l("Left as it was"), ""),
}
"""What a row did."""

register(
    {
        "import.uploaded": _l("Table uploaded"),
        "import.done": _l("Table imported"),
        "import.stopped": _l("Import stopped"),
        "archive.asked": _l("Archive asked for"),
        "archive.downloaded": _l("Archive downloaded"),
    },
    {"new": _l("New"), "updated": _l("Updated"), "left": _l("Left as it was"), "file": _l("File")},
    {"import": _l("Imported table"), "archive": _l("Archive of an exchange")},
)
register_values({"import.kind": KINDS})
