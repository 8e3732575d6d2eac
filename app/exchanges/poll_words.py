"""The words pages, mails and the log use for polls. Labels only."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from app.audit import words as audit
from app.exchanges import words
from app.exchanges.models import Vote

FIELDS: dict[str, Any] = {
    "titles": words.FIELDS["titles"],
    "minutes": words.FIELDS["minutes"],
    "zone": words.FIELDS["zone"],
    "deadline_local": _l("Deadline"),
    "deadline_at": _l("Deadline (UTC)"),
    "remind": _l("Reminders, in minutes before the deadline"),
}

VOTES: dict[Vote, Any] = {Vote.YES: _l("Yes"), Vote.IF_NEEDED: _l("If needed"), Vote.NO: _l("No")}

audit.register(
    {
        "poll.created": _l("Poll created"),
        "poll.changed": _l("Poll changed"),
        "poll.slots_added": _l("Times added to the poll"),
        "poll.slot_withdrawn": _l("Time withdrawn from the poll"),
        "poll.asked": _l("People asked"),
        "poll.withdrawn": _l("Person asked no more"),
        "poll.answered": _l("Answer to the poll recorded"),
        "poll.closed": _l("Poll closed"),
        "poll.reopened": _l("Poll opened again"),
        "poll.handed_over": _l("Question of a poll handed over"),
        "poll.clocks_changed": _l("Clock rules changed, times of the poll moved"),
    },
    {
        **FIELDS,
        "slots": _l("Times"),
        "slot": _l("Time (UTC)"),
        "asked": _l("People asked"),
        "session": _l("Session"),
        "answers": _l("Answers"),
        "question": _l("Question"),
        "source": _l("How it came"),
    },
    {"poll": _l("Date poll")},
)
audit.register_values({"poll.answers": VOTES})
audit.register_notes({
    **{f"poll.answered:{word}": said for word, said in words.ROUTES.items()},
    **{f"poll.asked:{word}": said for word, said in words.BECAUSE.items()},
    "poll.closed:told": _l("Everyone was told"), "poll.closed:untold": _l("Nobody was told"),
})  # fmt: skip
