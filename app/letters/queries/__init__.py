"""Every read of letters, of the register, of the wording, and of what letters are about."""

from app.letters.queries.formulas import formula_gaps, not_reviewed, revisions_of, signatories, standings, wordings
from app.letters.queries.letters import (
    SUBJECT,
    awaiting,
    files_of,
    issued_about,
    letter_in_view,
    letters_of,
    may_answer,
    open_sets,
    replaced_by,
    set_in_view,
    sets_visible_to,
    stands,
    to_print,
    visible_to,
)
from app.letters.queries.register import Entry, Filters, every, page
from app.letters.queries.subjects import DECIDED, Party, Recipient, Subject, on_paper, parties, subject_of, subjects_of

__all__ = [
    "DECIDED", "SUBJECT", "Entry", "Filters", "Party", "Recipient", "Subject", "awaiting", "every", "files_of", "formula_gaps",
    "issued_about", "letter_in_view", "letters_of", "may_answer", "not_reviewed", "on_paper",
    "open_sets", "page", "parties", "replaced_by",
    "revisions_of", "set_in_view", "sets_visible_to", "signatories", "standings", "stands", "subject_of", "subjects_of", "to_print",
    "visible_to", "wordings",
]  # fmt: skip
