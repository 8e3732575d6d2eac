"""B and K. What people type is text wherever it is shown: never a tag, never a handler, never a template."""

from __future__ import annotations

import email
import email.policy
from html.parser import HTMLParser

import pytest
from sqlalchemy import select

from app.accounts.models import Role
from app.core.text import markdown
from app.notifications import rendering
from app.notifications.models import Message
from tests.factories.accounts import NOW, make_designation, make_ministry, make_person
from tests.security.world import make_world, pages

PLANTED = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>[y](javascript:alert(3)) zq{{7*7}}${7*7}#{7*7}"


class Live(HTMLParser):
    """What in a page would run or load: handlers, scripts without a file of ours, addresses that are code, planted pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.found += [f"{tag} {name}" for name in told if name.startswith("on")]
        if tag == "script" and not (told.get("src") or "").startswith("/static/"):
            self.found.append("script")
        for name in ("href", "src", "action", "formaction"):
            if (told.get(name) or "").strip().lower().startswith(("javascript:", "data:text", "vbscript:", "x")):
                self.found.append(f"{tag} {name}={told[name]}")


def live_in(html: str) -> list[str]:
    parser = Live()
    parser.feed(html)
    return parser.found


def test_what_would_run_is_seen():
    assert len(live_in(PLANTED + '<a href=" JavaScript:x">y</a><svg onload=x>')) == 5


@pytest.mark.parametrize("who", ["visitor", "participant", "focal point", "administrator"])
def test_b_planted_in_every_text_it_is_text_on_every_page(app, within, sign_in, who):
    with within():
        state, participant, ids, links = make_world(PLANTED)
        person = participant if who == "participant" else make_person(PLANTED, of=make_ministry(state))
        if who == "focal point":
            make_designation(state, person)
    browser = app.test_client() if who == "visitor" else sign_in(person, *([Role.ADMINISTRATOR] if who == "administrator" else []))
    shown = 0
    for address in pages(app, ids, links):
        answer = browser.get(address)
        if answer.mimetype != "text/html":
            answer.close()
            continue
        html = answer.get_data(as_text=True)
        answer.close()
        assert live_in(html) == [], address
        assert "zq49" not in html and "${49" not in html, address
        shown += "zq{{7*7}}" in html
    least = {"visitor": 8, "participant": 10, "focal point": 10, "administrator": 30}[who]
    assert shown >= least, "the words are shown somewhere, or this test looks at nothing"


def test_b_planted_in_every_fact_no_mail_holds_a_picture_a_script_or_another_link(session):
    make_world(PLANTED + " https://evil.example/x evil.example")
    rows = session.scalars(select(Message)).all()
    assert {"session-invite", "session-confirmation"} <= {row.kind for row in rows}
    for row in rows:
        raw = rendering.render(rendering.job_of(row), now=NOW)
        mail = email.message_from_bytes(raw.content, policy=email.policy.default)
        html, plain = (mail.get_body((kind,)).get_content() for kind in ("html", "plain"))
        assert live_in(html) == []
        assert 'href="https://evil' not in html and "//evil.example" not in plain.replace("\u2060", "")
        assert "zq49" not in html + plain and "zq{{7*7}}" in html + plain
        assert set(mail.keys()) <= {
            "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Content-Language",
            "MIME-Version", "Auto-Submitted", "X-Auto-Response-Suppress", "Content-Type", "List-Unsubscribe", "List-Unsubscribe-Post",
        }  # fmt: skip
        assert len(mail["To"].addresses) == 1


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "&#106;avascript:alert(1)", "data:text/html,x",
        "vbscript:x", "//evil.example", "/en/profile", "file:///etc/passwd", "\x01javascript:alert(1)", "http:evil", "https:",
    ],
)  # fmt: skip
def test_b_markdown_links_go_to_the_web_and_to_mail_only(address):
    for source in (f"[x]({address})", f"[x](<{address}>)", f"<{address}>", f"[x][y]\n\n[y]: {address}", f"![x]({address})"):
        html = str(markdown(source))
        assert live_in(html) == [] and "<img" not in html
        for part in html.split('href="')[1:]:
            assert part.startswith(("https:", "http:", "mailto:")), source
