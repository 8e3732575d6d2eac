"""Each mail as its reader gets it, compared with the texts people read and found right: ``golden/<kind>/<lang>.<who>.txt``.

``UPDATE_GOLDEN=1 pytest tests/emails`` writes them anew; read what ``git diff`` shows before you keep it.
"""

from __future__ import annotations

import email
import email.policy
import os
import re
from pathlib import Path

import pytest

from app.core.languages import LANGUAGES
from tests.conformance.mails import broken_lines
from tests.emails.stories import Mail, mails
from tests.emails.world import READERS

GOLDEN = Path(__file__).parent / "golden"
UPDATES = os.environ.get("UPDATE_GOLDEN") == "1"
FOR_ALL = {
    "session-invite", "session-update", "session-cancel", "session-uninvite", "session-reminder", "session-confirmation",
    "expression-received", "sign-in-link",
}  # fmt: skip
"""Kinds that are kept for a minister, an ambassador and somebody unknown; the others differ in the greeting alone."""
FOR_ONE = {
    "session-copy", "session-invite-again", "session-invite-delegate", "session-nudge", "session-seat", "session-update-words", "session-waiting",
    "answer-recorded", "expression-accepted", "expression-confirm", "expression-copy", "expression-declined",
    "expression-draft", "expression-moved", "expression-question", "expression-waitlisted", "expression-withdrawn",
    "join-invitation", "password-changed", "test-mail", "circular", "circular-correction", "circular-in-place",
    "opinion-asked", "opinion-reminder", "handed-over", "expression-links",
    "session-invite-hand-over", "letter-sent", "pilot-due", "pilot-overdue", "pilot-overdue-lead",
    "session-proposal-declined", "delegate-refused", "session-not-invited", "delegate-proposed", "address-failed",
    "session-uninvite-delegate", "session-clocks-moved", "session-clocks-own", "session-clocks-same", "digest", "digest-away",
    "poll-asked", "poll-asked-times", "poll-asked-open", "poll-asked-taken", "poll-reminder", "poll-recorded", "poll-closed",
    "session-offer", "session-waiting-quota", "session-uninvite-sitting", "session-invite-sittings",
    "place-confirm", "place-asked", "place-declined", "place-to-decide",
}  # fmt: skip
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_REFERENCE = re.compile(r"EOI-\d{4}-\d{4,}")
_CODE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){2}\b")
_TOKEN = re.compile(
    r"(/(?:answer|join|sign-in|welcome|status|confirmations|corrections|drafts|questions|milestone|circulars/read|mails|poll|places|stop/[a-z]+)/)[\w.~-]{16,}"
)

_SUBJECT = re.compile(r"(subject=stop-[a-z]+-)[\w-]{54}")


def shown(told: Mail) -> str:
    """Headers that a reader sees, the text, and the calendar part unfolded; ids and tokens, new in each run, by name."""
    mail = email.message_from_bytes(told.content, policy=email.policy.default)
    heads = "\n".join(f"{name}: {mail[name]}" for name in ("From", "To", "Reply-To", "Subject", "Content-Language"))
    if mail["List-Unsubscribe"]:
        heads += "".join(f"\n{name}: {mail[name]}" for name in ("List-Unsubscribe", "List-Unsubscribe-Post"))
    text = mail.get_body(("plain",)).get_content().replace("\r\n", "\n").rstrip("\n")
    parts = [p for p in mail.walk() if p.get_content_type() == "text/calendar"]
    entry = ""
    if parts:
        told_ = parts[0].get_payload(decode=True).decode("utf-8")
        entry = f"\n\n======== {parts[0]['Content-Type']}\n" + re.sub(r"\r\n[ \t]", "", told_).replace("\r\n", "\n").rstrip("\n")
    files = [p for p in mail.iter_attachments() if p.get_content_type() == "application/pdf"]
    entry += "".join(f"\n\n======== {p.get_content_type()} {p.get_filename()}" for p in files)
    whole = _UUID.sub("ID", f"{heads}\n\n{text}{entry}\n")
    return _CODE.sub("CODE-CODE-CODE", _SUBJECT.sub(r"\1TOKEN", _TOKEN.sub(r"\1TOKEN", _REFERENCE.sub("EOI-2026-0007", whole))))


def html_of(told: Mail) -> str:
    """The HTML part."""
    mail = email.message_from_bytes(told.content, policy=email.policy.default)
    return mail.get_body(("html",)).get_content()


def kept(kind: str, language: str, who: str) -> Path:
    """Where a mail's golden text is."""
    return GOLDEN / kind / f"{language}.{who}.txt"


@pytest.mark.line("A1", "A2", "A4", "A5", "A7", "C2", "C3", "F1", "L1", "L2", "N2", "P1", "P9", "P10")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("who", READERS)
def test_mails_are_what_was_read_and_found_right(session, who, language):
    messages = mails(session, who, language)
    assert set(messages) == FOR_ALL | FOR_ONE
    if who == "ambassador":  # the lines ask nothing of how a reader is addressed, and this one gets a mail of every kind
        assert {kind: lines for kind, told in messages.items() if (lines := broken_lines(told.job, told.content))} == {}
    for kind in sorted(FOR_ALL | FOR_ONE if who == "ambassador" else FOR_ALL):
        text, path = shown(messages[kind]), kept(kind, language, who)
        if UPDATES:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"no golden text yet: UPDATE_GOLDEN=1 writes {path.relative_to(GOLDEN)}"
        assert text == path.read_text(encoding="utf-8"), f"{kind} for the {who} in {language} reads differently"


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_no_tag_is_shown_as_words_and_the_html_says_what_the_text_says(session, language):
    for kind, message in mails(session, "ambassador", language).items():
        html = html_of(message)
        assert "&lt;" not in html and "&amp;lt;" not in html, kind
        links = set(re.findall(r"https?://\S+", shown(message).partition("\n\n")[2].partition("\n======== ")[0])) - {""}
        shown_links = {_TOKEN.sub(r"\1TOKEN", _UUID.sub("ID", url)) for url in re.findall(r'href="([^"]+)"', html)}
        assert links == shown_links, kind


def test_nothing_is_kept_that_no_mail_says():
    wanted = {kept(k, lang, who) for k in FOR_ALL for lang in LANGUAGES for who in READERS}
    wanted |= {kept(k, lang, "ambassador") for k in FOR_ONE for lang in LANGUAGES}
    assert set(GOLDEN.rglob("*.txt")) == wanted
