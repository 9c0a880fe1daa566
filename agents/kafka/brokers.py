"""Real brokers on this machine, for the demo and the tests: loopback, free ports, a folder. It creates no topics."""

import base64
import contextlib
import itertools
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Self

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from schemas.problem import UserError

LIBS: Final = Path(__file__).parents[2] / "deploy" / "kafka" / "libs"
_HOST: Final = "127.0.0.1"
_START_SECONDS: Final = 60
_STOP_SECONDS: Final = 20

# One node that is broker and controller. What is small here is small because one machine runs everything; a broker that
# was killed waits at its next start until its old session has expired.
_PROPERTIES: Final = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={logs}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.cleaner.dedupe.buffer.size=16777216
auto.create.topics.enable=false
"""


class BrokerError(UserError):
    """No broker, in one sentence: what was looked for, where, and what to run."""


@dataclass
class Broker:
    """A broker process and the folder that it keeps. Leaving its ``with`` block stops it, and deletes an own folder."""

    name: str
    bootstrap: str
    folder: Path
    command: Sequence[str]
    forget: Callable[[], None] = lambda: None
    process: subprocess.Popen[bytes] | None = None
    guard: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def pid(self) -> int:
        """The broker's process id, 0 when it does not run."""
        return self.process.pid if self.process and self.process.poll() is None else 0

    @property
    def log(self) -> Path:
        """What the broker printed."""
        return self.folder / "broker.log"

    def start(self) -> Self:
        """Start (again, on the same port and folder) and return once it answers. Raises BrokerError."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603  (our own command, no shell)
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self.guard = end_with_us(self.process.pid)
        try:
            self._await_answer()
        except BaseException:
            self.kill()
            raise
        return self

    def stop(self) -> None:
        """End it as an operator would (TERM); a second call does nothing."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self._reap()

    def kill(self) -> None:
        """End it as a power cut would (KILL); the folder stays, so ``start`` finds what was written."""
        if self.process is not None:
            self.process.kill()
        self._reap()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.forget()

    def _reap(self) -> None:
        for child in (self.guard, self.process):
            if child is not None:
                child.kill()
                child.wait()
                if child.stdin:
                    child.stdin.close()
        self.process = self.guard = None

    def _await_answer(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(self.bootstrap):
            if not self.pid or time.monotonic() > deadline:
                found = "ended" if not self.pid else f"gave no answer within {_START_SECONDS} s"
                raise BrokerError(f"{self.name} {found} at its start; {self.log} ends with: {self._last_words()}")
            time.sleep(0.05)

    def _last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return " / ".join(lines[-5:]) or "none"


def apache_kafka(libs: Path = LIBS, folder: Path | None = None, properties: str = "") -> Broker:
    """A started Apache Kafka (KRaft, one node) on ``folder``, or on a temporary one that goes with it.

    ``properties`` are lines that win over ours; they may hold {host}, {port} and {controller}.
    Raises BrokerError when Java or the jars are missing, or when the broker does not start.
    """
    java, jars = _java(), _jars(libs)
    folder, forget = _folder(folder, "nurture-kafka-")
    port, controller = free_ports(2)
    config = folder / "server.properties"
    logs = folder / "logs"
    lines = (_PROPERTIES + properties).format(host=_HOST, port=port, controller=controller, logs=logs.as_posix())
    config.write_text(lines, encoding="utf-8")
    if not (logs / "meta.properties").exists():
        _format(java, jars, config)
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
    command = [java, "-Xms256m", "-Xmx512m", "-XX:+ExitOnOutOfMemoryError", quiet, "-cp", jars, "kafka.Kafka"]
    return Broker("Apache Kafka", f"{_HOST}:{port}", folder, [*command, str(config)], forget).start()


def embedded(folder: Path | None = None) -> Broker:
    """A started embedded broker: for trying out, never for faults (it does not expel a member that was killed).

    Raises BrokerError when its wheel is missing or it does not start.
    """
    spec = find_spec("noida_db")
    if spec is None or spec.origin is None:
        raise BrokerError(
            'looked for the embedded broker (the wheel noida-db, extra "demo") and found none; run: make setup'
        )
    binary = Path(spec.origin).with_name("noida-db.exe" if os.name == "nt" else "noida-db")
    binary.chmod(0o755)  # its own launcher does the same: wheels do not always keep the bit
    folder, forget = _folder(folder, "nurture-embedded-")
    [port] = free_ports(1)
    command = [str(binary), "start", "--only", "kafka", "--host", _HOST, "--kafka-port", str(port)]
    command += ["--data-dir", str(folder / "data")]
    return Broker("the embedded broker", f"{_HOST}:{port}", folder, command, forget).start()


def _java() -> str:
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if java is None:
        where = f"JAVA_HOME ({home})" if home else "PATH"
        raise BrokerError(f"looked for java in {where} and found none; Apache Kafka needs Java 17 or newer")
    return java


def _jars(libs: Path) -> str:
    if not any(libs.glob("kafka_*.jar")):
        raise BrokerError(f"looked for Apache Kafka's jars in {libs} and found none; run: make kafka")
    return str(libs / "*")


def _format(java: str, jars: str, properties: Path) -> None:
    """Make the empty folder a cluster's. An id that begins with a hyphen would be read as an option."""
    cluster = "n" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]
    tool = [java, "-XX:TieredStopAtLevel=1", "-cp", jars, "kafka.tools.StorageTool"]
    done = subprocess.run(  # noqa: S603  (our own command, no shell)
        [*tool, "format", "-t", cluster, "-c", str(properties)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BrokerError(f"Apache Kafka refused to format its folder: {done.stderr.strip()[-500:]}")


def end_with_us(pid: int) -> subprocess.Popen[bytes]:
    """A shell that kills the broker once we are gone, however we went: our death closes the pipe that it reads."""
    script = 'cat >/dev/null; kill -KILL "$1" 2>/dev/null'
    return subprocess.Popen(  # noqa: S603  (our own command)
        ["/bin/sh", "-c", script, "guard", str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def _folder(folder: Path | None, prefix: str) -> tuple[Path, Callable[[], None]]:
    if folder is None:
        own = Path(tempfile.mkdtemp(prefix=prefix))
        return own, lambda: shutil.rmtree(own, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve(), lambda: None


def free_ports(count: int) -> list[int]:
    """Ports below those that the system hands out: while a broker is down, a client's retry must not take its port.

    Nor is a port given twice, unless all were: whoever was given it may not have opened it yet.
    """
    with contextlib.ExitStack() as stack:
        free = (port for port in _GUESSES if _bound(stack, port))
        return [next(free) for _ in range(count)]


def _guesses() -> Iterator[int]:
    """Every port in an order of this process alone, again and again."""
    ports = range(20_000, 32_000)
    yield from itertools.cycle(random.SystemRandom().sample(ports, len(ports)))


_GUESSES: Final = _guesses()


def _bound(stack: contextlib.ExitStack, port: int) -> bool:
    try:
        stack.enter_context(socket.create_server((_HOST, port)))
    except OSError:
        return False
    return True


def _answers(bootstrap: str) -> bool:
    """True once the broker serves metadata. The plain connect comes first: the client is noisy about refusals."""
    host, port = bootstrap.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
        admin = KafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5_000, bootstrap_timeout_ms=5_000)
    except (OSError, KafkaError):
        return False
    try:
        admin.list_topics()
    except KafkaError:
        return False
    else:
        return True
    finally:
        admin.close()
