"""One agent in a process of its own, and everything that may be done to it. It does not judge what came of it."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

from agents.kafka.brokers import end_with_us, free_ports
from streams.engine.failpoint import VARIABLE

SKEW: Final = "CHAOS_SKEW_S"
_PATIENCE_S: Final = 60


class Worker:
    """A process of ``nurture run``; its data folder and its log outlive it."""

    def __init__(self, agent: str, number: int, folder: Path, env: dict[str, str]) -> None:
        self.agent, self.name = agent, f"{agent}-{number}"
        self.data, self.log = folder / self.name, folder / f"{self.name}.log"
        self._env = os.environ | env | {"NURTURE_DATA_DIR": str(self.data)}
        self.process: subprocess.Popen[bytes] | None = None
        self.paused = False

    def start(self, fail_at: str = "", **more: str) -> "Worker":
        """Begin (again), maybe with a fail point."""
        [port] = free_ports(1)
        self._url = f"http://127.0.0.1:{port}"
        env = self._env | {"NURTURE_HTTP_PORT": str(port), VARIABLE: fail_at} | more
        module = "tests.chaos.skewed" if SKEW in more else "agents.cli"
        command = [sys.executable, "-m", module, "run", self.agent]
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                command, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )
        self._guard = end_with_us(self.process.pid)
        return self

    @property
    def runs(self) -> bool:
        """Whether the process lives and may act."""
        return self.process is not None and self.process.poll() is None and not self.paused

    def kill(self) -> None:
        """As a power cut would."""
        self._signal(signal.SIGKILL)
        self._reap()

    def stop(self) -> int:
        """As an operator would; returns how it ended."""
        self.resume()
        self._signal(signal.SIGTERM)
        return self.ended()

    def ended(self, seconds: float = _PATIENCE_S) -> int:
        """Wait until it has ended by itself; returns how."""
        assert self.process is not None
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} still runs after {seconds} s; log: {self.last_words()}") from None
        finally:
            self._reap()
        return code

    def pause(self) -> None:
        """Stop it in the middle of whatever it does."""
        self._signal(signal.SIGSTOP)
        self.paused = True

    def stopped_itself(self) -> None:
        """Wait until a fail point has stopped it (a zombie in the making)."""
        assert self.process is not None
        until(lambda: _state(self.process.pid) == "T", f"{self.name} stops itself")
        self.paused = True

    def resume(self) -> None:
        """Let it go on as if nothing had happened."""
        self._signal(signal.SIGCONT)
        self.paused = False

    def fill_disk(self, most: int) -> None:
        """From now on the system refuses every file of it to grow past so many bytes; 0 makes room again."""
        assert self.process is not None
        _, hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (most or hard, hard))

    def lanes(self) -> list[dict[str, Any]]:
        """What it says of its lanes; nothing while it does not answer."""
        if not self.runs:
            return []
        try:
            with urlopen(f"{self._url}/lanes", timeout=3) as answer:  # noqa: S310 - our own, on loopback
                return list(json.load(answer))
        except (OSError, HTTPException, ValueError):  # a URLError is an OSError
            return []

    def says(self, word: str, after: int = 0) -> bool:
        """Whether its log holds a word, after so many characters (``said``)."""
        return word in self._told()[after:]

    def said(self) -> int:
        """How much it has said so far."""
        return len(self._told())

    def last_words(self, lines: int = 5) -> str:
        """The end of its log."""
        return " / ".join(self._told().strip().splitlines()[-lines:])

    def _told(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def _signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def _reap(self) -> None:
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        self._guard.kill()
        self._guard.wait()
        if self._guard.stdin:
            self._guard.stdin.close()
        self.paused = False


def until(holds: Callable[[], Any], what: str, seconds: float = _PATIENCE_S, seen: Callable[[], Any] = str) -> Any:
    """Wait for a condition; its value. Raises AssertionError that names what never came, and what was ``seen``."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {what}; {seen()}"
        time.sleep(0.05)
    return found


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
