"""Single lives that chance finds seldom: each was once a way for a calendar to end with what no longer holds."""

from __future__ import annotations

import pytest

from tests.conformance.life import Life, objects_of, stage
from tests.conformance.processor import taken

YES, NO = ("answer", 0, "yes"), ("answer", 0, "no")
LEAVE = ("leave",)
LIVES = {
    "an answer taken back before its confirmation left, after a move": [LEAVE, ("move", True), YES, NO],
    "the same when the confirmation had left": [LEAVE, ("move", True), YES, LEAVE, NO],
    "moved, answered, moved": [LEAVE, YES, ("move", True), YES, ("move", True), NO],
    "a copy first, then an invitation that never left": [("uninvite", 0, True), ("invite", 0, True), LEAVE, ("invite", 0, False)],
    "a seat passed on after a move": [LEAVE, YES, ("answer", 1, "yes"), ("move", True), NO],
    "a seat passed on and given back": [LEAVE, YES, ("answer", 1, "yes"), ("move", True), NO, ("answer", 1, "no")],
    "asked again and moved before it left": [LEAVE, ("pass_time", 90_000), ("ask_again",), ("move", True)],
}


def calendar_of(life, number):
    found = objects_of(life, {})
    mine = [s for s in life.said if s.person == life.stage.people[number].id and s.id in found]
    return [s.method for s in mine], list(taken(life.stage.people[number].email, [found[s.id][1] for s in mine]).values())


@pytest.mark.line("N3")
@pytest.mark.parametrize("story", LIVES)
def test_the_calendar_ends_with_what_holds(session, story):
    life = Life(stage())
    for step in LIVES[story]:
        life.do(step)
    life.do(("finish",))
    for number in range(2):
        methods, held = calendar_of(life, number)
        assert [{k: v for k, v in entry.items() if k != "sequence"} for entry in held] == [life.truth()], (number, methods)


@pytest.mark.line("E4", "F1", "N3")
@pytest.mark.parametrize("tell", [True, False])
def test_who_was_uninvited_learns_of_it_although_the_session_is_cancelled_before_that_mail_left(session, tell):
    life = Life(stage())
    for step in (LEAVE, ("uninvite", 1, True), ("cancel", tell), ("finish",)):
        life.do(step)
    assert calendar_of(life, 1) == (["REQUEST", "CANCEL"], [])
    assert calendar_of(life, 0)[0] == (["REQUEST", "CANCEL"] if tell else ["REQUEST"])
