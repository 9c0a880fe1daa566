"""The alerting rules in deploy/: each may fire, since it asks for what we expose, and says what to do."""

import re
from pathlib import Path
from typing import get_args

import click
import pytest
from ruamel.yaml import YAML

from agents.cli import main
from agents.mail.breaker import BreakerState
from agents.process.metrics import BREAKER, COUNTED, LEDGER, METRICS, PLACE, STATE, STATES, TRANSACTIONS
from schemas import topics
from schemas.ledger import State

RULES = YAML(typ="safe").load(Path(__file__).parents[1] / "deploy/alerts.yaml")["groups"][0]["rules"]
DECLARED = {metric.name: metric for metric in METRICS}
VALUES = {
    (BREAKER.name, "state"): set(get_args(BreakerState)),
    (LEDGER.name, "state"): set(get_args(State)),
    (STATE.name, "state"): set(STATES),
    (TRANSACTIONS.name, "outcome"): {"committed", "failed"},
}
for counts in COUNTED.values():
    for metric, labels in (sample for samples in counts.values() for sample in samples):
        for label, value in zip(metric.labels, labels, strict=True):
            VALUES.setdefault((metric.name, label), set()).add(value)

every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])


def asked(expression):
    """Each series that an expression asks for: its metric, and what its labels must be."""
    for name, matchers in re.findall(r"\b(nurture_\w+)(?:\{(.*?)\})?", expression):
        yield DECLARED.get(name.removesuffix("_bucket")), dict(re.findall(r'(\w+)="([^"]*)"', matchers))


@every_rule
def test_a_rule_asks_for_what_we_expose(rule):
    """Metrics and labels are declared, and a label's value is one that it can have."""
    for metric, labels in asked(rule["expr"]):
        assert metric is not None, rule["expr"]
        for label, value in labels.items():
            assert label in {*metric.labels, *PLACE}
            assert value in (topics.__dict__.values() if label == "topic" else VALUES[metric.name, label])


@every_rule
def test_a_rule_keeps_the_labels_that_its_words_need(rule):
    """What a summary names is a label of what fires: of its metrics, or of what Prometheus itself knows."""
    grouped = set(re.findall(r"\w+", " ".join(re.findall(r"\b(?:by|on) \(([\w, ]+)\)", rule["expr"]))))
    own = {label for metric, _ in asked(rule["expr"]) if metric for label in (*metric.labels, *PLACE)} | {"instance"}
    named = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    assert named <= (grouped or own)


@every_rule
def test_a_rule_says_who_is_wanted_and_what_to_do(rule):
    """A severity, a sentence for what is, one for what to do; commands in it exist."""
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"].endswith(".")
    for typed in re.findall(r"`nurture ([^`]*)`", rule["annotations"]["runbook"]):
        command = main
        for word in typed.split():
            if isinstance(command, click.Group):
                command = command.get_command(click.Context(command), word)
                assert command is not None, typed


def test_alerts_are_told_apart():
    """No two rules have one name."""
    names = [rule["alert"] for rule in RULES]
    assert len(set(names)) == len(names)
