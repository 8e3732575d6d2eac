"""What the database itself refuses: a move between states that ``MOVES`` does not list, and a false start.

The statements belong to the schema: a migration runs ``CREATE_GUARD``, its way back ``DROP_GUARD``.
"""

from __future__ import annotations

from sqlalchemy import DDL, event

from app.notifications.models import MOVES, Message, State

FIRST = (State.QUEUED, State.SUPPRESSED)
"""The states in which a message may be written."""


def _words(states: list[State] | tuple[State, ...]) -> str:
    return ", ".join(f"'{state.value}'" for state in states)


def _moves() -> str:
    lines = [f"(OLD.state = '{start.value}' AND NEW.state IN ({_words(sorted(ends))}))" for start, ends in MOVES.items() if ends]
    return "\n        OR ".join(lines)


CREATE_GUARD = (
    f"""CREATE OR REPLACE FUNCTION messages_guard_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state NOT IN ({_words(FIRST)}) THEN
            RAISE EXCEPTION 'a message cannot begin as %', NEW.state USING ERRCODE = 'check_violation';
        END IF;
    ELSIF NEW.state <> OLD.state AND NOT (
        {_moves()}
    ) THEN
        RAISE EXCEPTION 'a message cannot go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$""",  # noqa: S608 - the words are our own states
    """CREATE TRIGGER messages_guard_state BEFORE INSERT OR UPDATE OF state ON messages
    FOR EACH ROW EXECUTE FUNCTION messages_guard_state()""",
)
DROP_GUARD = (
    "DROP TRIGGER IF EXISTS messages_guard_state ON messages",
    "DROP FUNCTION IF EXISTS messages_guard_state()",
)

# A schema made from the models (without migrations) has the guard too.
for _statement in CREATE_GUARD:
    event.listen(Message.__table__, "after_create", DDL(_statement.replace("%", "%%")))  # type: ignore[no-untyped-call]
