"""Our metrics, declared once. What lanes count is read from their own durable counts; no label holds a person.

Counters of lanes go on where the last worker left off, because the counts travel with the partition.
"""

from collections import Counter as Tally
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple, get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from schemas import topics
from schemas.commands import COMMANDS, Command, MoveLifecycle, MoveStage, Outcome
from schemas.problem import Refusal
from schemas.reason import Reason, Verdict
from schemas.units import DAY
from streams.engine.observe import LaneState
from streams.engine.status import LaneStatus

disable_created_metrics()  # type: ignore[no-untyped-call]  # in this format a series each, and nobody asks for them

PLACE: Final = ("topic", "partition")
STATES: Final = get_args(LaneState)
_FAST: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_SLOW: Final = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 3_600, 86_400)

_STAYS: Final = tuple(days * DAY / 1_000 for days in (1, 2, 4, 7, 14, 30, 60, 90, 180, 365))
_LEFT: Final = ("model", "stage")


class Declared(NamedTuple):
    """One metric: its name says the base unit, ``says`` is its help, ``labels`` come beside the place of a lane."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    says: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


INTAKE: Final = Declared("nurture_intake_records_total", "counter", "Records that intake took.", ("outcome",))
FACTS: Final = Declared("nurture_facts_total", "counter", "Facts that the journey folded.", ("outcome",))
DECISIONS: Final = Declared("nurture_decisions_total", "counter", "What was decided, silence included.", ("outcome",))
SKIPS: Final = Declared("nurture_skips_total", "counter", "Why nothing was sent.", ("reason",))
DISCOUNTED: Final = Declared(
    "nurture_discounted_total", "counter", "Engagement that weighs nothing, and why.", ("why",)
)
REFOLDS: Final = Declared("nurture_refolds_total", "counter", "Retractions that took a lead's whole past to answer.")
SENDS: Final = Declared("nurture_sends_total", "counter", "What became of mail to leads.", ("outcome",))
NOTICES: Final = Declared("nurture_notices_total", "counter", "What became of mail to reps.", ("outcome",))
HANDOFFS: Final = Declared("nurture_handoffs_total", "counter", "Leads handed to sales.")
SETTLED: Final = Declared("nurture_handoffs_settled_total", "counter", "How handoffs were answered.", ("outcome",))
DEAD_LETTERS: Final = Declared("nurture_dead_letters_total", "counter", "Records put aside, unreadable.", ("reason",))
POLICIES: Final = Declared("nurture_policies_applied_total", "counter", "Policies that took over in a partition.")
FEEDBACK: Final = Declared(
    "nurture_send_feedback_total", "counter", "What words about earlier sends made of them.", ("outcome",)
)
LEDGER: Final = Declared("nurture_ledger_records", "gauge", "Sends by the state of their ledger entry.", ("state",))
DOUBT_AGE: Final = Declared(
    "nurture_oldest_doubt_seconds", "gauge", "Since the oldest send in doubt was claimed; 0: none.", ("state",)
)
KILL_SWITCH: Final = Declared("nurture_kill_switch_state", "gauge", "1 while an operator has stopped sending.")
BREAKER: Final = Declared(
    "nurture_breaker_state", "gauge", "1 for the state of the provider's breaker.", ("provider", "state")
)
WAITED: Final = Declared(
    "nurture_rate_limit_wait_seconds_total", "counter", "What rate limits, ours and the provider's, made mail wait."
)
VIEW_AGE: Final = Declared("nurture_view_age_seconds", "gauge", "Since a view of a topic was complete.", ("view",))
STATE: Final = Declared("nurture_lane_state", "gauge", "1 for the state that a lane is in.", ("state",))
LAG: Final = Declared("nurture_lag_records", "gauge", "Offsets behind the end of the source.")
LATE: Final = Declared("nurture_clock_lag_seconds", "gauge", "How long what is longest due has waited for its tick.")
RECOVERY: Final = Declared("nurture_recovery_left_records", "gauge", "Changelog offsets still to be read.")
LIVES: Final = Declared("nurture_lane_lives_total", "counter", "Lives that lanes began.")
TRANSACTIONS: Final = Declared("nurture_transactions_total", "counter", "How transactions ended.", ("outcome",))
PRODUCED: Final = Declared("nurture_produced_records_total", "counter", "Records produced in transactions.")
BATCH: Final = Declared("nurture_lane_batch_seconds", "histogram", "A transaction, begin to commit.", (), _FAST)
AGE: Final = Declared("nurture_event_age_seconds", "histogram", "From taking a fact to deciding.", (), _SLOW)
LIFECYCLE: Final = Declared(
    "nurture_lifecycle_total", "counter", "Leads that came into a state of the lifecycle.", ("state",)
)
STAY: Final = Declared(
    "nurture_stage_stay_seconds", "histogram", "How long leads that left a stage had been in it.", _LEFT, _STAYS
)
POLICY: Final = Declared("nurture_policy_info", "gauge", "1 for the policy in force.", ("policy",))

OF_LANES: Final = (
    INTAKE,
    FACTS,
    DECISIONS,
    SKIPS,
    DISCOUNTED,
    REFOLDS,
    SENDS,
    NOTICES,
    FEEDBACK,
    HANDOFFS,
    SETTLED,
    DEAD_LETTERS,
    POLICIES,
)
OF_SENDER: Final = (LEDGER, DOUBT_AGE, KILL_SWITCH, BREAKER, WAITED, VIEW_AGE)
METRICS: Final = (
    *OF_LANES,
    *OF_SENDER,
    STATE,
    LAG,
    LATE,
    RECOVERY,
    LIVES,
    TRANSACTIONS,
    PRODUCED,
    BATCH,
    AGE,
    LIFECYCLE,
    STAY,
    POLICY,
)

Sample = tuple[Declared, tuple[str, ...]]


def _sent(prefix: str, metric: Declared) -> dict[str, list[Sample]]:
    plain: dict[str, list[Sample]] = {
        f"{prefix}_{outcome}": [(metric, (outcome,))] for outcome in ("accepted", "rejected", "held", "duplicate")
    }
    return plain | {
        f"{prefix}_skipped:{reason}": [(metric, ("skipped",)), (SKIPS, (reason.value,))] for reason in Reason
    }


_DEAD: Final[dict[str, list[Sample]]] = {
    f"dead_letters:{reason}": [(DEAD_LETTERS, (reason.value,))] for reason in Refusal
}
_INTAKE: Final[dict[str, list[Sample]]] = {
    "facts": [(INTAKE, ("fact",))],
    "dead_letters": [(INTAKE, ("dead_letter",))],
    **_DEAD,
}
_JOURNEY: Final[dict[str, list[Sample]]] = {
    "applied": [(FACTS, ("applied",))],
    "duplicates": [(FACTS, ("duplicate",))],
    "ticks": [(FACTS, ("tick",))],
    "policies": [(POLICIES, ())],
    **_DEAD,
    **{name.removesuffix(".v1"): [(DECISIONS, (name.removesuffix(".v1"),))] for name in COMMANDS if name != "skip.v1"},
    **{f"skips:{reason}": [(DECISIONS, ("skip",)), (SKIPS, (reason.value,))] for reason in Reason},
    **{f"discounts:{why}": [(DISCOUNTED, (why.value,))] for why in Verdict},
    "refolds": [(REFOLDS, ())],
}
_FEEDBACK: Final[dict[str, list[Sample]]] = {
    f"feedback:{outcome}": [(FEEDBACK, (outcome,))] for outcome in ("confirmed", "planned", "blocked", "ignored")
}
_SALES: Final[dict[str, list[Sample]]] = {
    "handed_off": [(HANDOFFS, ())],
    **_DEAD,
    **{f"settled:{outcome}": [(SETTLED, (outcome,))] for outcome in get_args(Outcome)},
}
# topic of a lane -> name of a count -> the samples that it adds to
COUNTED: Final[dict[str, dict[str, list[Sample]]]] = {
    topics.LEADS: _INTAKE,
    topics.ENGAGEMENT: _INTAKE,
    topics.SALES_FEEDBACK: _INTAKE,
    topics.FACTS: _JOURNEY,
    topics.SENDS: _sent("sends", SENDS) | _sent("notices", NOTICES) | _FEEDBACK | _DEAD,
    topics.HANDOFFS: _SALES,
    topics.CLICKS: _DEAD,
}


def samples(topic: str, counts: Mapping[str, int]) -> Tally[Sample]:
    """The counts of one lane as samples, every one that it may ever have included, at 0."""
    found: Tally[Sample] = Tally()
    for name, targets in COUNTED.get(topic, {}).items():
        for target in targets:
            found[target] += counts.get(name, 0)
    return found


class Metrics:
    """The engine's observer, and the registry that ``/metrics`` shows; ``sources`` are the topics of this worker."""

    def __init__(self, sources: Sequence[str]) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._lives = self._counter(LIVES)
        self._transactions = self._counter(TRANSACTIONS)
        self._produced = self._counter(PRODUCED)
        self._batch = Histogram(BATCH.name, BATCH.says, ("topic",), buckets=BATCH.buckets, registry=self.registry)
        decides = self.registry if topics.FACTS in sources else None  # elsewhere it would be a 0 that nobody measured
        self._age = Histogram(AGE.name, AGE.says, buckets=AGE.buckets, registry=decides)
        self._lifecycle = Counter(LIFECYCLE.name, LIFECYCLE.says, LIFECYCLE.labels, registry=self.registry)
        self._stay = Histogram(STAY.name, STAY.says, STAY.labels, buckets=STAY.buckets, registry=self.registry)
        self._recovery = Gauge(RECOVERY.name, RECOVERY.says, PLACE, registry=self.registry)
        self._policy = Gauge(POLICY.name, POLICY.says, _labels(POLICY), registry=self.registry)
        self._policies: dict[tuple[str, int], str] = {}
        for topic in sources:
            for prepared in (self._lives, self._produced, self._batch):
                prepared.labels(topic)
            for outcome in ("committed", "failed"):
                self._transactions.labels(topic, outcome)

    def watch(self, status: Callable[[], Sequence[LaneStatus]]) -> None:
        """From now on show these lanes, as they are whenever somebody asks."""
        self.registry.register(_Lanes(status))

    def text(self) -> bytes:
        """The exposition, in Prometheus' text format."""
        return generate_latest(self.registry)

    def decided(self, commands: Sequence[Command], now: int) -> None:
        """The journey decided this, ``now`` in milliseconds."""
        for command in commands:
            self._age.observe(max(0, now - command.seen) / 1_000)
            if isinstance(command, MoveLifecycle):
                self._lifecycle.labels(command.after).inc()
            elif isinstance(command, MoveStage) and command.before:
                self._stay.labels(command.model, command.before).observe(command.days * DAY / 1_000)

    def in_force(self, topic: str, partition: int, policy: str) -> None:
        """A policy decides in this partition from now on."""
        self._nothing_in_force(topic, partition)
        self._policies[topic, partition] = policy
        self._policy.labels(topic, partition, policy).set(1)

    def lane_state(self, topic: str, partition: int, state: LaneState) -> None:
        """A lane changed its state; a life begins with the fence."""
        if state == "fencing":
            self._lives.labels(topic).inc()
        if state == "ended":
            self._nothing_in_force(topic, partition)
        if state != "recovering":
            self._recovery.labels(topic, partition).set(0)

    def committed(self, topic: str, partition: int, records: int, seconds: float) -> None:  # noqa: ARG002
        """A transaction is on the record."""
        self._transactions.labels(topic, "committed").inc()
        self._produced.labels(topic).inc(records)
        self._batch.labels(topic).observe(seconds)

    def transaction_failed(self, topic: str, partition: int, reason: str) -> None:  # noqa: ARG002  (the log has them)
        """A lane's life ended."""
        self._transactions.labels(topic, "failed").inc()

    def recovering(self, topic: str, partition: int, applied: int, left: int) -> None:  # noqa: ARG002
        """A lane reads its changelog."""
        self._recovery.labels(topic, partition).set(left)

    def _nothing_in_force(self, topic: str, partition: int) -> None:
        """The lane is another worker's, or about to follow another policy."""
        if (former := self._policies.pop((topic, partition), None)) is not None:
            self._policy.remove(topic, partition, former)

    def _counter(self, metric: Declared) -> Counter:
        return Counter(metric.name, metric.says, ("topic", *metric.labels), registry=self.registry)


