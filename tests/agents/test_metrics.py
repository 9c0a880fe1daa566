"""Metrics are declared once, say the truth of the lanes, and hold nobody's data."""

import re
from pathlib import Path
from typing import get_args

import pytest
from prometheus_client.parser import text_string_to_metric_families

from agents.carried import tally
from agents.controls import ControlsView
from agents.deadletter import counted
from agents.mail.meter import Meter
from agents.mail.throttle import Throttle
from agents.process.metrics import COUNTED, DEAD_LETTERS, METRICS, Metrics, samples
from agents.suppression import SuppressionView
from schemas import topics
from schemas.codec import decode_command
from schemas.commands import COMMANDS, MoveLifecycle, MoveStage
from schemas.problem import Refusal, Rejected
from schemas.reason import Reason
from streams.engine.observe import LaneState
from streams.engine.status import LaneStatus

UNITS = ("_total", "_seconds", "_records", "_state", "_info")
JOURNEY = LaneStatus(
    topic=topics.FACTS, partition=3, state="folding", lag=5, late=2_500, counts={"applied": 7, "skips:no_basis": 2}
)
EXAMPLES = [
    decode_command(path.read_bytes()) for path in Path("schemas/examples").glob("*.json") if path.stem in COMMANDS
]


def scraped(metrics):
    """Every sample, by its name and sorted labels."""
    families = text_string_to_metric_families(metrics.text().decode())
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value for family in families for sample in family.samples
    }


def test_every_metric_has_our_prefix_a_base_unit_and_a_help():
    """Names follow Prometheus, helps are sentences, and none is declared twice."""
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    for metric in METRICS:
        assert metric.name.startswith("nurture_")
        assert metric.name.endswith(UNITS)
        assert metric.says.endswith(".")
        assert (metric.kind == "histogram") == bool(metric.buckets)


def test_what_is_declared_is_what_is_shown():
    """The declared names and those on /metrics are the same list, from the first scrape on."""
    metrics = Metrics([topics.FACTS])
    metrics.watch(lambda: [LaneStatus(topic=topic, partition=0, state="folding") for topic in COUNTED])
    metrics.registry.register(Meter("folder", Throttle(), ControlsView(), SuppressionView(b"")))
    shown = set(re.findall(r"^# HELP (nurture_\w+) ", metrics.text().decode(), re.MULTILINE))
    assert shown == {metric.name for metric in METRICS}


def test_nobody_shows_an_age_that_it_does_not_measure():
    """Only the journey decides: elsewhere a 0 would look like swiftness."""
    assert "nurture_event_age_seconds" not in Metrics([topics.SENDS]).text().decode()


@pytest.mark.parametrize("topic", sorted(COUNTED))
def test_a_lane_shows_every_sample_from_the_start(topic):
    """Labels are there at 0: an alert on a rate finds its series before the first event."""
    assert set(samples(topic, {}).values()) == {0}


def test_counts_of_a_lane_are_its_metrics():
    """Two skips for want of a lawful basis: two decisions, two skips, no handoff."""
    metrics = Metrics([topics.FACTS])
    metrics.watch(lambda: [JOURNEY])
    found = scraped(metrics)
    assert found["nurture_facts_total", "3", "applied", topics.FACTS] == 7
    assert found["nurture_skips_total", "3", "no_basis", topics.FACTS] == 2
    assert found["nurture_decisions_total", "3", topics.FACTS, "skip"] == 2
    assert found["nurture_decisions_total", "3", "hand_off", topics.FACTS] == 0
    assert found["nurture_lag_records", "3", topics.FACTS] == 5
    assert found["nurture_clock_lag_seconds", "3", topics.FACTS] == 2.5


def test_a_lane_that_recovers_shows_no_counts_yet():
    """Its state is shown; its counts would look like a fall to 0."""
    metrics = Metrics([topics.FACTS])
    metrics.watch(lambda: [LaneStatus(topic=topics.FACTS, partition=3, state="recovering")])
    found = scraped(metrics)
    shown = {state: found["nurture_lane_state", *sorted(("3", topics.FACTS, state))] for state in get_args(LaneState)}
    assert shown == {"fencing": 0, "recovering": 1, "folding": 0, "ended": 0, "standby": 0}
    assert not [key for key in found if key[0] == "nurture_facts_total"]


@pytest.mark.parametrize("command", EXAMPLES, ids=lambda command: type(command).__name__)
def test_every_command_that_the_journey_counts_has_a_metric(command):
    """No decision is counted under a name that the metrics do not know."""
    assert set(tally([command])) - {"decisions"} <= set(COUNTED[topics.FACTS])


