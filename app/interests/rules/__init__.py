"""Every change of calls and expressions of interest, as verbs. Each refuses with a sentence, or does it and writes a log line."""

from app.interests import words as _words  # noqa: F401 - the audit log learns what these changes are called
from app.interests.models import Source
from app.interests.rules.behalf import Came, answer_on_behalf, correct, enter, receive_endorsement
from app.interests.rules.calls import change_call, create_call, hide, publish
from app.interests.rules.complete import Missing, missing
from app.interests.rules.drafts import (
    attach_endorsement,
    keep_step,
    keep_typing,
    mail_resume_link,
    remove_endorsement,
    start,
)
from app.interests.rules.labels import relabel
from app.interests.rules.moving import make_move
from app.interests.rules.opinions import ask_opinions, declare_conflict, give_opinion, pass_on, time_left, withdraw_conflict
from app.interests.rules.review import accept, answer, ask, assign, begin_review, decline, note, reopen, waitlist, withdraw
from app.interests.rules.sending import ask_to_confirm_again, confirm_address, next_reference, submit
from app.interests.rules.tidy import clear_expired_drafts, erase_old_expressions

__all__ = [
    "Came", "Missing", "Source", "accept", "answer", "answer_on_behalf", "ask", "ask_opinions", "ask_to_confirm_again",
    "assign", "attach_endorsement", "begin_review", "change_call", "clear_expired_drafts", "confirm_address", "correct",
    "create_call", "declare_conflict", "decline", "enter", "erase_old_expressions", "give_opinion", "hide", "keep_step",
    "keep_typing", "mail_resume_link", "make_move", "missing", "next_reference", "note", "pass_on", "publish",
    "receive_endorsement", "relabel", "remove_endorsement", "reopen", "start", "submit", "time_left", "waitlist", "withdraw",
    "withdraw_conflict",
]  # fmt: skip
