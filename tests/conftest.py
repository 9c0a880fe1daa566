"""What every test may ask for: a real broker, names of its own on it, and dice that can be thrown again."""

import os
import random
import uuid
from collections.abc import Iterator

import pytest
from hypothesis import settings

from agents.kafka.brokers import Broker, BrokerError, apache_kafka, embedded

NOT_COVERED = "on the embedded broker nothing is proved about faults: it does not expel members that were killed"
SEED = int(os.environ.get("NURTURE_TEST_SEED", random.SystemRandom().randrange(1_000_000)))
# A slow machine is no counterexample; --hypothesis-profile=thorough looks twenty times as hard.
settings.register_profile("usual", deadline=None, print_blob=True)
settings.register_profile("thorough", settings.get_profile("usual"), max_examples=2_000)
settings.load_profile("usual")
_notes: list[str] = [f"seed: {SEED} (set NURTURE_TEST_SEED to throw the same dice again)"]


@pytest.fixture(autouse=True, scope="session")
def _own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a command remembers of whoever runs the tests is left alone (``agents.mail.trial.notebook``)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def broker() -> Iterator[str]:
    """Bootstrap servers: yours (KAFKA_BOOTSTRAP_SERVERS), else Apache Kafka, else the embedded broker."""
    yours = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if yours:
        _notes.append(f"broker: yours, {yours}")
        yield yours
        return
    with _own_broker() as own:
        _notes.append(f"broker: {own.name}, {own.bootstrap}")
        yield own.bootstrap


@pytest.fixture(scope="module")
def fresh_broker() -> Iterator[str]:
    """Bootstrap servers of a broker that nobody else uses: topics have the names that they have in production."""
    with _own_broker() as own:
        yield own.bootstrap


@pytest.fixture
def unique() -> str:
    """A word that no other test uses, for names of topics and groups on the shared broker."""
    return uuid.uuid4().hex[:10]


@pytest.fixture
def dice() -> random.Random:
    """Seeded dice; the seed is printed at the end of the run."""
    return random.Random(SEED)


def _own_broker() -> Broker:
    try:
        return apache_kafka()
    except BrokerError as missing:
        if os.environ.get("CI") == "true":
            raise
        _notes.append(f"{missing}; {NOT_COVERED}")
        return embedded()


def pytest_report_header() -> str:
    """The seed comes first: a run that hangs has told it already."""
    return _notes[0]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the run stood on, and what it therefore did not cover."""
    for note in _notes:
        terminalreporter.write_line(note)
