"""The table of faults survived, as Markdown. It holds what runs have shown, with seed and versions, and nothing else."""

import importlib.metadata
import os
import platform
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import confluent_kafka
import pytest

from agents.kafka.brokers import LIBS
from tests.bench.machine import commit

FOUND: Final = Path(__file__).with_name("found.md")
_HEAD: Final = """\
# Faults survived

Written by `make chaos`, last on {day}; do not edit. Each line is one scenario of `tests/chaos` against Apache Kafka, judged
by `tests/chaos/verifier.py` after heal and drain. "Seen" counts what the scenario added to what the verifier read back.

- One again: `NURTURE_TEST_SEED=SEED .venv/bin/pytest -m '' tests/chaos -k NAME`. All of them: `make chaos SEED=SEED`
- Machine: {cores} cores, Python {python}, Apache Kafka {kafka}, faust-streaming {faust}, aiokafka {aiokafka},
  rocksdict {rocks}, librdkafka {rdkafka} (verifier)
- {passed} of {all} scenarios passed, in {minutes:.0f} minutes
- {runs}

| Family | Fault | Law | Seen | Seconds | Seed and commit | |
|---|---|---|---|---:|---|---|
"""


class Line(NamedTuple):
    """One scenario."""

    family: str
    fault: str
    law: str
    seen: str
    seconds: float
    seed: int
    commit: str
    outcome: str

    @classmethod
    def read(cls, row: str) -> Self:
        """What ``str`` wrote."""
        family, fault, law, seen, seconds, run, outcome = (cell.strip() for cell in row.strip("| \n").split(" | "))
        seed, _, commit = run.partition(" of ")
        return cls(family, fault.strip("`"), law, seen, float(seconds), int(seed), commit, outcome)

    @property
    def run(self) -> str:
        """What made it: the dice and the code."""
        return f"{self.seed} of {self.commit or 'an earlier commit'}"

    def __str__(self) -> str:
        fault, seconds = f"`{self.fault}`", f"{self.seconds:.0f}"
        return f"| {self.family} | {fault} | {self.law} | {self.seen} | {seconds} | {self.run} | {self.outcome} |\n"


class Table:
    """Lines by family, and in each in the order in which scenarios ended."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._lines: list[Line] = []

    def add(self, item: pytest.Item, report: pytest.TestReport) -> None:
        """A scenario has ended."""
        law = " ".join((item.function.__doc__ or "").split())
        seen = dict(item.user_properties).get("seen", "")
        family = item.path.stem.removeprefix("test_")
        fault = item.name.removeprefix("test_")
        self._lines.append(Line(family, fault, law, seen, report.duration, self._seed, commit(), report.outcome))

    def write(self, path: Path) -> None:
        """The whole file, with what was found and fixed on the way; lines of other scenarios stay as earlier runs left them."""
        ran = {line[:2] for line in self._lines}
        self._lines = sorted(
            [line for line in _earlier(path) if line[:2] not in ran] + self._lines, key=lambda x: x.family
        )
        path.write_text(self._head() + "".join(map(str, self._lines)) + "\n" + FOUND.read_text(encoding="utf-8"))

    def _head(self) -> str:
        version = importlib.metadata.version
        [kafka] = [jar.stem.rpartition("-")[2] for jar in LIBS.glob("kafka_*.jar")]
        facts: dict[str, Any] = {
            "day": time.strftime("%Y-%m-%d", time.gmtime()),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "kafka": kafka,
            "faust": version("faust-streaming"),
            "aiokafka": version("aiokafka"),
            "rocks": version("rocksdict"),
            "rdkafka": confluent_kafka.libversion()[0],
            "passed": sum(line.outcome == "passed" for line in self._lines),
            "all": len(self._lines),
            "runs": _runs(self._lines),
            "minutes": sum(line.seconds for line in self._lines) / 60,
        }
        return _HEAD.format(**facts)


def _runs(lines: Sequence[Line]) -> str:
    """One seed and one commit when one run made all of it; else how much each did."""
    runs = Counter(line.run for line in lines).most_common()
    if len(runs) == 1:
        return f"One run: seed {runs[0][0]}"
    return "Pieces of several runs: " + ", ".join(f"seed {run} ({count})" for run, count in runs)


def _earlier(path: Path) -> list[Line]:
    if not path.exists():
        return []
    table = path.read_text(encoding="utf-8").partition("## Found and fixed")[0]
    rows = [row for row in table.splitlines() if row.startswith("| ") and "`" in row]
    return [Line.read(row) for row in rows]
