"""N1 to N4 over random lives of a session: 300 in ``make test``, 10,000 in ``make test-long``.

The steps are chance, the rules and the mails are the platform's own. What the mails do to a calendar is told by two
processors that are not ours, and by ours.
"""

from __future__ import annotations

import os
import random
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from app.core.signing import settings as installation
from app.exchanges.models import SessionStatus
from app.notifications.rendering import render
from app.notifications.replay import entries_of, foreign_addresses, problems, replayed
from tests.conformance.checks import CANCEL, REQUEST, UNINVITE, Expected, failed
from tests.conformance.life import Life, job_with, late_mails, objects_of, stage
from tests.conformance.processor import taken, taken_by_ical_js

QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile("usual", max_examples=300, stateful_step_count=5, deadline=None, derandomize=True, database=None,
                          suppress_health_check=QUIET, phases=[Phase.generate, Phase.shrink])  # fmt: skip
settings.register_profile("long", settings.get_profile("usual"), max_examples=10_000, stateful_step_count=16, derandomize=False)
settings.register_profile("few", settings.get_profile("usual"), max_examples=40, phases=[Phase.generate])
PROFILE = settings.get_profile(os.environ.get("HYPOTHESIS_PROFILE", "usual"))
KINDS = {"session-cancel": CANCEL, "session-uninvite": UNINVITE}
WHO, TELL = st.integers(0, 1), st.sampled_from([True, True, True, False])


class Lives(RuleBasedStateMachine):
    """Any order of what can happen; each life is undone before the next begins."""

    scene = None
    session = None
    inboxes: list = []
    common: dict = {}
    count = 0

    def __init__(self):
        super().__init__()
        self.undo = self.session.begin_nested()
        self.life = Life(self.scene)

    @rule(seconds=st.sampled_from([0, 1, 45, 150, 90_000, 700_000]))
    def time_goes_on(self, seconds):
        self.life.do(("pass_time", seconds))

    @rule()
    def a_sender_comes(self):
        self.life.do(("leave",))

    @rule(tell=TELL)
    def it_moves(self, tell):
        self.life.do(("move", tell))

    @rule(tell=TELL)
    def its_words_change(self, tell):
        self.life.do(("word", tell))

    @rule(who=WHO, word=st.sampled_from(["yes", "yes", "maybe", "no"]))
    def somebody_answers(self, who, word):
        self.life.do(("answer", who, word))

    @rule(who=WHO, tell=TELL)
    def somebody_is_uninvited(self, who, tell):
        others = [s.id for s in self.life.said if s.person == self.scene.people[1 - who].id]
        self.life.do(("uninvite", who, tell))
        fresh = [s for s in self.life.said if s.person == self.scene.people[1 - who].id and s.id not in others]
        assert [s.method for s in fresh] in ([], ["REQUEST"])  # F2: at most the seat that became free

    @rule(who=WHO, copy=st.booleans())
    def somebody_is_invited(self, who, copy):
        self.life.do(("invite", who, copy))

    @rule()
    def they_are_asked_again(self):
        before = {s.id: s.sequence for s in self.life.said}
        self.life.do(("ask_again",))
        assert all(s.method == "REQUEST" for s in self.life.said if s.id not in before)

    @rule(who=WHO)
    def a_mail_is_sent_once_more(self, who):
        self.life.do(("send_again", who))

    @rule()
    def reminders_fall_due(self):
        self.life.do(("remind",))

    @precondition(lambda self: self.life.row.status is SessionStatus.SCHEDULED and len(self.life.said) > 3)
    @rule(tell=TELL)
    def it_is_cancelled(self, tell):
        self.life.do(("cancel", tell))

    def teardown(self):
        try:
            self.life.do(("finish",))
            self._n1()
            self._n2_n3()
            self._n4()
        finally:
            self.undo.rollback()
            type(self).count += 1

    def _n1(self):
        for person in self.scene.people:
            mine = [s for s in self.life.said if s.person == person.id]
            assert len({s.uid for s in mine}) <= 1
            stamps = [s.dtstamp for s in mine]
            assert all(a < b for a, b in pairwise(stamps)), stamps
            numbers = [s.sequence for s in mine]
            assert numbers == sorted(numbers), numbers
            for one, nxt in pairwise(mine):
                if nxt.method == "CANCEL" and one.method == "REQUEST":
                    assert nxt.sequence > one.sequence  # E1, F1
                if one.method == "CANCEL" and nxt.method == "REQUEST":
                    assert nxt.sequence > one.sequence  # F3

    def _n2_n3(self):
        life = self.life
        found = objects_of(life, self.common)
        for number, person in enumerate(self.scene.people):
            mine = [s for s in life.said if s.person == person.id and s.id in found]
            for one in mine:
                row, raw = found[one.id]
                assert failed(raw, expected(row, one)) == [], raw.decode()
            wanted = {}
            if mine and mine[-1].truth is not None:
                wanted = {mine[-1].uid: {"sequence": mine[-1].sequence, **mine[-1].truth}}
            if not (life.quiet or life.row.is_over(life.now)):  # all was told, in time: the calendar is what the platform holds
                stands = life.stands(number) and mine
                assert wanted == ({mine[-1].uid: {"sequence": mine[-1].sequence, **life.truth()}} if stands else {})
            order = [found[s.id][1] for s in mine]
            random.Random(len(order) * 7 + self.count).shuffle(order)
            assert taken(person.email, order) == wanted
            ours = replayed((e for raw in order for e in entries_of(raw)), person.email)
            assert {u: h.entry.summary for u, h in ours.items() if not h.gone} == {u: w["summary"] for u, w in wanted.items()}
            self.inboxes.append((person.email, order, wanted))
            if self.count % 25 == 0 and mine:
                self._whole_mail([found[s.id][0] for s in mine])

    def _whole_mail(self, rows):
        jobs = [job_with(row, self.common[row.common_id]) for row in rows]
        assert foreign_addresses(render(jobs[-1], now=self.life.now).content, rows[-1].address) == set()
        assert problems(jobs[-1], jobs[:-1], now=self.life.now) == []

    def _n4(self):
        life, row = self.life, self.life.row
        if row.cancelled_at is not None:
            assert late_mails(life, row.cancelled_at + timedelta(seconds=1)) == []
        if self.count % 10:
            return
        over = row.ends_at
        life.now = over + timedelta(minutes=1)
        known = len(life.said)
        for step in (("invite", 0, False), ("ask_again",), ("move", True), ("word", True), ("cancel", True), ("remind",)):
            life.do(step)
        assert len(life.said) == known
        life.leave()
        assert late_mails_after(life, over) == []


