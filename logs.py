"""What every process writes down about itself: one line an event, with ids, and nothing about people.

In production a line is one JSON object, for programs; in development it is text, for eyes (``LOG_FORMAT``). Which request or
mail a line is about stands in it by itself. Of what code gives along with ``extra`` only the fields named here are written.
Addresses and keys are taken out of every text. Of an error stand its class, its stack, and its text where no text of a
person can be in it. Needs nothing but the standard library, so that beat and the web server can use it before the app is there.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

FORMATS = ("json", "plain")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
FIELDS = frozenset(
    {"route", "method", "status", "ms", "kind", "result", "code", "attempts", "task", "count", "state", "seconds", "ended_with"}
)
"""What ``extra`` may hold. Everything else is left out, so that nobody logs a row or a form by mistake."""
LONGEST = 500
request_id: ContextVar[str] = ContextVar("request_id", default="")
message_id: ContextVar[str] = ContextVar("message_id", default="")
_program = "command"

_QUERY = re.compile(r"\?[^\s'\"<>]*=[^\s'\"<>]*")
_ADDRESS = re.compile(r"""(?:"[^"\n]*"|[^\s<>"'(),;:\[\]{}=/]+)(?:@|%40)[^\s<>"'(),;:\[\]{}/]+""")
_LONG = re.compile(r"[A-Za-z0-9_-]{20,}")
_IPV4 = re.compile(r"(?<![\w.])(?!127\.|0\.0\.0\.0)(?:\d{1,3}\.){3}\d{1,3}(?![\w.])")
_IPV6 = re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){3,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_QUOTED = re.compile(r"""(?<!\w)[bru]{0,2}(?:'((?:[^'\\\n]|\\.)*)'?|"((?:[^"\\\n]|\\.)*)"?)""")
_NAME = re.compile(r"[a-z0-9_.]*[a-z0-9][_.][a-z0-9_.]*")  # of a constraint, a column, a module
_TELL = frozenset(
    {
        "OSError", "ImportError", "AttributeError", "TypeError", "NameError", "LookupError", "RuntimeError", "MemoryError",
        "SQLAlchemyError", "Error", "TemplateError", "KombuError",
    }
)  # fmt: skip
"""Classes of errors whose text is the program's own; others (ValueError before all) repeat what they could not read."""
_REPEAT = ("smtplib", "imaplib", "imapclient", "email", "icalendar")
"""Libraries whose errors repeat what another server or a mail said."""
_OURS = ("app", "worker", "config", "logs")


def named(program: str) -> None:
    """Which program this process is: web, worker, beat; commands by default."""
    global _program
    _program = program


@contextmanager
def about(*, request: str = "", message: str = "") -> Iterator[None]:
    """Lines written inside are about this request or this mail."""
    before = request_id.get(), message_id.get()
    request_id.set(request or before[0])
    message_id.set(message or before[1])
    try:
        yield
    finally:
        request_id.set(before[0])
        message_id.set(before[1])


def clean(text: str) -> str:
    """A text without addresses, keys, query strings and where somebody connects from."""
    if "?" in text:
        text = _QUERY.sub("?…", text)
    if "@" in text or "%40" in text:
        text = _ADDRESS.sub("<address>", text)
    text = _LONG.sub(_without_key, text)
    if "." in text:
        text = _IPV4.sub("<ip>", text)
    return _IPV6.sub("<ip>", text) if text.count(":") > 2 else text


def _without_key(found: re.Match[str]) -> str:
    """Keys mix capitals, small letters and digits; ids, names of functions and checksums do not."""
    word = found[0]
    mixed = any(c.isupper() for c in word) and any(c.islower() for c in word) and any(c.isdigit() for c in word)
    return "<token>" if mixed else word


def unquoted(text: str) -> str:
    """A text without what stands in quotation marks, where libraries repeat what they read; names of constraints stay."""
    return _QUOTED.sub(_name_only, text)


