"""Every mail the platform writes, as somebody invented would get it: for those who read it before anybody else does.

``samples/<story>.json`` holds the facts of one mail: common to all languages, and what differs in each.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from jinja2 import nodes
from jinja2.ext import extract_from_ast
from jinja2.meta import find_referenced_templates

from app.core.signing import settings
from app.notifications.compose import mail_environment
from app.notifications.kinds import topic_of
from app.notifications.rendering import Job, preview_of
from app.wordings.reviews import Made, Sample, Sort

SAMPLES = Path(__file__).resolve().parent / "samples"
PARTS = ("subject.txt", "body.txt", "body.html")
GREETINGS = frozenset({("", "Dear %(form)s,"), ("", "Dear %(name)s,"), ("", "Hello,")})
"""What ``compose`` puts before every mail."""
TO_ADDRESSES = frozenset({"test-mail"})
"""Kinds that go to an address and never to somebody on record."""
HOST = "https://network.example"


@cache
def kinds() -> tuple[str, ...]:
    """Every kind of mail: a folder each."""
    loader = current_app.jinja_loader
    assert loader is not None
    found = re.compile(r"emails/([^/_][^/]*)/body\.txt")
    return tuple(sorted({m[1] for name in loader.list_templates() if (m := found.fullmatch(name))}))


@cache
def stories(kind: str) -> tuple[dict[str, Any], ...]:
    """The samples of a kind: an invitation differs for a delegate, an update for another hour and for other words."""
    read = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(SAMPLES.glob("*.json"))]
    return tuple(story for story in read if story["kind"] == kind)


@cache
def _made_of(kind: str) -> Made:
    """The files of a kind and of all they are built from, and every sentence in them."""
    env = mail_environment()
    assert env.loader is not None
    wanted, seen, says = [f"emails/{kind}/{part}" for part in PARTS], {}, set(GREETINGS)
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen[name] = source = env.loader.get_source(env, name)[0]
        tree = env.parse(source)
        says |= _sentences(tree)
        wanted += [other for other in find_referenced_templates(tree) if other]
    return Made("\n".join(f"{name}\n{seen[name]}" for name in sorted(seen)), frozenset(says))


def _sentences(tree: nodes.Template) -> set[tuple[str, str]]:
    found = set()
    functions = ("_", "gettext", "ngettext", "pgettext", "npgettext")
    for _line, function, said in extract_from_ast(tree, functions, babel_style=False):
        words = [said] if isinstance(said, str) else [str(part or "") for part in said or ()]
        found.add((words[0], words[1]) if function in ("pgettext", "npgettext") else ("", words[0]))
    return found


def made_of(kind: str, _language: str) -> Made:
    """The same files in every language; the register adds what each says there."""
    return _made_of(kind)


def samples(kind: str, language: str) -> list[Sample]:
    """The mails of a kind in a language, links blanked."""
    found = []
    for story in stories(kind):
        shown = preview_of(job(story, language))
        found.append(Sample(shown.subject, shown.text, shown.html, shown.calendar))
    return found


def job(story: Mapping[str, Any], language: str) -> Job:
    """A sample as the sender would take it."""
    told = {**story, **story["languages"][language]}
    host = settings().base_url
    told = json.loads(json.dumps(told).replace(HOST, host))
    return Job(
        id=uuid.UUID(int=1), kind=told["kind"], address="reader@example.org", locale=language, zone=told["zone"],
        recipient_name=told["recipient_name"], salutation=told["salutation"], facts=told["facts"], common_id=None,
        common=told["common"], created_at=datetime.fromisoformat(told["created_at"]), ical_method=told["ical_method"],
        ical_uid=told["ical_uid"], ical_sequence=told["ical_sequence"],
        recipient_id=None if told["kind"] in TO_ADDRESSES else uuid.UUID(int=2), topic=topic_of(told["kind"]),
    )  # fmt: skip


_labels: dict[str, Any] = {}


def name_kinds(labels: Mapping[str, Any]) -> None:
    """What each kind is called; the room that shows mails knows."""
    _labels.update(labels)


MAILS = Sort("mail", _l("Mails"), kinds, lambda kind: _labels.get(kind, kind), made_of, samples)
