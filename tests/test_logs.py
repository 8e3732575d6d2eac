"""Lines of the log: one JSON object each, only named fields, and nothing that is a person's."""

from __future__ import annotations

import io
import json
import logging
import smtplib

import pytest

import config
import logs


@pytest.fixture
def lines():
    """What a logger of ours and one of a library write, as objects."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logs.Json())
    loggers = [logging.getLogger(name) for name in ("app.lines", "library.lines")]
    for logger in loggers:
        logger.addHandler(handler)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    for logger in loggers:
        logger.removeHandler(handler)


ours, theirs = logging.getLogger("app.lines"), logging.getLogger("library.lines")


def test_a_line_says_when_who_what_and_which_request_and_mail(lines):
    with logs.about(request="r" * 32, message="m" * 32):
        ours.warning("delivery", extra={"result": "refused", "code": 550, "address": "nora@alvania.example", "facts": {"name": "Nora"}})
    ours.warning("later")
    first, second = lines()
    assert first["time"].endswith("Z") and len(first["time"]) == 24
    fixed = {k: v for k, v in first.items() if k not in ("time", "process", "thread")}
    assert fixed == {
        "level": "warning", "logger": "app.lines", "event": "delivery", "program": "command", "request_id": "r" * 32,
        "message_id": "m" * 32, "result": "refused", "code": 550,
    }  # fmt: skip
    assert "request_id" not in second and "message_id" not in second


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("to nora.sabri+x@alvania.example now", "to <address> now"),
        ('"Nora Sabri"@alvania.example', "<address>"),
        ("нора@почта.example; nora%40alvania.example", "<address>; <address>"),
        ("redis://:secret@broker.internal:6379/0", "redis://:<address>:6379/0"),
        ("GET /en/answer/AZKxjAharnGXiC4lVRVglgGSMYwIWnF9iBMuRVFWDpYabcdefgh12", "GET /en/answer/<token>"),
        ("/en/desk/people?q=Nora+Sabri HTTP/1.1", "/en/desk/people?… HTTP/1.1"),
        ("row 01a2318c-085a-717d-8813-2e4551560e96 of test_a_name_of_a_function_of_ours", None),
        ("Invalid request from ip=203.0.113.9", "Invalid request from ip=<ip>"),
        ("from 2001:db8:0:1::9, on 127.0.0.1:8000", "from <ip>, on 127.0.0.1:8000"),
    ],
)
def test_addresses_keys_and_searches_are_taken_out(said, written):
    assert logs.clean(said) == (said if written is None else written)


def test_of_an_error_stand_class_and_stack_and_no_text_of_others(lines):
    errors = [
        ValueError("Nora Sabri is no date"), KeyError("Nora Sabri"), TypeError("can't add 'Nora Sabri' to int"),
        smtplib.SMTPRecipientsRefused({"nora@alvania.example": (550, b"Nora Sabri moved")}),
        ConnectionRefusedError(111, "Connection refused"),
    ]  # fmt: skip
    for error in errors:
        try:
            try:
                raise error
            except Exception as first:
                raise RuntimeError("the step failed") from first
        except RuntimeError:
            ours.exception("failed")
    found = lines()
    assert "Nora" not in json.dumps(found) and "alvania" not in json.dumps(found)
    for line, error in zip(found, errors, strict=True):
        assert line["error"] == "RuntimeError" and line["stack"].endswith("RuntimeError: the step failed")
        assert f"{type(error).__name__}" in line["stack"] and "test_logs.py" in line["stack"]
    assert "Connection refused" in found[-1]["stack"]


def test_what_libraries_quote_is_left_out_and_names_of_constraints_stay(lines):
    theirs.warning('duplicate key value violates "uq_people_email_folded": "Nora Sabri" and \'Nora')
    (line,) = lines()
    assert line["event"] == "duplicate key value violates \"uq_people_email_folded\": \"…\" and '…'"


def test_plain_lines_are_for_eyes():
    record = logging.LogRecord("app.x", logging.INFO, __file__, 1, "request", (), None)
    record.status, record.form = 200, {"name": "Nora"}
    told = logs.Plain().format(record)
    assert "INFO app.x request" in told and told.endswith("status=200") and "Nora" not in told


@pytest.mark.parametrize(
    ("env", "wanted"),
    [({}, ("plain", "INFO")), ({"PATHWAYS_ENV": "production"}, ("json", "INFO")),
     ({"PATHWAYS_ENV": "production", "LOG_FORMAT": "plain", "LOG_LEVEL": "debug"}, ("plain", "DEBUG"))],
)  # fmt: skip
def test_production_writes_objects_and_a_setting_says_otherwise(env, wanted):
    assert logs.wanted(env) == wanted


@pytest.mark.parametrize("env", [{"LOG_FORMAT": "xml"}, {"LOG_LEVEL": "loud"}])
def test_a_slip_in_a_setting_is_a_sentence(env):
    with pytest.raises(config.BadSettings, match="LOG_FORMAT takes json or plain, LOG_LEVEL DEBUG, INFO"):
        config.load(env)


def test_a_short_token_of_monitors_does_not_run_in_production():
    env = {
        "PATHWAYS_ENV": "production", "SECRET_KEY": "k" * 40, "BASE_URL": "https://m.example", "DATABASE_URL": "postgresql://h/d",
        "REDIS_URL": "unix:///r", "SMTP_URL": "smtp://127.0.0.1", "ORGANIZER_ADDRESS": "a@m.example", "CONTACT_ADDRESS": "b@m.example",
    }  # fmt: skip
    assert config.load(env).log_format == "json"
    with pytest.raises(config.BadSettings, match="METRICS_TOKEN is shorter than 32 characters"):
        config.load({**env, "METRICS_TOKEN": "short"})
