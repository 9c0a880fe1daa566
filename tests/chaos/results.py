"""The table of faults survived, as Markdown. It holds what runs have shown, with seed and versions, and nothing else."""

import importlib.metadata
import os
import platform
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

import confluent_kafka
import pytest

from agents.brokers import LIBS

FOUND: Final = Path(__file__).with_name("found.md")
_HEAD: Final = """\
# Faults survived

Written by `make chaos` on {day}; do not edit. Each line is one scenario of `tests/chaos` against Apache Kafka, judged by
`tests/chaos/verifier.py` after heal and drain. "Seen" counts what the verifier read back in that pipeline so far.

- Seed: {seed}. Again: `make chaos SEED={seed}`, or one: `NURTURE_TEST_SEED={seed} .venv/bin/pytest -m '' tests/chaos -k NAME`
- Machine: {cores} cores, Python {python}, Apache Kafka {kafka}, faust-streaming {faust}, aiokafka {aiokafka},
  rocksdict {rocks}, librdkafka {rdkafka} (verifier)
- {passed} of {all} scenarios passed in {minutes:.0f} minutes

| Family | Fault | Law | Seen | Seconds | |
|---|---|---|---|---:|---|
"""


class Line(NamedTuple):
    """One scenario."""

    family: str
    fault: str
    law: str
    seen: str
    seconds: float
    outcome: str


class Table:
    """Lines in the order in which scenarios ended."""

    def __init__(self, seed: int) -> None:
        self._seed, self._began, self._lines = seed, time.monotonic(), []

    def add(self, item: pytest.Item, report: pytest.TestReport) -> None:
        """A scenario has ended."""
        law = " ".join((item.function.__doc__ or "").split())
        seen = dict(item.user_properties).get("seen", "")
        family = item.path.stem.removeprefix("test_")
        self._lines.append(Line(family, item.name.removeprefix("test_"), law, seen, report.duration, report.outcome))

    def write(self, path: Path) -> None:
        """The whole file, with what was found and fixed on the way."""
        path.write_text(self._head() + "".join(map(_row, self._lines)) + "\n" + FOUND.read_text(encoding="utf-8"))

    def _head(self) -> str:
        version = importlib.metadata.version
        [kafka] = [jar.stem.rpartition("-")[2] for jar in LIBS.glob("kafka_*.jar")]
        facts: dict[str, Any] = {
            "day": time.strftime("%Y-%m-%d", time.gmtime()),
            "seed": self._seed,
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "kafka": kafka,
            "faust": version("faust-streaming"),
            "aiokafka": version("aiokafka"),
            "rocks": version("rocksdict"),
            "rdkafka": confluent_kafka.libversion()[0],
            "passed": sum(line.outcome == "passed" for line in self._lines),
            "all": len(self._lines),
            "minutes": (time.monotonic() - self._began) / 60,
        }
        return _HEAD.format(**facts)


def _row(line: Line) -> str:
    cells = (line.family, f"`{line.fault}`", line.law, line.seen, f"{line.seconds:.0f}", line.outcome)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
