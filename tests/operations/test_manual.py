"""The page for operators: every command it names is one, with the options it names; the image and compose say the same."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from tests.journeys.platform import ROOT

MANUAL = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
COMMANDS = sorted(set(re.findall(r"\bflask (?:--app app )?([a-z][a-z -]*[^\n`#]*)", MANUAL)))


def words_of(line):
    return [word for word in shlex.split(line.replace("…", "x").replace("[", "").replace("]", "")) if word]


def test_the_manual_names_commands():
    assert len(COMMANDS) > 8
    assert any(line.startswith("outbox go --cancel-held") for line in COMMANDS)


@pytest.mark.parametrize("line", COMMANDS)
def test_each_command_and_option_of_the_manual_is_there(app, line):
    name, *rest = words_of(line.replace("people|organisations", "people organisations"))
    with click.Context(app.cli) as context:
        command = app.cli.get_command(context, name)
        assert command is not None, line
        if isinstance(command, click.Group) and rest:
            command = command.get_command(context, rest[0].split("|")[0])
            assert command is not None, line
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= known, line


def test_compose_starts_programs_that_are_there_and_one_beat():
    assert re.findall(r"command: (?:flask --app app|python -OO -m) (\S+)", COMPOSE) == ["prepare", "worker", "worker.beat"]
    beat = COMPOSE[COMPOSE.index("  beat:") :]
    assert "replicas: 1" in beat
    assert "FLASK_APP=app" in (ROOT / "Containerfile").read_text(encoding="utf-8")
