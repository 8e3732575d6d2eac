"""How large the printed form is, to say it before somebody on a costly line loads it."""

from __future__ import annotations

from app.accounts.reader import language
from app.core.signing import settings
from app.core.text import size_words
from app.interests.models import Call


def form_sizes(call: Call) -> dict[str, str]:
    """By ending, in words; of a form that nobody has asked for yet since the call changed its former size, or nothing."""
    folder = settings().var_dir / "cache" / "forms"
    found: dict[str, str] = {}
    for ending in ("docx", "pdf"):
        kept = [file.stat() for file in folder.glob(f"{call.id}-{language()}-*.{ending}")]
        if kept:
            found[ending] = size_words(max(kept, key=lambda file: file.st_mtime).st_size)
    return found
