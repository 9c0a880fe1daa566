"""Leads and what they do, by dice: every scenario has its own, and the same seed writes the same messages."""

import time
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Final

from msgspec.structs import replace

from agents.local.world import track
from schemas import topics
from schemas.policy import Policy
from schemas.program import Program

Event = tuple[str, str, bytes]  # topic, key, value
_CALLS: Final = (b"Unsubscribed", b"Demo Requested")
_AGO: Final = 57_000  # the first step of a program comes a minute after what led to it: three seconds from now
_POISON: Final = (b"\xff\xfe not text", b"{", b"null", b"[]", b'{"type":"track"}', b'{"a":' * 500, b"", b'{"type":NaN}')


def quick(policy: Policy) -> Policy:
    """The shipped policy with steps a minute apart at most, no caps that bind and no quiet hours that matter."""
    programs = {name: _quick(program) for name, program in policy.programs.items()}
    caps = tuple(replace(cap, most=100) for cap in policy.sending.caps)
    quiet = replace(policy.sending.quiet_hours, start="00:00", end="00:00", days=())
    return replace(policy, programs=programs, sending=replace(policy.sending, caps=caps, quiet_hours=quiet))


def _quick(program: Program) -> Program:
    first, *others = program.steps
    steps = (replace(first, wait="1 minute"), *(replace(step, wait="0 minutes") for step in others[:2]))
    return replace(program, steps=steps, again_after=None)


class Load:
    """Messages of one scenario. Ids hold the scenario's name, so that no two of them meet."""

    def __init__(self, name: str, dice: Random, now: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self._name, self._dice, self._now, self._count = name, dice, now, 0

    def some(self, leads: int) -> list[Event]:
        """So many new leads, and all that they do: about six messages each."""
        now = self._now() - _AGO
        return [event for _ in range(leads) for event in self._life(now)]

    def plain(self, leads: int) -> list[Event]:
        """As ``some``, of leads that neither leave nor ask for a rep."""
        return [event for event in self.some(leads) if not any(word in event[2] for word in _CALLS)]

    def left_by_others(self, leads: Iterable[str]) -> list[Event]:
        """Somebody else with the same address leaves, for each: their own orders are cancelled by nobody."""
        twins = [(f"{lead}-twin", f"{lead}@wonder.example") for lead in sorted(leads)]
        said = [(self.one("Lead Created", twin, email=email), self.one("Unsubscribed", twin)) for twin, email in twins]
        return [event for both in said for event in both]

    def one(self, deed: str, lead: str, **properties: object) -> Event:
        """One message about a lead."""
        self._count += 1
        at = self._now() - _AGO
        return topics.ENGAGEMENT, lead, track(lead, deed, at, f"{self._name}-{self._count}", **properties)

    def poison(self) -> list[Event]:
        """Records that are no messages."""
        return [(topics.ENGAGEMENT, f"{self._name}-poison-{n}", value) for n, value in enumerate(_POISON)]

    def _life(self, at: int) -> Iterator[Event]:
        self._count += 1
        lead, dice = f"{self._name}-lead-{self._count}", self._dice
        traits = {
            "email": f"{lead}@wonder.example",
            "first_name": "Ada",
            "role": dice.choice(("energy manager", "plant manager", "student")),
            "industry": dice.choice(("metal", "food", "law")),
            "employees": dice.choice((20, 120, 400)),
            "country": dice.choice(("DE", "GB", "NL")),
        }
        yield topics.LEADS, lead, track(lead, "Lead Created", at, f"{lead}-created", **traits)
        given = {"basis": "consent", "form": "fair", "wording": "v1"}
        yield topics.LEADS, lead, track(lead, "Lawful Basis Given", at, f"{lead}-basis", **given)
        for number, (deed, properties) in enumerate(self._deeds()):
            yield topics.ENGAGEMENT, lead, track(lead, deed, at + number, f"{lead}-{number}", **properties)

    def _deeds(self) -> Iterator[tuple[str, dict[str, object]]]:
        dice = self._dice
        yield "Pricing Viewed", {"path": "/pricing"}
        for _ in range(dice.randint(0, 3)):
            yield "Content Downloaded", {"content": dice.choice(("audit-checklist", "metering-plan"))}
        if dice.random() < 0.4:
            yield "Form Submitted", {"form": "ask-us", "requested": dice.choice(("buyers-guide", "pricing-sheet"))}
        if dice.random() < 0.1:
            yield "Unsubscribed", {}
        if dice.random() < 0.15:
            yield "Demo Requested", {}
