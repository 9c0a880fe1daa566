"""A whole pipeline on a real Apache Kafka that a test may hurt: its broker, its provider, its workers, its input."""

import asyncio
import itertools
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from email import message_from_bytes
from pathlib import Path
from typing import Any, Final, Self

from confluent_kafka import IsolationLevel, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from agents.brokers import Broker, apache_kafka, free_ports
from agents.clients import client
from agents.mail.waiting import open_ended
from agents.policies import apply
from agents.settings import read_settings
from agents.topics import create_topics
from agents.workplace import load_workplace
from schemas import topics
from schemas.codec import decode_ledger
from schemas.ledger import LedgerEntry
from schemas.policy import Policy
from tests.chaos.evidence import AGENT, CHANGELOGS, Evidence, Lane, Reader, Seen, Taken, gather
from tests.chaos.load import Event, quick
from tests.chaos.provider import Provider
from tests.chaos.verifier import Verdict, judge
from tests.chaos.worker import Worker, until
from tests.fakes.proxy import Proxy
from tests.fakes.sendgrid import KEY

AGENTS: Final = ("intake", "journey", "sender", "sales")
PARTITIONS: Final = 2
SESSION_S: Final = 4
ID_KEY: Final = "a key for hashes of addresses, 32+"
TEMPLATES: Final = Path(__file__).parents[2] / "templates"
_DRAIN_S: Final = 150
_FRONT: Final = """\
listeners=PLAINTEXT://{{host}}:{{port}},CONTROLLER://{{host}}:{{controller}},FRONT://{{host}}:{}
advertised.listeners=PLAINTEXT://{{host}}:{{port}},FRONT://{{host}}:{}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,FRONT:PLAINTEXT
"""  # who asks at the front is told of the front alone: all its traffic passes the proxy
_SOON_MS: Final = 100_000  # the longest wait in a program is a minute


