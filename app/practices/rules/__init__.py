"""Every change of tools, practices, resources and their files."""

from app.practices.rules.documents import add_document, keep_document, remove_document
from app.practices.rules.subjects import set_subjects, subjects_of
from app.practices.rules.writing import change, create, hide, publish, reviewed

__all__ = [
    "add_document", "change", "create", "hide", "keep_document", "publish", "remove_document", "reviewed", "set_subjects",
    "subjects_of",
]  # fmt: skip
