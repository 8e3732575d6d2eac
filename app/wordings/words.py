"""What the audit log says of wordings and read templates, in the reader's words."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.audit.words import register

register(
    actions={
        "wording.changed": _l("Wording changed"),
        "wording.taken_back": _l("Wording taken back"),
        "template.reviewed": _l("Template read and found right"),
    },
    fields={"wording": _l("Wording"), "template": _l("Template")},
    kinds={"wording": _l("Wording"), "template": _l("Template")},
)
