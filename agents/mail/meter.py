"""What a sender says of itself at the moment of a scrape: the ledger by state, doubts, breaker, kill switch, waits."""

from collections.abc import Iterator, Mapping
from typing import Final, get_args

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from agents.controls import ControlsView
from agents.mail.breaker import BreakerState
from agents.mail.throttle import Throttle
from agents.process.metrics import BREAKER, DOUBT_AGE, KILL_SWITCH, LEDGER, PLACE, VIEW_AGE, WAITED, Declared
from agents.suppression import SuppressionView
from schemas.ledger import LedgerEntry, State
from schemas.topics import CONTROLS, SUPPRESSIONS
from streams.engine.lane import Lane

IN_DOUBT: Final = ("unknown", "held")


class Meter(Collector):
    """One for a process; ``provider`` is the port's name."""

    def __init__(
        self, provider: str, throttle: Throttle, controls: ControlsView, suppressions: SuppressionView
    ) -> None:
        self._provider, self._throttle = provider, throttle
        self._controls, self._suppressions = controls, suppressions
        self._lanes: dict[int, tuple[Lane, Mapping[str, LedgerEntry]]] = {}

    def follow(self, lane: Lane, doubts: Mapping[str, LedgerEntry]) -> None:
        """A life of a lane begins; ``doubts`` is what it knows to be in doubt, now and later."""
        self._lanes[lane.partition] = (lane, doubts)

    def describe(self) -> list[Metric]:
        """Nothing is known before the lanes are."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The process's own, then every lane that folds."""
        stopped, breaker, age = _gauge(KILL_SWITCH), _gauge(BREAKER), _gauge(VIEW_AGE)
        stopped.add_metric((), float(self._controls.stopped() is not None))
        for state in get_args(BreakerState):
            breaker.add_metric((self._provider, state), float(self._throttle.breaker.state == state))
        age.add_metric((CONTROLS,), self._controls.age_seconds())
        age.add_metric((SUPPRESSIONS,), self._suppressions.age_seconds())
        waited = CounterMetricFamily(WAITED.name, WAITED.says)
        waited.add_metric((), self._throttle.waited)
        yield from (stopped, breaker, age, waited, *self._of_lanes())

    def _of_lanes(self) -> Iterator[Metric]:
        entries, ages = _gauge(LEDGER, PLACE), _gauge(DOUBT_AGE, PLACE)
        for lane, doubts in self._lanes.values():
            status = lane.status()
            if status.state != "folding":
                continue
            place = (lane.topic, str(lane.partition))
            for state in get_args(State):
                entries.add_metric((*place, state), status.counts.get(f"state:{state}", 0))
            now = lane.clock.now()
            for state in IN_DOUBT:
                since = min((doubt.claimed_at for doubt in doubts.values() if doubt.state == state), default=now)
                ages.add_metric((*place, state), max(0, now - since) / 1_000)
        yield from (entries, ages)


def _gauge(metric: Declared, place: tuple[str, ...] = ()) -> GaugeMetricFamily:
    return GaugeMetricFamily(metric.name, metric.says, labels=(*place, *metric.labels))