class _Lanes(Collector):
    """What the lanes say of themselves at the moment of a scrape."""

    def __init__(self, status: Callable[[], Sequence[LaneStatus]]) -> None:
        self._status = status

    def describe(self) -> list[Metric]:
        """Nothing is known before the lanes are."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Counts of lanes that fold (before, they are not known yet), and the state and lag of all."""
        lanes = self._status()
        families = {
            metric: CounterMetricFamily(metric.name, metric.says, labels=_labels(metric)) for metric in OF_LANES
        }
        state = GaugeMetricFamily(STATE.name, STATE.says, labels=_labels(STATE))
        lag = GaugeMetricFamily(LAG.name, LAG.says, labels=_labels(LAG))
        late = GaugeMetricFamily(LATE.name, LATE.says, labels=_labels(LATE))
        for lane in lanes:
            place = (lane.topic, str(lane.partition))
            if lane.state != "standby":
                lag.add_metric(place, lane.lag)
            for name in STATES:
                state.add_metric((*place, name), float(lane.state == name))
            if lane.state == "folding":
                late.add_metric(place, lane.late / 1_000)
                for (metric, labels), count in samples(lane.topic, lane.counts).items():
                    families[metric].add_metric((*place, *labels), count)
        yield from (*families.values(), state, lag, late)


def _labels(metric: Declared) -> tuple[str, ...]:
    return (*PLACE, *metric.labels)