def test_every_reason_for_silence_is_a_label():
    """Skips of the journey and of the sender are told apart by the lane's topic."""
    for topic in (topics.FACTS, topics.SENDS):
        shown = {labels[0] for metric, labels in samples(topic, {}) if metric.name == "nurture_skips_total"}
        assert shown == {reason.value for reason in Reason}


@pytest.mark.parametrize("topic", sorted(COUNTED))
def test_every_reason_for_a_dead_letter_is_a_label(topic):
    """Whichever lane put a record aside, and for whatever reason: its series was there before."""
    shown = {labels[0] for metric, labels in samples(topic, {}) if metric.name == "nurture_dead_letters_total"}
    assert shown == {reason.value for reason in Refusal}
    counts = dict.fromkeys(counted(Rejected(Refusal.BAD_ID, "no id")), 2)
    assert samples(topic, counts)[DEAD_LETTERS, ("bad_id",)] == 2


def test_the_engine_is_observed():
    """Lives, transactions and their seconds are counted by topic; recovery says what is left."""
    metrics = Metrics([topics.FACTS])
    metrics.lane_state(topics.FACTS, 1, "fencing")
    metrics.recovering(topics.FACTS, 1, 10, 90)
    metrics.committed(topics.FACTS, 1, 12, 0.02)
    metrics.transaction_failed(topics.FACTS, 1, "ProducerFenced")
    found = scraped(metrics)
    assert found["nurture_lane_lives_total", topics.FACTS] == 1
    assert found["nurture_recovery_left_records", "1", topics.FACTS] == 90
    assert found["nurture_transactions_total", "committed", topics.FACTS] == 1
    assert found["nurture_transactions_total", "failed", topics.FACTS] == 1
    assert found["nurture_produced_records_total", topics.FACTS] == 12
    assert found["nurture_lane_batch_seconds_count", topics.FACTS] == 1
    metrics.lane_state(topics.FACTS, 1, "folding")
    assert scraped(metrics)["nurture_recovery_left_records", "1", topics.FACTS] == 0


def test_decisions_tell_their_age_and_nothing_of_the_lead():
    """The age is from taking to deciding, and no example's lead, name or address is on /metrics."""
    metrics = Metrics([topics.FACTS])
    for command in EXAMPLES:
        metrics.decided([command], command.seen + 3_000)
    found = scraped(metrics)
    assert found["nurture_event_age_seconds_sum",] == 3 * len(EXAMPLES)
    assert not re.search("ada|alder|@", metrics.text().decode(), re.IGNORECASE)


def test_the_policy_in_force_is_told_by_partition_before_anything_is_decided():
    """A lane's policy is there from its start to its end, one at a time; another lane's is its own."""
    metrics = Metrics([topics.FACTS])
    for partition, policy in ((0, "old"), (1, "old"), (0, "new")):
        metrics.in_force(topics.FACTS, partition, policy)
    assert {place for place in scraped(metrics) if place[0] == "nurture_policy_info"} == {
        ("nurture_policy_info", "0", "new", topics.FACTS),
        ("nurture_policy_info", "1", topics.FACTS, "old"),
    }
    metrics.lane_state(topics.FACTS, 0, "ended")
    assert [place for place in scraped(metrics) if place[0] == "nurture_policy_info"] == [
        ("nurture_policy_info", "1", topics.FACTS, "old")
    ]


def test_crossings_are_counted_by_state_and_stays_by_stage():
    """Who came into a state of the lifecycle, and how long a stay lasted that ended; the first stage ends none."""
    metrics = Metrics([topics.FACTS])
    known = {"id": "1:0", "lead_id": "ada", "because": "1", "seen": 0, "policy": "p"}
    stage = {"why": "earned", "fit": 20, "engagement": 9, "grade": "B3"}
    metrics.decided(
        [
            MoveLifecycle(**known, before="", after="inquiry", why="lead.created"),
            MoveLifecycle(**known, before="inquiry", after="mql", why="pricing.viewed"),
            MoveStage(**known, before="", after="new", **stage),
            MoveStage(**known, before="new", after="aware", days=3, **stage),
        ],
        0,
    )
    found = scraped(metrics)
    assert (found["nurture_lifecycle_total", "inquiry"], found["nurture_lifecycle_total", "mql"]) == (1, 1)
    assert found["nurture_stage_stay_seconds_sum", "main", "new"] == 3 * 86_400
    assert ("nurture_stage_stay_seconds_sum", "", "main") not in found