def _name_only(found: re.Match[str]) -> str:
    return found[0] if _NAME.fullmatch(found[1] or found[2] or "") else ("'…'" if found[1] is not None else '"…"')


def _told(error: BaseException) -> str:
    """Class and text of an error; of the text the first line, since PostgreSQL quotes rows in the others."""
    name = type(error).__name__
    if type(error).__module__.partition(".")[0] in _REPEAT or not any(parent.__name__ in _TELL for parent in type(error).__mro__):
        return name
    text = str(error).strip().partition("\n")[0]
    return f"{name}: {clean(unquoted(text))[:LONGEST]}" if text else name


def stack(error: BaseException, trace: TracebackType | None = None) -> str:
    """Where it happened, and from which error this one came: files and lines of code, no values."""
    parts: list[str] = []
    at: BaseException | None = error
    while at is not None and len(parts) < 5:
        frames = traceback.format_tb(trace if at is error and trace else at.__traceback__)
        parts.append("".join(frames) + _told(at))
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return "\nwhich led to\n".join(reversed(parts))


def _plain(value: object) -> object:
    return value if isinstance(value, bool | int | float) or value is None else clean(str(value))[:LONGEST]


def facts(record: logging.LogRecord) -> dict[str, Any]:
    """A record as the fields that may be written."""
    message = record.getMessage()
    if not record.name.startswith(_OURS):
        message = unquoted(message)
    told: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(), "logger": record.name, "event": clean(message)[:LONGEST],
        "program": _program, "process": record.process, "thread": record.threadName,
    }  # fmt: skip
    for name, kept in (("request_id", request_id), ("message_id", message_id)):
        if value := kept.get():
            told[name] = value
    told |= {name: _plain(value) for name, value in record.__dict__.items() if name in FIELDS}
    if record.exc_info and record.exc_info[1] is not None:
        told["error"] = type(record.exc_info[1]).__name__
        told["stack"] = stack(record.exc_info[1], record.exc_info[2])
    return told


class Json(logging.Formatter):
    """One object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        return json.dumps(facts(record), ensure_ascii=False, separators=(",", ":"))


class Plain(logging.Formatter):
    """The same for eyes: when, how bad, who, what, and the rest as name=value."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text, its stack below."""
        told = facts(record)
        below = "\n" + told.pop("stack") if "stack" in told else ""
        first = f"{told.pop('time')} {told.pop('level').upper()} {told.pop('logger')} {told.pop('event')}"
        del told["program"], told["thread"]
        return " ".join([first, *(f"{name}={value}" for name, value in told.items() if value is not None)]) + below


def formatter(form: str) -> logging.Formatter:
    """The formatter of this name."""
    return Json() if form == "json" else Plain()


def wanted(env: dict[str, str]) -> tuple[str, str]:
    """Format and level that an environment asks for."""
    form = env.get("LOG_FORMAT") or ("json" if env.get("PATHWAYS_ENV") == "production" else "plain")
    return form, (env.get("LOG_LEVEL") or "INFO").upper()


def handler(form: str) -> logging.Handler:
    """Where lines go: standard error, which whoever started the process keeps."""
    there = logging.StreamHandler()
    there.setFormatter(formatter(form))
    return there


def configure(form: str, level: str) -> None:
    """For commands, and for a web process that other hands started: lines are ours unless somebody chose others."""
    logging.basicConfig(handlers=[handler(form)], level=level)
    _quiet()


def start(program: str) -> None:
    """For a process of its own: every line of it is ours, also warnings and what nobody caught."""
    form, level = wanted(dict(os.environ))
    named(program)
    logging.basicConfig(handlers=[handler(form)], level=level, force=True)
    _quiet()
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt | SystemExit):
        sys.__excepthook__(kind, error or kind(), trace)
        return
    logging.getLogger("logs").critical("ended by an error", exc_info=(kind, error or kind(), trace))


def _quiet() -> None:
    for chatty in ("whitenoise", "alembic", "celery.beat"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
