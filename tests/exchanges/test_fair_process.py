"""Planning in a process of its own: told, stopped, refused, and never loaded by what lives for weeks."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from app.exchanges.fair import client
from app.exchanges.fair.places import Effort, Series
from app.exchanges.fair.plan import Answer
from app.exchanges.fair.planner import plans
from app.exchanges.fair.scale import Refused
from app.exchanges.fair.wire import packed, unpacked
from tests.exchanges.test_fair_plan import small, three


def test_another_process_plans_the_same_and_tells_how_far_it_is():
    news, kept = [], []
    answer = client.plan(three(), told=news.append, kept=kept.append)
    assert packed(answer) == packed(plans(three())) and not answer.stopped
    shares = [one.done for one in news]
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert {"fixed", "first", "worst", "levels", "done", "frontier"} <= {one.stage for one in news}
    assert all(one.bound <= one.worst for one in news if one.stage == "done")
    assert packed(kept[-1]) == packed(answer)


def test_a_stopped_plan_is_the_best_so_far():
    news = []
    answer = client.plan(replace(three(), effort=Effort(500.0)), told=news.append, stop=lambda: len(news) > 2)
    assert answer.stopped and answer.plans and answer.plans[0].mode == "fixed"
    assert all(len(plan.sessions) == 4 for plan in answer.plans)


def test_a_process_that_fails_leaves_its_best_plan_or_its_words(monkeypatch, tmp_path):
    broken = tmp_path / "broken.py"
    monkeypatch.setattr(client, "PROGRAM", broken)
    broken.write_text("import sys; sys.stdin.read(); sys.exit('no memory')")
    with pytest.raises(client.NotPlanned, match="no memory"):
        client.plan(three())
    best = plans(replace(three(), modes=("fixed",)))
    broken.write_text(f"import sys; sys.stdin.read(); print({packed({'kept': best})!r}, flush=True); sys.exit(1)")
    assert client.plan(three()) == replace(best, stopped=True)
    broken.write_text("import sys; sys.exit('at once')")
    with pytest.raises(client.NotPlanned):
        client.plan(three())


def test_what_cannot_be_planned_is_refused_by_the_process_too():
    with pytest.raises(Refused) as refused:
        client.plan(replace(three(), weeks_ahead=52))
    assert (refused.value.where, refused.value.why) == ("session s0", "no_start")


def test_a_series_and_an_answer_come_back_as_they_were():
    for number in range(20):
        assert unpacked(Series, packed(small(number))) == small(number)
    answer = plans(replace(three(), modes=("fixed",)))
    assert unpacked(Answer, packed(answer)) == answer


@pytest.mark.parametrize(
    ("change", "where", "why"),
    [
        ({"places": 3}, "places", "list"),
        ({"places": []}, "places", "range"),
        ({"today": "yesterday"}, "today", "date"),
        ({"step": "30"}, "step", "int"),
        ({"step": True}, "step", "int"),
        ({"speed": 1}, "speed", "unknown"),
        ({"sessions": [{"key": "a"}]}, "sessions[0].days", "missing"),
        ({"places": [{"key": "a", "zone": "Nowhere"}]}, "places[0]: place.zone", "unknown"),
        ({"scale": {"night": 50}}, "scale: scale.night", "range"),
    ],
)
def test_each_wrong_field_is_named(change, where, why):
    with pytest.raises(Refused) as refused:
        unpacked(Series, json.dumps(json.loads(packed(three())) | change))
    assert (refused.value.where, refused.value.why) == (where, why)


def test_what_is_no_json_is_refused():
    with pytest.raises(Refused):
        unpacked(Series, "{")


def test_the_solver_is_loaded_by_no_one_who_only_asks():
    told = (
        "import sys; from app.exchanges.fair import client, heat, planner, wire;"
        "print([m for m in ('ortools', 'numpy', 'pandas', 'flask', 'sqlalchemy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
