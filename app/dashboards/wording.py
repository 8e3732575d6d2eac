"""What a finding about the platform's health means, in the reader's words: what is so, what to do, and the page that helps."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from markupsafe import Markup

from app.dashboards import links
from app.dashboards.queries.wellbeing import Facts
from app.dashboards.wellbeing import Finding

_WAITS = _l("Mail waits and is not lost.")
_SINCE: dict[str, Any] = {
    "frozen": _l("No mail leaves since %(when)s: the outbox is frozen."),
    "no-sweep": _l("No mail leaves: no worker has looked through the outbox since %(when)s."),
    "relay-away": _l("No mail leaves: the mail server did not answer at %(when)s."),
    "late-urgent": _l("An urgent mail, such as a sign-in link, has been waiting to leave since %(when)s."),
    "late-normal": _l("A mail has been waiting to leave since %(when)s."),
    "late-bulk": _l("A mail to many has been waiting to leave since %(when)s."),
    "mailbox": _l("Answers that came by mail have not been read since %(when)s."),
    "no-beat": _l("The program that starts regular work (beat) was last heard at %(when)s."),
    "not-proven": _l("The last backup that was restored to prove it was so at %(when)s."),
}
_NEVER: dict[str, Any] = {
    "no-sweep": _l("No mail leaves: no worker has looked through the outbox yet."),
    "mailbox": _l("Answers that came by mail have not been read yet."),
    "no-beat": _l("The program that starts regular work (beat) has not been heard yet."),
    "not-proven": _l("No backup has been restored to prove it."),
}
_PLAIN: dict[str, Any] = {
    "database-behind": _l("The database has not been brought up to this release."),
    "database-ahead": _l("A newer release has changed the database; these pages are of the former one."),
    "disk-full": _l("The disk is full: %(free)s MB are free."),
    "disk-low": _l("The disk is nearly full: %(free)s MB are free."),
    "zones-of-worker": _l("The worker uses other clock rules (%(theirs)s) than the pages (%(ours)s)."),
    "zones-of-sessions": _l("Sessions to come were planned by other clock rules (%(theirs)s) than those in use (%(ours)s)."),
    "broker": _l("Redis does not answer."),
}
_ADVICE: dict[str, Any] = {
    "database-behind": _l("An operator runs flask prepare."),
    "database-ahead": _l("An operator starts web, worker and beat of the new release."),
    "frozen": _l("An operator lets it go with flask outbox go."),
    "no-sweep": _l("An operator starts the worker again."),
    "relay-away": _l("An operator looks at the mail server; flask outbox health tries to reach it."),
    "late-urgent": _l("An operator looks at the log of the worker."),
    "late-normal": _l("An operator looks at the log of the worker."),
    "late-bulk": _l("An operator looks at the log of the worker."),
    "mailbox": _l("They are not lost. An operator looks at the mailbox and at the log of the worker."),
    "disk-full": _l("No file can be stored. An operator makes room now."),
    "disk-low": _l("An operator makes room."),
    "zones-of-worker": _l("An operator starts the worker of this release."),
    "zones-of-sessions": _l("Look whether their local times moved."),
    "broker": _l("Mail leaves all the same, some seconds later. An operator starts it again."),
    "no-beat": _l("Workers do that work meanwhile, a little later. An operator starts beat again."),
    "not-proven": _l("An operator proves one each week with flask prove."),
    "undelivered": _l("Look at each: send it again, or correct the address."),
}
CODES = tuple(_ADVICE)
"""Everything that can be found."""
_STOPS_MAIL = frozenset({"no-sweep", "relay-away", "late-urgent", "late-normal", "late-bulk"})
_PAGES: dict[str, tuple[str, dict[str, str], Any]] = {
    "late-urgent": ("dashboards.outbox", {"state": "queued"}, _l("Mails that wait")),
    "late-normal": ("dashboards.outbox", {"state": "queued"}, _l("Mails that wait")),
    "late-bulk": ("dashboards.outbox", {"state": "queued"}, _l("Mails that wait")),
    "relay-away": ("dashboards.outbox", {"state": "queued"}, _l("Mails that wait")),
    "no-sweep": ("dashboards.outbox", {"state": "queued"}, _l("Mails that wait")),
    "zones-of-sessions": ("exchanges.desk_clocks", {}, _l("Clock rules")),
    "undelivered": ("dashboards.outbox", {"state": "failed"}, _l("Mails that failed")),
}
"""The page that helps with it. Other findings are an operator's, who has no page for them."""


class Page(NamedTuple):
    """An address and what it is called."""

    url: str
    label: Any


def sentence(finding: Finding, when: Any) -> Markup:
    """What is so. ``when`` is the finding's moment as its place shows moments."""
    if finding.code == "undelivered":
        count = finding.values["count"]
        told = ngettext("%(num)s mail of the last days did not arrive.", "%(num)s mails of the last days did not arrive.", count)
        return _safe(told) % {}
    if finding.code in _PLAIN:
        return _safe(_PLAIN[finding.code]) % finding.values
    if finding.since is None:
        return _safe(_NEVER[finding.code]) % {}
    return _safe(_SINCE[finding.code]) % {"when": when}


def _safe(sentence: Any) -> Markup:
    return Markup(str(sentence))  # noqa: S704 - our own sentences


def advice(finding: Finding) -> str:
    """What to do about it."""
    told = str(_ADVICE[finding.code])
    return f"{_WAITS} {told}" if finding.code in _STOPS_MAIL else told


def page(finding: Finding) -> Page | None:
    """Where the reader can do something about it."""
    if finding.code not in _PAGES:
        return None
    endpoint, values, label = _PAGES[finding.code]
    url = links.to(endpoint, **values)
    return Page(url, label) if url else None


def all_well(facts: Facts) -> str:
    """When nothing is wrong."""
    if facts.mailbox:
        return str(_("Everything is well: mails leave within seconds, and answers by mail are read."))
    return str(_("Everything is well: mails leave within seconds."))
