"""What a scenario is given: a pipeline that stands, a load of its own by dice, and a line in the table of results."""

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from agents.kafka.brokers import BrokerError
from tests.chaos.load import Load
from tests.chaos.pipeline import Pipeline
from tests.chaos.results import Table
from tests.conftest import SEED

_TABLE = Table(SEED)
_OUTCOME = pytest.StashKey[bool]()


class Stand:
    """One pipeline for all who leave it whole; after a failure the next scenario gets a new one."""

    def __init__(self, make: object) -> None:
        self._make = make
        self._pipeline: Pipeline | None = None

    def pipeline(self) -> Pipeline:
        """The one that stands, as a scenario expects to find it."""
        if self._pipeline is None:
            self._pipeline = self._make().__enter__()
        try:
            self._pipeline.tidy()
        except BaseException:
            self.clear()
            raise
        return self._pipeline

    def clear(self) -> None:
        """Take it down."""
        if self._pipeline is not None:
            self._pipeline.__exit__()
            self._pipeline = None


@pytest.fixture(scope="session")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """The stand of this run. Faults need Apache Kafka: with CI=true a machine without it fails."""
    found = Stand(lambda: Pipeline(tmp_path_factory.mktemp("pipeline")))
    yield found
    found.clear()


@pytest.fixture
def pipeline(stand: Stand, request: pytest.FixtureRequest) -> Iterator[Pipeline]:
    """Every agent runs, nothing is broken yet."""
    try:
        found = stand.pipeline()
    except BrokerError as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(missing))
    yield found
    if not request.node.stash.get(_OUTCOME, False):
        stand.clear()


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """What the scenario is called in ids and dice."""
    return "".join(c if c.isalnum() else "-" for c in request.node.name.removeprefix("test_"))


@pytest.fixture
def dice(name: str) -> Random:
    """Dice of this scenario alone: its faults do not depend on which others ran before."""
    return Random(f"{SEED}:{name}")


@pytest.fixture
def load(name: str, dice: Random) -> Load:
    """Messages of this scenario."""
    return Load(name, dice)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Remember how it ended, if it began at all, and how to do it again."""
    report = yield
    if report.when == "call" or (report.when == "setup" and report.failed):
        item.stash[_OUTCOME] = report.passed
        if (
            "record_property" in item.fixturenames
        ):  # a scenario tells what it saw; the verifier's own tests break nothing
            _TABLE.add(item, report)
        if report.failed:
            again = f"NURTURE_TEST_SEED={SEED} .venv/bin/pytest -m '' '{item.nodeid}'"
            report.sections.append(("replay", again))
    return report


def pytest_sessionfinish() -> None:
    """``make chaos`` names the file that the table goes to."""
    if path := os.environ.get("CHAOS_RESULTS"):
        _TABLE.write(Path(path))
