"""The demo's processes: one for each agent, as in production, and what they say of their lanes. It decides nothing."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import aiohttp

from agents.kafka.brokers import end_with_us
from schemas.problem import UserError

AGENTS: Final = ("intake", "journey", "sender", "sales")
_START_SECONDS: Final = 60
_STOP_SECONDS: Final = 15


class FleetError(UserError):
    """A process of the demo ended or never became ready: which, and where its log is."""


class Member(NamedTuple):
    """One running agent."""

    name: str
    process: subprocess.Popen[bytes]
    guard: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"http://127.0.0.1:{self.port}"


class Fleet:
    """Every agent in a process of its own, watched through the same pages that SREs use."""

    def __init__(self, folder: Path, env: Mapping[str, str], *, revives: bool = False) -> None:
        self._folder = folder
        self._env = os.environ | env
        self._revives = revives
        self._session: aiohttp.ClientSession | None = None
        self.revived: list[str] = []
        self.members: dict[str, Member] = {}

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5))
        for name in AGENTS:
            self.start(name)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()
        for member in self.members.values():
            member.process.terminate()
        await asyncio.gather(*(asyncio.to_thread(_reap, member) for member in self.members.values()))

    def start(self, name: str) -> None:
        """Starts the process of one agent, or starts it again where it was."""
        before, log = self.members.get(name), self._folder / f"{name}.log"
        port = before.port if before else _free_port()
        env = self._env | {"NURTURE_HTTP_PORT": str(port), "NURTURE_DATA_DIR": str(self._folder / name)}
        with log.open("ab") as out:
            process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "agents.cli", "run", name],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        guard = end_with_us(process.pid)
        self.members[name] = Member(name, process, guard, port, log)

    async def ready(self) -> None:
        """Returns when every agent says that it is ready. Raises FleetError with the log's last line."""
        deadline = asyncio.get_running_loop().time() + _START_SECONDS
        for member in self.members.values():
            while not await self._answers(member):
                if member.process.poll() is not None or asyncio.get_running_loop().time() > deadline:
                    raise FleetError(
                        f"{member.name} did not become ready: {_last_line(member.log)} (log: {member.log})"
                    )
                await asyncio.sleep(0.05)

    def mend(self) -> None:
        """Starts again whoever was killed, and keeps a sentence of it in ``revived``.

        Where the broker cannot expel the dead, raises FleetError instead.
        """
        for member in list(self.members.values()):
            if member.process.poll() is None:
                continue
            if not self._revives:
                raise FleetError(
                    f"{member.name} {_how(member)}: {_last_line(member.log)} (log: {member.log}). The embedded broker "
                    f"cannot expel the dead, so it is not started again; with --broker kafka it is"
                )
            _reap(member)
            self.start(member.name)
            again = self.members[member.name].process.pid
            self.revived.append(f"{member.name} {_how(member)} and started again (pid {again})")

    async def lanes(self) -> dict[str, list[dict[str, Any]]]:
        """The status of every lane, by agent; nothing of one that does not answer."""
        answers = await asyncio.gather(*(self._lanes_of(member) for member in self.members.values()))
        return dict(zip(self.members, answers, strict=True))

    async def _lanes_of(self, member: Member) -> list[dict[str, Any]]:
        try:
            lanes: list[dict[str, Any]] = json.loads((await self._get(member, "/lanes"))[1])
        except (aiohttp.ClientError, TimeoutError):
            return []
        return lanes

    async def _answers(self, member: Member) -> bool:
        try:
            return (await self._get(member, "/ready"))[0] == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _get(self, member: Member, path: str) -> tuple[int, bytes]:
        if self._session is None:
            raise FleetError("the fleet has not started")
        async with self._session.get(member.url + path) as answer:
            return answer.status, await answer.read()


def totals(lanes: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """The counts of several lanes, added up."""
    total: dict[str, int] = {}
    for lane in lanes:
        for name, count in lane["counts"].items():
            total[name] = total.get(name, 0) + count
    return total


def _how(member: Member) -> str:
    code = member.process.returncode
    return f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"


def _reap(member: Member) -> None:
    try:
        member.process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        member.process.kill()
        member.process.wait()
    member.guard.kill()
    member.guard.wait()
    if member.guard.stdin:
        member.guard.stdin.close()


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it printed nothing"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port
