"""A whole pipeline on a real Apache Kafka that a test may hurt: its broker, its provider, its workers, its input."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from email import message_from_bytes
from pathlib import Path
from typing import Final, Self

from confluent_kafka import Producer

from agents.kafka.brokers import Broker, apache_kafka, free_ports
from agents.kafka.clients import client
from agents.kafka.topics import create_topics
from agents.policies import apply
from agents.process.settings import read_settings
from agents.workplace import load_workplace
from schemas import topics
from schemas.policy import Policy
from tests.chaos.admin import Admin
from tests.chaos.crew import AGENTS, PARTITIONS, Crew
from tests.chaos.evidence import Taken
from tests.chaos.load import Event, quick
from tests.chaos.provider import Provider
from tests.chaos.rest import Rest
from tests.chaos.verifier import Verdict, judge
from tests.fakes.proxy import Proxy
from tests.fakes.sendgrid import KEY

SESSION_S: Final = 4
ID_KEY: Final = "a key for hashes of addresses, 32+"
TEMPLATES: Final = Path(__file__).parents[2] / "templates"
_FRONT: Final = """\
listeners=PLAINTEXT://{{host}}:{{port}},CONTROLLER://{{host}}:{{controller}},FRONT://{{host}}:{}
advertised.listeners=PLAINTEXT://{{host}}:{{port}},FRONT://{{host}}:{}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,FRONT:PLAINTEXT
"""  # who asks at the front is told of the front alone: all its traffic passes the proxy


class Pipeline:
    """Topics, policy and provider stand when the ``with`` block begins; workers are started by those who need them."""

    def __init__(self, folder: Path, adapt: Callable[[Policy], Policy] = quick, clock: int = 0) -> None:
        """``adapt`` makes the policy of the shipped one; with a ``clock`` (ms) time moves by ``step`` alone."""
        self.folder, self._adapt, self._clock = folder, adapt, clock
        self._seen: Counter[str] = Counter()
        self._before = self._seen

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            behind, before = free_ports(2)
            self.front = f"127.0.0.1:{before}"
            self.broker: Broker = stack.enter_context(apache_kafka(properties=_FRONT.format(behind, before)))
            self.proxy = stack.enter_context(Proxy(before, behind))
            self.provider = stack.enter_context(Provider())
            env = self._environment()
            settings = read_settings(env)
            create_topics(settings)
            policy = self._adapt(load_workplace(TEMPLATES).policy)
            asyncio.run(apply(client(settings), policy, PARTITIONS, self._clock or None))
            self.admin, self.crew = Admin(self.bootstrap), Crew(self.folder, env)
            stack.callback(self.crew.end)
            self._rest = Rest(self.crew, self.admin, self.now, stepped=bool(self._clock))
            # when an address was suppressed is nobody's clock but the broker's
            self.admin.configure(topics.SUPPRESSIONS, "message.timestamp.type", "LogAppendTime")
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

    def now(self) -> int:
        """Milliseconds since 1970, as workers see it."""
        return self._clock or time.time_ns() // 1_000_000

    def step(self, clock: int) -> None:
        """Let it be this time (ms) from now on."""
        self._clock = clock
        self.publish([(topics.CLOCK, "clock", b"%d" % clock)])

    def publish(self, events: Iterable[Event]) -> None:
        """Put messages into the input topics; returns when the broker has them all."""
        failed: list[object] = []
        producer = Producer({"bootstrap.servers": self.bootstrap, "log_level": 0, "partitioner": "murmur2_random"})
        for topic, key, value in events:
            producer.produce(topic, value, key, on_delivery=lambda error, _: error and failed.append(error))
            producer.poll(0)
        left = producer.flush(60)
        assert not failed, failed[0]
        assert not left, f"{left} messages were not acknowledged within a minute"

    def drained(self, agents: Sequence[str] = AGENTS) -> None:
        """Wait until all that was written is folded everywhere, and nothing will be due soon."""
        self._rest.wait(agents)

    def tidy(self) -> None:
        """As a scenario finds it: one worker of each agent, without a fail point, and a provider that accepts."""
        self._before = self._seen
        if not self.broker.pid:
            self.broker.start()
        self.proxy.heal()
        fake = self.provider.fake
        fake.mood, fake.next_moods, fake.takes = "accept", deque(), 0
        fake.moods.clear()
        self.crew.complete()

    def survived(self, record: Callable[[str, object], None]) -> Verdict:
        """The end of every scenario: drained, nothing is wrong since this pipeline began, whatever was done.

        What was ``seen`` is this scenario's alone: what others left behind must not let it pass.
        """
        evidence = self._rest.evidence(AGENTS, self._taken)
        for lane, records in self.admin.gone.items():
            evidence.records[lane] = records + evidence.records[lane]
        verdict = judge(evidence, ID_KEY.encode())
        self._seen = Counter(verdict.seen)
        seen = {what: count - self._before[what] for what, count in verdict.seen.items()}
        record("seen", ", ".join(f"{count:,} {what}" for what, count in seen.items() if count))
        assert not verdict.wrong, "\n".join(["", *verdict.wrong])
        assert not self.provider.fake.complaints, "mail was lost that the provider cannot take"
        return Verdict([], seen)

    def _taken(self) -> list[Taken]:
        """What the provider took; in stepped time, which reaches no provider, what lies in the mail folder."""
        if self._clock:
            return [_letter(path) for path in (self.folder / "mail").glob("*.eml")]
        return [
            Taken(each.at, each.send_key, each.payload["personalizations"][0]["to"][0]["email"])
            for each in self.provider.fake.taken
        ]

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
