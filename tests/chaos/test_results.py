"""The table of faults survived can be made in pieces: what one run did not try stays as an earlier one left it."""

import pytest

from agents.kafka.brokers import LIBS
from tests.chaos.results import Line, Table, _earlier

OLD = Line("storms", "zombie[with-a-claim]", "It sends nothing twice.", "7 held", 12.0, 1, "abc1234", "passed")


@pytest.mark.parametrize("line", [OLD, OLD._replace(seen="", outcome="failed")], ids=["seen", "unseen"])
def test_a_line_reads_as_it_was_written(line):
    """Every cell comes back, an empty one too."""
    assert Line.read(str(line)) == line


@pytest.mark.skipif(not list(LIBS.glob("kafka_*.jar")), reason="the head names Apache Kafka's version; run: make kafka")
def test_pieces_are_joined(tmp_path):
    """A scenario's newest line wins, and the others stay."""
    path = tmp_path / "RESULTS.md"
    first, second = Table(1), Table(2)
    first._lines = [OLD, OLD._replace(fault="another")]
    first.write(path)
    assert "One run: seed 1 of abc1234\n" in path.read_text(encoding="utf-8")
    second._lines = [OLD._replace(seed=2, commit="def5678+changes", outcome="failed")]
    second.write(path)
    assert [(line.fault, line.seed, line.outcome) for line in _earlier(path)] == [
        ("another", 1, "passed"),
        ("zombie[with-a-claim]", 2, "failed"),
    ]
    text = path.read_text(encoding="utf-8")
    assert "1 of 2 scenarios passed" in text
    assert "Pieces of several runs: seed 1 of abc1234 (1), seed 2 of def5678+changes (1)" in text
