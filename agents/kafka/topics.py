"""The registry of topics against a broker: creates what is missing, says what differs. It alters and deletes none."""

import socket
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError

from agents.kafka.clients import client
from agents.process.settings import Settings
from schemas.problem import UserError
from schemas.topics import registry
from schemas.words import counted

_PATIENCE_MS: Final = 10_000
_CONNECT_SECONDS: Final = 3
_ABSENT: Final = 3  # UNKNOWN_TOPIC_OR_PARTITION
_FOR_EVER: Final = "-1"
_EXISTS: Final = 36  # TOPIC_ALREADY_EXISTS: somebody else was quicker


class BrokerRefused(UserError):  # noqa: N818  (a sentence about the broker, not a bug)
    """The broker cannot be reached, or refused what was asked: one sentence."""


class BrokerAway(BrokerRefused):
    """Nobody answers, or not yet: who can wait asks again."""


class Plan(NamedTuple):
    """What a topic should be; or what it is."""

    partitions: int
    copies: int
    config: Mapping[str, str]


class Difference(NamedTuple):
    """One topic that is not as the registry has it: what was found, what was expected, what to do.

    ``unsafe``: no worker may fold on it, because facts could be lost or leads torn apart.
    """

    topic: str
    found: str
    expected: str
    todo: str
    unsafe: bool = False

    def __str__(self) -> str:
        return f"{self.topic}: found {self.found}, expected {self.expected}; {self.todo}"


def plans(settings: Settings) -> dict[str, Plan]:
    """Every topic of the registry as these settings want it. With three copies, a write needs two of them."""
    copies = settings.replication_factor
    insync = {"min.insync.replicas": str(copies - 1)} if copies >= 3 else {}
    return {
        name: Plan(topic.count(settings.partitions), copies, topic.config() | insync)
        for name, topic in registry().items()
    }


def create_topics(settings: Settings, *, dry_run: bool = False) -> list[str]:
    """Creates the topics that are missing, and names them. Raises BrokerRefused."""
    with _admin(settings) as admin:
        existing = set(admin.list_topics())
        missing = {name: plan for name, plan in plans(settings).items() if name not in existing}
        if missing and not dry_run:
            _create(admin, missing)
    return list(missing)


def check_topics(settings: Settings, names: Collection[str] | None = None) -> list[Difference]:
    """Where the broker's topics (all, or these) differ from the registry. Raises BrokerRefused."""
    wanted = {name: plan for name, plan in plans(settings).items() if names is None or name in names}
    with _admin(settings) as admin:
        found = _found(admin, wanted)
    production = settings.profile == "production"
    return [
        difference
        for name, plan in wanted.items()
        for difference in _differences(name, plan, found.get(name), production=production)
    ]


@contextmanager
def _admin(settings: Settings) -> Iterator[Any]:
    admin = None
    if not any(_listens(server) for server in settings.bootstrap.split(",")):
        raise BrokerAway(f"nobody listens at {settings.bootstrap} (NURTURE_BOOTSTRAP), expected a Kafka broker there")
    try:
        admin = KafkaAdminClient(**client(settings), bootstrap_timeout_ms=_PATIENCE_MS, request_timeout_ms=_PATIENCE_MS)
        yield admin
    except (KafkaError, OSError) as error:
        kind = BrokerAway if isinstance(error, OSError) or error.retriable else BrokerRefused
        raise kind(
            f"Kafka at {settings.bootstrap} (NURTURE_BOOTSTRAP, {settings.kafka_security}) gave no usable answer:"
            f" {type(error).__name__}: {error}"
        ) from error
    finally:
        if admin is not None:
            admin.close()


def _listens(server: str) -> bool:
    """The client would try for long, and leave its socket open when it gives up."""
    host, port = server.rsplit(":", 1)
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_SECONDS).close()
    except OSError:
        return False
    return True


def _create(admin: Any, missing: Mapping[str, Plan]) -> None:
    order = {
        name: {"num_partitions": plan.partitions, "replication_factor": plan.copies, "configs": dict(plan.config)}
        for name, plan in missing.items()
    }
    answers = admin.create_topics(order, raise_errors=False)["topics"]
    refused = [answer for answer in answers if answer["error_code"] not in (0, _EXISTS)]
    if refused:
        raise BrokerRefused(
            "; ".join(f"{answer['name']} was not created: {answer['error_message']}" for answer in refused)
        )
    admin.wait_for_topics(list(order))


def _found(admin: Any, wanted: Mapping[str, Plan]) -> dict[str, Plan]:
    topics = {topic["name"]: topic for topic in admin.describe_topics(list(wanted)) if topic["error_code"] != _ABSENT}
    asked = [ConfigResource(ConfigResourceType.TOPIC, name, dict.fromkeys(wanted[name].config)) for name in topics]
    configs = admin.describe_configs(asked, config_filter="All")["topic"] if asked else {}
    return {
        name: Plan(
            len(topic["partitions"]),
            min(len(partition["replica_nodes"]) for partition in topic["partitions"]),
            {key: entry["value"] for key, entry in configs[name].items()},
        )
        for name, topic in topics.items()
    }


def _differences(name: str, wanted: Plan, found: Plan | None, *, production: bool) -> Iterator[Difference]:
    if found is None:
        yield Difference(
            name, "no such topic", counted(wanted.partitions, "partition"), "run: nurture topics create", True
        )
        return
    if found.partitions != wanted.partitions:
        # Adding partitions sends a lead's next facts elsewhere than the ones before.
        todo = "the count never changes later: make the topic anew, or set NURTURE_PARTITIONS to what was found"
        yield Difference(name, counted(found.partitions, "partition"), str(wanted.partitions), todo, True)
    if found.copies < wanted.copies:
        todo = "run: kafka-reassign-partitions"
        yield Difference(name, f"{found.copies} copies", str(wanted.copies), todo, production)
    for key, value in wanted.config.items():
        if (is_now := found.config.get(key)) != value:
            todo = f"run: kafka-configs --alter --topic {name} --add-config {key}={value}"
            unsafe = production if key == "min.insync.replicas" else _loses(key, is_now, wanted.config)
            yield Difference(name, f"{key}={is_now}", value, todo, unsafe)


def _loses(key: str, found: str | None, wanted: Mapping[str, str]) -> bool:
    """Whether facts or deletions could be lost: what is kept for ever is what every replay and refold reads."""
    match key:
        case "cleanup.policy":
            return True
        case "delete.retention.ms":
            return int(found or 0) < int(wanted[key])
        case "retention.ms" | "retention.bytes":
            return wanted["retention.ms"] == _FOR_EVER
        case _:
            return False
