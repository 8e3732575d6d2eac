"""The sample of each mail holds what the rules write today: ``UPDATE_SAMPLES=1 pytest tests/emails/test_samples.py`` writes them anew."""

from __future__ import annotations

import json
import os
import re
import uuid

import pytest

from app.core.languages import LANGUAGES
from app.core.signing import settings
from app.notifications import samples
from app.notifications.rendering import Job
from tests.emails.stories import mails

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TOKEN = re.compile(
    r"(/(?:answer|join|sign-in|welcome|status|milestones?|confirmations|corrections|drafts|questions|poll|places|circulars/read)/)[\w.~-]{16,}"
)
_REFERENCE = re.compile(r"EOI-\d{4}-\d{4,}")
NOBODY = str(uuid.UUID(int=7))
SHARED = ("kind", "zone", "created_at", "ical_method", "ical_uid", "ical_sequence")


def written(job: Job):
    """A mail of a story as a sample file holds it in one language."""
    whole = {
        "kind": job.kind, "zone": job.zone, "created_at": job.created_at.isoformat(), "ical_method": job.ical_method,
        "ical_uid": job.ical_uid, "ical_sequence": job.ical_sequence, "recipient_name": job.recipient_name,
        "salutation": job.salutation, "facts": job.facts, "common": job.common,
    }  # fmt: skip
    text = json.dumps(whole, ensure_ascii=False, sort_keys=True).replace(settings().base_url, samples.HOST)
    text = _TOKEN.sub(r"\1sample", _REFERENCE.sub("EOI-2026-0007", _UUID.sub(NOBODY, text)))
    made = json.loads(text)
    made["facts"].pop("attachments", None)  # nobody opens them here
    if "codes" in made["facts"]:
        made["facts"]["codes"] = dict.fromkeys(made["facts"]["codes"], "sample")
    return made


def test_samples_hold_what_the_rules_write_in_every_language(session):
    stories = {}
    for language in LANGUAGES:
        for story, mail in mails(session, "minister", language).items():
            made = written(mail.job)
            kept = stories.setdefault(story, {**{name: made[name] for name in SHARED}, "languages": {}})
            kept["languages"][language] = {name: made[name] for name in made if name not in SHARED}
    if os.environ.get("UPDATE_SAMPLES") == "1":
        samples.SAMPLES.mkdir(exist_ok=True)
        for story, kept in stories.items():
            text = json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
            (samples.SAMPLES / f"{story}.json").write_text(text, encoding="utf-8")
    there = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in samples.SAMPLES.glob("*.json")}
    assert set(there) == set(stories)
    for story, kept in stories.items():
        assert there[story] == kept, f"the sample of {story} is of another day: UPDATE_SAMPLES=1 writes it anew"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_mail_can_be_read_in_every_language(app, language):
    with app.app_context():
        for kind in samples.kinds():
            shown = samples.samples(kind, language)
            assert shown, f"no sample of {kind}"
            for one in shown:
                assert one.heading and one.text and one.html
                assert "http" not in one.text and "reader@" not in one.text