class Pipeline:
    """Topics, policy and provider stand when the ``with`` block begins; workers are started by those who need them."""

    def __init__(self, folder: Path, adapt: Callable[[Policy], Policy] = quick, clock: int = 0) -> None:
        """``adapt`` makes the policy of the shipped one; with a ``clock`` (ms) time moves by ``step`` alone."""
        self.folder, self._adapt, self._clock, self._numbers = folder, adapt, clock, itertools.count(1)
        self.workers: list[Worker] = []
        self._gone: dict[Lane, list[Seen]] = {}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            behind, before = free_ports(2)
            self.front = f"127.0.0.1:{before}"
            self.broker: Broker = stack.enter_context(apache_kafka(properties=_FRONT.format(behind, before)))
            self.proxy = stack.enter_context(Proxy(before, behind))
            self.provider = stack.enter_context(Provider())
            stack.callback(self._end_workers)
            self._env = self._environment()
            settings = read_settings(self._env)
            create_topics(settings)
            policy = self._adapt(load_workplace(TEMPLATES).policy)
            asyncio.run(apply(client(settings), policy, PARTITIONS, self._clock or None))
            self.producer = Producer(self._client | {"partitioner": "murmur2_random"})
            self.admin = AdminClient(self._client)
            self.configure(topics.SUPPRESSIONS, "message.timestamp.type", "LogAppendTime")  # nobody's clock but its own
            if self._clock:
                self.step(self._clock)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def bootstrap(self) -> str:
        """Where the broker listens."""
        return self.broker.bootstrap

    @property
    def _client(self) -> dict[str, object]:
        return {"bootstrap.servers": self.bootstrap, "log_level": 0}

    def start(self, agent: str, fail_at: str = "", **more: str) -> Worker:
        """One more worker of this agent."""
        worker = Worker(agent, next(self._numbers), self.folder, self._env)
        self.workers.append(worker)
        return worker.start(fail_at, **more)

    def now(self) -> int:
        """Milliseconds since 1970, as workers see it."""
        return self._clock or time.time_ns() // 1_000_000

    def step(self, clock: int) -> None:
        """Let it be this time (ms) from now on."""
        self._clock = clock
        self.publish([(topics.CLOCK, "clock", b"%d" % clock)])

    def configure(self, topic: str, name: str, value: str) -> None:
        """Change one setting of a topic at the broker."""
        entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
        done(self.admin.incremental_alter_configs([resource]))

    def records(self, topic: str) -> dict[Lane, list[Seen]]:
        """Everything that is in a topic, by partition."""
        read = Reader(self.bootstrap)
        try:
            return read.whole([topic])
        finally:
            read.close()

    def ledger(self) -> dict[str, LedgerEntry]:
        """The newest entry of each send key."""
        newest = {r.key: r.value for records in self.records(topics.EMAIL_LEDGER).values() for r in records}
        return {key.decode(): decode_ledger(value) for key, value in newest.items() if not key.startswith(b"\0")}

    def lose(self, topic: str) -> None:
        """Delete a topic, as nobody must."""
        done(self.admin.delete_topics([topic]))
        until(lambda: topic not in self.admin.list_topics(timeout=10).topics, f"{topic} is gone")

    def make_anew(self, topic: str, records: Mapping[Lane, Sequence[Seen]] | None = None) -> None:
        """Create a topic that was lost, empty or with what a backup holds."""
        done(self.admin.create_topics([NewTopic(topic, PARTITIONS, 1, config=topics.registry()[topic].config())]))
        for (_, partition), its in (records or {}).items():
            for each in its:
                self.producer.produce(topic, each.value, each.key, partition, headers=dict(each.headers))
        assert not self.producer.flush(60)

    def cut(self, topic: str, before: Mapping[int, int]) -> None:
        """Delete the records of each partition before an offset, as retention does where it is allowed to."""
        [policy] = done(self.admin.describe_configs([ConfigResource(ResourceType.TOPIC, topic)]))
        self.configure(topic, "cleanup.policy", "delete")
        done(self.admin.delete_records([TopicPartition(topic, *each) for each in before.items()]))
        self.configure(topic, "cleanup.policy", policy["cleanup.policy"].value)

    def forget(self, topic: str) -> int:
        """Delete everything from an input; the judge will know what its group had read. Returns how many nobody had."""
        read = Reader(self.bootstrap)
        try:
            found = read.whole([topic])
            upto = read.committed(found)
        finally:
            read.close()
        for lane, records in found.items():
            self._gone.setdefault(lane, []).extend(record for record in records if record.offset < upto[lane])
        self.cut(topic, {partition: records[-1].offset + 1 for (_, partition), records in found.items() if records})
        return sum(record.offset >= upto[lane] for lane, records in found.items() for record in records)

    def all_agents(self, agents: Iterable[str] = AGENTS) -> None:
        """One worker of each agent that has none."""
        for agent in agents:
            if not self.those(agent):
                self.start(agent)
        self.ready(agents)

    def those(self, agent: str) -> list[Worker]:
        """The workers of an agent that run."""
        return [worker for worker in self.workers if worker.agent == agent and worker.runs]

    def one(self, agent: str) -> Worker:
        """The one worker of an agent that runs."""
        [worker] = self.those(agent)
        return worker

    def publish(self, events: Iterable[Event]) -> None:
        """Put messages into the input topics; returns when the broker has them all."""
        failed: list[object] = []
        for topic, key, value in events:
            self.producer.produce(topic, value, key, on_delivery=lambda error, _: error and failed.append(error))
            self.producer.poll(0)
        left = self.producer.flush(60)
        assert not failed, failed[0]
        assert not left, f"{left} messages were not acknowledged within a minute"

    def ready(self, agents: Iterable[str] = AGENTS) -> dict[Lane, Worker]:
        """Wait until each partition of these agents has exactly one lane that folds; who has which."""
        return until(lambda: self._owners(agents), f"each partition of {agents} has one folding lane", 90, self.scene)

    def drained(self, agents: Sequence[str] = AGENTS) -> None:
        """Wait until all that was written is folded everywhere, and nothing will be due soon."""
        deadline = time.monotonic() + _DRAIN_S
        while True:
            until(lambda: self._idle(agents), f"{agents} are drained", _DRAIN_S, self.scene)
            due = self._next_due(agents) - self.now()
            if self._clock or (due >= _SOON_MS and not self._waiting()):
                return
            assert time.monotonic() < deadline, f"something is always due soon, for {_DRAIN_S} s"
            time.sleep(max(0.1, min(due / 1000, 1)))

    def verdict(self, agents: Sequence[str] = AGENTS) -> Verdict:
        """Drain, then let the verifier look at everything since this pipeline began."""
        evidence = self._evidence(agents)
        for lane, records in self._gone.items():
            evidence.records[lane] = records + evidence.records[lane]
        return judge(evidence, ID_KEY.encode())

    def tidy(self) -> None:
        """As a scenario finds it: one worker of each agent, without a fail point, and a provider that accepts."""
        if not self.broker.pid:
            self.broker.start()
        self.proxy.heal()
        fake = self.provider.fake
        fake.mood, fake.next_moods = "accept", deque()
        fake.moods.clear()
        for agent in AGENTS:
            for extra in [w for w in self.workers if w.agent == agent and (w.paused or w in self.those(agent)[1:])]:
                extra.kill()
        self.workers = [worker for agent in AGENTS for worker in self.those(agent)]
        self.all_agents()

    def survived(self, record: Callable[[str, object], None], agents: Sequence[str] = AGENTS) -> Verdict:
        """The end of every scenario: nothing is wrong, whatever was done."""
        verdict = self.verdict(agents)
        record("seen", ", ".join(f"{count:,} {what}" for what, count in verdict.seen.items() if count))
        assert not verdict.wrong, "\n".join(["", *verdict.wrong])
        return verdict

    def forget_folder(self, worker: Worker) -> None:
        """Remove a dead worker's folder: a new machine has none."""
        shutil.rmtree(worker.data, ignore_errors=True)

    def scene(self) -> str:
        """What everybody says just now, for whom it may concern."""
        lines = [
            f"{w.name} {'runs' if w.runs else 'does not run'}: {w.lanes()}; {w.last_words()}" for w in self.workers
        ]
        return "\n".join(["", *lines])

    def _owners(self, agents: Iterable[str]) -> dict[Lane, Worker]:
        """Who folds which partition, when each has one owner; nothing while it is unsettled."""
        owners: dict[Lane, Worker] = {}
        for worker in [each for agent in agents for each in self.those(agent)]:
            for lane in worker.lanes():
                if lane["state"] != "folding" or (lane["topic"], lane["partition"]) in owners:
                    return {}
                owners[lane["topic"], lane["partition"]] = worker
        wanted = {(topic, p) for topic, agent in AGENT.items() if agent in agents for p in range(PARTITIONS)}
        return owners if set(owners) == wanted else {}

    def _idle(self, agents: Sequence[str]) -> bool:
        now = self.now()
        if not self._owners(agents):
            return False
        sources = self._sources(agents)
        ends = self._ends(sources)
        lanes = until(lambda: self._looked(agents, now), "every lane has looked at the clock", 30)
        past = all(lane["position"] >= ends[lane["topic"], lane["partition"]] for lane in lanes)
        return past and all(lane["idle"] for lane in lanes) and ends == self._ends(sources)

    def _looked(self, agents: Sequence[str], now: int) -> list[dict[str, object]]:
        lanes = self._lanes(agents)
        return lanes if all(lane["clock"] >= now or not lane["idle"] for lane in lanes) else []

    def _lanes(self, agents: Sequence[str]) -> list[dict[str, object]]:
        return [lane for agent in agents for worker in self.those(agent) for lane in worker.lanes()]

    def _sources(self, agents: Sequence[str]) -> list[str]:
        return [topic for topic, agent in AGENT.items() if agent in agents]

    def _ends(self, names: Sequence[str]) -> dict[Lane, int]:
        asked = {TopicPartition(name, p): OffsetSpec.latest() for name in names for p in range(PARTITIONS)}
        answers = self.admin.list_offsets(asked, isolation_level=IsolationLevel.READ_UNCOMMITTED)
        try:
            return {(tp.topic, tp.partition): answer.result(30).offset for tp, answer in answers.items()}
        except KafkaException:  # a new leader, and this client keeps the old one's epoch: nothing is past such an end
            self.admin = AdminClient(self._client)
            return dict.fromkeys(((tp.topic, tp.partition) for tp in answers), 2**62)

    def _evidence(self, agents: Sequence[str]) -> Evidence:
        """Everything at rest: who commits meanwhile, if only that it passed a marker, makes it look again."""
        changelogs = [CHANGELOGS[topic] for topic in self._sources(agents)]
        while True:
            self.drained(agents)
            before = self._ends(changelogs)
            if not self._idle(agents):  # what was committed may not be in the store yet
                continue
            folders = {
                lane: worker.data / f"nurture-{worker.agent}" / f"{lane[0]}-{lane[1]}"
                for lane, worker in self.ready(agents).items()
            }
            evidence = gather(self.bootstrap, folders, self._taken())
            if before == self._ends(changelogs):
                return evidence

    def _taken(self) -> list[Taken]:
        """What the provider took; in stepped time, which reaches no provider, what lies in the mail folder."""
        if self._clock:
            return [_letter(path) for path in (self.folder / "mail").glob("*.eml")]
        return [
            Taken(each.at, each.send_key, each.payload["personalizations"][0]["to"][0]["email"])
            for each in self.provider.fake.taken
        ]

    def _waiting(self) -> bool:
        """Whether an order waits for something whose end nobody knows, as for the breaker: its due tells nothing."""
        return any(open_ended(entry) for entry in self.ledger().values())

    def _next_due(self, agents: Sequence[str]) -> int:
        """The earliest due of all leads and of all sends that wait (ms), as far as they are these agents' rows."""
        rows = {"journey": topics.LEAD_ROWS, "sender": topics.EMAIL_LEDGER}
        read = Reader(self.bootstrap)
        try:
            found = read.whole([rows[agent] for agent in agents if agent in rows]).values()
        finally:
            read.close()
        newest = {record.key: record for records in found for record in records}
        dues = [int.from_bytes(record.headers.get("due", b""), "big") for record in newest.values()]
        return min((due for due in dues if due), default=2**62)

    def _end_workers(self) -> None:
        for worker in self.workers:
            worker.kill()

    def _environment(self) -> dict[str, str]:
        return {
            "NURTURE_BOOTSTRAP": self.bootstrap,
            "NURTURE_CLOCK": "stepped" if self._clock else "wall",
            "NURTURE_PARTITIONS": str(PARTITIONS),
            "NURTURE_SESSION_TIMEOUT_S": str(SESSION_S),
            "NURTURE_TEMPLATES": str(TEMPLATES),
            "NURTURE_MAIL_PORT": "folder" if self._clock else "sendgrid",
            "NURTURE_MAIL_FOLDER": str(self.folder / "mail"),
            "NURTURE_SENDGRID_KEY": KEY,
            "NURTURE_SENDGRID_HOST": self.provider.fake.url,
            "NURTURE_ALLOW_LIST": "@wonder.example,@wattlark.example",
            "NURTURE_TOKEN_KEY": "a key that signs unsubscribe links",
            "NURTURE_ID_KEY": ID_KEY,
            "NURTURE_LOG_FORMAT": "console",
        }


def _letter(path: Path) -> Taken:
    letter = message_from_bytes(path.read_bytes())
    return Taken(path.stat().st_mtime, letter["X-Nurture-Send-Key"], letter["To"])


def done(answers: Mapping[object, Any]) -> list[Any]:
    """Wait until the broker has done what it was asked; its answers. Raises KafkaException."""
    return [answer.result(30) for answer in answers.values()]