def late_mails_after(life, moment):
    """What left after the end; what waited is over, and never leaves."""
    return [kind for kind, state in late_mails(life, moment) if state == "sent"]


def expected(row, one):
    """What is known of a mail's object from its row."""
    kind = KINDS.get(row.kind, REQUEST)
    return Expected(
        kind=kind, organizer=installation().organizer_address, reader=row.address, reader_name=row.recipient_name,
        language=row.locale, sequence=one.sequence, dtstamp=one.dtstamp, uid=one.uid, joins=kind == REQUEST and "links" in row.facts
        and not _informs(row), asked=not _informs(row), summary=None if one.truth is None else str(one.truth["summary"]),
    )  # fmt: skip


def _informs(row):
    return not Lives.common[row.common_id]["asks"]


@pytest.mark.slow
@pytest.mark.line("N1", "N2", "N3", "N4", "B5", "D1", "D3", "D4", "D5", "E1", "F1", "F2", "F3")
def test_any_life_keeps_identity_privacy_outcome_and_silence(session):
    scene = stage()
    machine = type("History", (Lives,), {"scene": scene, "session": session, "count": 0})
    Lives.inboxes, Lives.common = [], {}
    run_state_machine_as_test(machine, settings=PROFILE)
    assert machine.count >= PROFILE.max_examples
    for (_, _, wanted), held in zip(Lives.inboxes, taken_by_ical_js([(o, raws) for o, raws, _ in Lives.inboxes]), strict=True):
        assert held == wanted
