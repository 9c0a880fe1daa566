"""The workers of a pipeline: who runs, who folds which partition, what each says. It does nothing to their world."""

import itertools
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from tests.chaos.evidence import AGENT, Lane
from tests.chaos.worker import Worker, until

AGENTS: Final = ("intake", "journey", "sender", "sales")
PARTITIONS: Final = 2


class Crew:
    """Every worker that was started and not forgotten, in the order of their start."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        """Each worker gets a folder of its own below ``folder``, and a number that no other has."""
        self.workers: list[Worker] = []
        self._folder, self._env, self._numbers = folder, dict(env), itertools.count(1)

    def start(self, agent: str, fail_at: str = "", **more: str) -> Worker:
        """One more worker of this agent."""
        worker = Worker(agent, next(self._numbers), self._folder, self._env)
        self.workers.append(worker)
        return worker.start(fail_at, **more)

    def those(self, agent: str) -> list[Worker]:
        """The workers of an agent that run."""
        return [worker for worker in self.workers if worker.agent == agent and worker.runs]

    def one(self, agent: str) -> Worker:
        """The one worker of an agent that runs."""
        [worker] = self.those(agent)
        return worker

    def complete(self) -> None:
        """As a scenario finds it: one worker of each agent, and nobody is frozen."""
        for agent in AGENTS:
            for extra in [w for w in self.workers if w.agent == agent and (w.paused or w in self.those(agent)[1:])]:
                extra.kill()
        self.workers = [worker for agent in AGENTS for worker in self.those(agent)]
        for agent in AGENTS:
            if not self.those(agent):
                self.start(agent)
        self.ready()

    def ready(self, agents: Iterable[str] = AGENTS) -> dict[Lane, Worker]:
        """Wait until each partition of these agents has exactly one lane that folds; who has which."""
        found = until(lambda: self.lanes(agents), f"each partition of {agents} has one folding lane", 90, self.scene)
        return {lane: worker for lane, (worker, _) in found.items()}

    def lanes(self, agents: Iterable[str]) -> dict[Lane, tuple[Worker, dict[str, Any]]]:
        """Who folds which partition, and what it says of it; nothing at all while a partition has no such lane, or two."""
        found: dict[Lane, tuple[Worker, dict[str, Any]]] = {}
        for worker in [each for agent in agents for each in self.those(agent)]:
            for said in worker.lanes():
                lane = said["topic"], said["partition"]
                if said["state"] != "folding" or lane in found:
                    return {}
                found[lane] = worker, said
        wanted = {(topic, p) for topic, agent in AGENT.items() if agent in agents for p in range(PARTITIONS)}
        return found if set(found) == wanted else {}

    def scene(self) -> str:
        """What everybody says just now, for whom it may concern."""
        lines = [
            f"{w.name} {'runs' if w.runs else 'does not run'}: {w.lanes()}; {w.last_words()}" for w in self.workers
        ]
        return "\n".join(["", *lines])

    def end(self) -> None:
        """Nobody is left."""
        for worker in self.workers:
            worker.kill()


def forget_folder(worker: Worker) -> None:
    """Remove a dead worker's folder: a new machine has none."""
    shutil.rmtree(worker.data, ignore_errors=True)
