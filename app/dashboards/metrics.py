"""What Prometheus reads. Every value comes from the database at the moment of the scrape, so that it is the same from whichever
process answers; nothing is counted in memory. No label holds a name, an address or a State."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from app.dashboards import wording
from app.dashboards.queries.wellbeing import Facts
from app.dashboards.wellbeing import Finding
from app.heartbeats.models import BEAT, MAILBOX, RELAY, RELAY_AWAY, RESTORE, SWEEP
from app.notifications.models import State

if TYPE_CHECKING:
    from prometheus_client import Metric

MOST = 5000
"""Mails of a state are counted up to here: a gauge that stands there says "at least so many"."""
_LAST = {
    SWEEP: ("pathways_last_sweep", "When a worker last looked through the outbox by itself."),
    BEAT: ("pathways_last_beat", "When beat last named its tasks."),
    MAILBOX: ("pathways_last_inbound_poll", "When the mailbox with answers was last read."),
    RESTORE: ("pathways_last_proven_restore", "When a backup was last restored to prove it."),
    RELAY: ("pathways_last_relay_contact", "When a worker last reached the mail relay."),
    RELAY_AWAY: ("pathways_last_relay_failure", "When a worker last failed to reach the mail relay."),
}


class Report:
    """A collector of one scrape: the facts are read before it is asked."""

    def __init__(self, facts: Facts, states: Mapping[State, int], found: list[Finding]) -> None:
        self.facts, self.states, self.found = facts, states, found

    def collect(self) -> Iterator[Metric]:
        """All families, in a fixed order."""
        from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

        facts = self.facts
        due = GaugeMetricFamily(
            "pathways_outbox_oldest_due_seconds", "Age of the oldest mail of a lane that is due and has not left.", labels=["lane"]
        )
        for lane, at in facts.oldest.items():
            due.add_metric([lane], max((facts.now - at).total_seconds(), 0.0) if at else 0.0)
        yield due
        states = GaugeMetricFamily("pathways_outbox_messages", f"Mails by state, counted up to {MOST}.", labels=["state"])
        for state, count in self.states.items():
            states.add_metric([state.value], count)
        yield states
        for name, told, value in self._single():
            yield GaugeMetricFamily(name, told, value=value)
        for sign, (name, told) in _LAST.items():
            yield self._moment(f"{name}_timestamp_seconds", told, sign)
        runs = GaugeMetricFamily("pathways_last_run_timestamp_seconds", "When a periodic task was last done.", labels=["task"])
        for task in sorted(set(facts.signs) - set(_LAST)):
            runs.add_metric([task], facts.signs[task].at.timestamp())
        yield runs
        worker = facts.signs.get(SWEEP)
        releases = {
            "package": facts.zones_here, "worker": worker.version if worker else "",
            "sessions": facts.zones_of_sessions or facts.zones_here,
        }  # fmt: skip
        yield InfoMetricFamily("pathways_tzdata", "Releases of the clock rules in use; equal when all is well.", value=releases)
        migrations = {"database": facts.migration or "", "release": facts.release or ""}
        yield InfoMetricFamily("pathways_migration", "Where the database stands and where this release wants it.", value=migrations)
        yield self._findings()

    def _single(self) -> Iterator[tuple[str, str, float]]:
        facts = self.facts
        yield "pathways_outbox_frozen", "1 while no mail may leave.", _one(facts.frozen_since)
        yield "pathways_outbox_held_messages", "Mails of a restored backup that wait for a decision, up to 100.", facts.held
        yield "pathways_outbox_undelivered_messages", "Mails of the last days that did not arrive, up to 100.", facts.undelivered
        yield "pathways_inbound_undecided_mails", "Mails that came and wait for a person, up to 100.", facts.unclear
        yield "pathways_bounced_addresses", "Addresses nothing is sent to, up to 100.", facts.bounced
        yield "pathways_files_free_bytes", "Free room on the disk of the files.", facts.disk_free
        yield "pathways_files_size_bytes", "Size of the disk of the files.", facts.disk_size
        yield "pathways_broker_reachable", "1 while Redis answers.", float(facts.broker)
        there = float(facts.migration == facts.release)
        yield "pathways_database_migrated", "1 when the database is where this release wants it.", there

    def _moment(self, name: str, told: str, sign: str) -> Metric:
        from prometheus_client.core import GaugeMetricFamily

        family = GaugeMetricFamily(name, told)
        if sign in self.facts.signs:  # what never happened has no moment
            family.add_metric([], self.facts.signs[sign].at.timestamp())
        return family

    def _findings(self) -> Metric:
        """Each thing that can be wrong, 1 while it is: the same that the desk says."""
        from prometheus_client.core import GaugeMetricFamily

        family = GaugeMetricFamily("pathways_finding", "1 while the desk says that this is wrong.", labels=["code"])
        there = {finding.code for finding in self.found}
        for code in wording.CODES:
            family.add_metric([code], float(code in there))
        return family


def _one(at: datetime | None) -> float:
    return float(at is not None)


def exposition(report: Report, accept: str) -> tuple[bytes, str]:
    """The report in the format that is asked for, and its content type."""
    from prometheus_client import CollectorRegistry
    from prometheus_client.exposition import choose_encoder

    registry = CollectorRegistry(auto_describe=False)
    registry.register(report)  # type: ignore[arg-type]
    try:
        encode, content_type = choose_encoder(accept)
    except (TypeError, ValueError):  # a version that is no number: it gets what every reader understands
        encode, content_type = choose_encoder("")
    return encode(registry), content_type
