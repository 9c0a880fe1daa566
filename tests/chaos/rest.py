"""When a pipeline has come to rest, and what is on the record then. It changes nothing and judges nothing."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from agents.mail.waiting import open_ended
from schemas import topics
from tests.chaos.admin import Admin
from tests.chaos.crew import Crew
from tests.chaos.evidence import AGENT, CHANGELOGS, Evidence, Lane, Taken, gather
from tests.chaos.worker import until

_DRAIN_S: Final = 150
_SOON_MS: Final = 100_000  # the longest wait in a program is a minute
_ROWS: Final = {"journey": topics.LEAD_ROWS, "sender": topics.EMAIL_LEDGER}


class Rest:
    """Of the lanes of some agents; the others may do what they like, or not run at all."""

    def __init__(self, crew: Crew, admin: Admin, now: Callable[[], int], *, stepped: bool) -> None:
        """``now`` is the workers' clock (ms); when it is ``stepped``, nothing comes due by waiting."""
        self._crew, self._admin, self._now, self._stepped = crew, admin, now, stepped

    def wait(self, agents: Sequence[str]) -> None:
        """Until all that was written is folded everywhere, and nothing will be due soon."""
        deadline = time.monotonic() + _DRAIN_S
        while True:
            until(lambda: self._idle(agents), f"{agents} are drained", _DRAIN_S, self._crew.scene)
            due = self._next_due(agents) - self._now()
            if self._stepped or (due >= _SOON_MS and not self._somebody_waits()):
                return
            assert time.monotonic() < deadline, f"something is always due soon, for {_DRAIN_S} s"
            time.sleep(max(0.1, min(due / 1000, 1)))

    def evidence(self, agents: Sequence[str], taken: Callable[[], Sequence[Taken]]) -> Evidence:
        """Everything at rest: who commits meanwhile, if only that it passed a marker, makes it look again."""
        changelogs = [CHANGELOGS[source] for source in _sources(agents)]
        while True:
            self.wait(agents)
            before = self._admin.ends(changelogs)
            if not self._idle(agents):  # what was committed may not be in the store yet
                continue
            folders = {
                lane: worker.data / f"nurture-{worker.agent}" / f"{lane[0]}-{lane[1]}"
                for lane, worker in self._crew.ready(agents).items()
            }
            evidence = gather(self._admin.bootstrap, folders, taken())
            if before == self._admin.ends(changelogs):
                return evidence

    def _idle(self, agents: Sequence[str]) -> bool:
        """Whether every lane is done with all that was there before it looked at the clock, and nothing came since."""
        now, sources = self._now(), _sources(agents)
        ends = self._admin.ends(sources)
        lanes = until(
            lambda: self._looked(agents, now), "every lane has looked at the clock", _DRAIN_S, self._crew.scene
        )
        done = all(said["idle"] and said["position"] >= ends[lane] for lane, said in lanes.items())
        return done and ends == self._admin.ends(sources)

    def _looked(self, agents: Sequence[str], now: int) -> dict[Lane, dict[str, Any]]:
        """What each lane says; nothing while one is nobody's, or idle without a look at the clock since ``now``."""
        lanes = {lane: said for lane, (_, said) in self._crew.lanes(agents).items()}
        return lanes if all(said["clock"] >= now or not said["idle"] for said in lanes.values()) else {}

    def _somebody_waits(self) -> bool:
        """Whether an order waits for something whose end nobody knows, as for the breaker: its due tells nothing."""
        return any(open_ended(entry) for entry in self._admin.ledger().values())

    def _next_due(self, agents: Sequence[str]) -> int:
        """The earliest due of all leads and of all sends that wait (ms), as far as they are these agents' rows."""
        found = [its for agent in agents if agent in _ROWS for its in self._admin.records(_ROWS[agent]).values()]
        newest = {record.key: record for records in found for record in records}
        dues = [int.from_bytes(record.headers.get("due", b""), "big") for record in newest.values()]
        return min((due for due in dues if due), default=2**62)


def _sources(agents: Sequence[str]) -> list[str]:
    return [topic for topic, agent in AGENT.items() if agent in agents]
