"""Every change of letters: prepare, write by hand, issue, enter what came, note, correct, cancel; and their wording."""

from app.letters.rules.drafting import (
    MOST,
    MOST_ANNEXES,
    Annex,
    Proof,
    discard,
    edit,
    leave_out,
    prepare,
    proofs,
    refuse_unless_ready,
)
from app.letters.rules.issuing import issue, next_number, seen
from app.letters.rules.keeping import answered, cancel, correct, receive, sent
from app.letters.rules.wordings import change, review, save_signatory

__all__ = [
    "MOST", "MOST_ANNEXES", "Annex", "Proof", "answered", "cancel", "change", "correct", "discard", "edit", "issue",
    "leave_out", "next_number", "prepare", "proofs", "receive", "refuse_unless_ready", "review", "save_signatory", "seen", "sent",
]  # fmt: skip
