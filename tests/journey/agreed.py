"""A small policy and a few words for telling stories in tests: ``given(ada, ...)``. It asserts nothing."""

from collections.abc import Iterable
from typing import Any

from schemas import facts as f
from schemas.authored import Cap, When
from schemas.brand import Brand
from schemas.catalogue import Catalogue, FieldDefinition
from schemas.commands import Command
from schemas.email import Email
from schemas.lead import Lead, Standing
from schemas.lifecycle import Lifecycle
from schemas.model import EngagementRule, FitRule, Grades, Scoring, Stage, Stages, Veto
from schemas.policy import Policy
from schemas.program import Program, Step
from schemas.sales import RejectReason, Rep, Sales
from schemas.sending import QuietHours, Sending
from schemas.units import DAY, HOUR, from_iso
from streams.journey.compiled import Compiled
from streams.journey.decide import decide

OWNED: dict[str, Any] = {"owner": "marketing", "review_by": "2027-06-30"}
MONDAY = from_iso("2026-03-02T10:00:00")  # ten in the morning in the brand's zone, UTC


def agreed(**changes: Any) -> Policy:
    """Marketing's and sales' policy, with changes."""
    parts: dict[str, Any] = {
        "brand": _brand(),
        "catalogue": _catalogue(),
        "scoring": _scoring(),
        "stages": _stages(),
        "lifecycle": _lifecycle(),
        "programs": _programs(),
        "emails": _emails(),
        "sending": _sending(),
        "sales": _sales(),
    }
    return Policy(**(parts | changes))


def _brand() -> Brand:
    return Brand(
        **OWNED,
        name="Meter",
        website="https://meter.example",
        from_name="Meter",
        from_email="hi@meter.example",
        reply_to="hi@meter.example",
        postal_address="1 Main Street, Springfield",
        time_zone="UTC",
        zones={"BR": "America/Sao_Paulo", "JP": "Asia/Tokyo"},
    )


def _catalogue() -> Catalogue:
    return Catalogue(**OWNED, fields={"role": FieldDefinition(type="text")})


def _scoring() -> Scoring:
    return Scoring(
        **OWNED,
        half_life="14 days",
        grades=Grades(fit=(40, 20, 10), engagement=(40, 20, 10)),
        fit=(FitRule(id="leads", says="leads a team", when=When(field="role", in_=("director", "owner")), points=30),),
        engagement=(
            EngagementRule(id="pages", says="reads our pages", on="page.viewed", points=2, counts_as_interest=False),
            EngagementRule(id="pricing", says="looked at prices", on="pricing.viewed", points=15, most=4),
            EngagementRule(id="webinar", says="came to a webinar", on="webinar.attended", points=20, most=2),
            EngagementRule(id="clicks", says="follows our links", on="email.clicked", points=6, most=5),
            EngagementRule(id="opens", says="opens our mail", on="email.opened", points=1, counts_as_interest=False),
            EngagementRule(id="trial", says="began a trial", on="tracked:trial-started", points=25, most=1),
            EngagementRule(id="silent", says="bounced softly", on="email.bounced", points=-5, counts_as_interest=False),
        ),
        disqualify=(Veto(id="student", says="is a student", when=When(field="role", is_="student")),),
    )


def _stages() -> Stages:
    return Stages(
        **OWNED,
        agreed_by=("marketing", "sales"),
        agreed_on="2026-01-01",
        stages=(
            Stage(id="new", says="nothing yet"),
            Stage(id="aware", says="has a problem", engagement=5),
            Stage(id="considering", says="compares", engagement=20),
            Stage(id="ready", says="wants to talk", fit=20, engagement=40),
        ),
    )


def _lifecycle() -> Lifecycle:
    return Lifecycle(
        **OWNED,
        agreed_by=("marketing", "sales"),
        agreed_on="2026-02-01",
        qualified_from=("aware",),
        ready_from=("ready",),
    )


def _programs() -> dict[str, Program]:
    return {
        "basics": Program(
            **OWNED,
            name="Basics",
            stages=("aware",),
            steps=(
                Step(id="one", email="why-measure"),
                Step(id="two", email="how-others-did", wait="3 days"),
                Step(id="three", email="what-it-costs-you", wait="4 days"),
            ),
        ),
        "compare": Program(
            **OWNED,
            name="Compare",
            stages=("considering", "ready"),
            steps=(Step(id="one", email="checklist"), Step(id="two", email="how-others-did", wait="2 days")),
        ),
    }


def _emails() -> dict[str, Email]:
    return {
        name: Email(subject=name, kind="requested" if name == "guide" else "nurture", source_hash=name)
        for name in ("why-measure", "how-others-did", "what-it-costs-you", "checklist", "guide")
    }


def _sending() -> Sending:
    return Sending(
        **OWNED,
        caps=(Cap(most=1, within="2 days"), Cap(most=3, within="14 days")),
        quiet_hours=QuietHours(start="20:00", end="08:00", days=("sat", "sun")),
    )


def _sales() -> Sales:
    return Sales(
        **OWNED,
        answer_within_business_days=2,
        reps=(Rep(email="kim@meter.example", name="Kim"),),
        reject_reasons={"bad-timing": RejectReason(says="not now", cool_off="30 days")},
    )


POLICY = Compiled(agreed())


class Story:
    """One lead and all that was decided for it, in order."""

    def __init__(self, policy: Compiled = POLICY, lead_id: str = "ada") -> None:
        self.policy = policy
        self.lead = Lead(id=lead_id)
        self.said: list[Command] = []
        self.number = 0
        self.now = MONDAY

    @property
    def standing(self) -> Standing:
        """Where the lead stands in the main model."""
        return self.lead.standings["main"]

    def tell(self, kind: type[f.Happened], /, after: int = 0, **parts: Any) -> tuple[Command, ...]:
        """A fact happens ``after`` ms; what falls due before it comes first, as ticks."""
        self.wait(after)
        self.number += 1
        about = {"id": f"{self.lead.id}-{self.number}", "lead_id": self.lead.id, "at": self.now, "seen": self.now}
        return self.fold(kind(**(about | parts)))

    def wait(self, after: int) -> tuple[Command, ...]:
        """Time passes; every due time on the way becomes a tick."""
        until, before = self.now + after, len(self.said)
        while 0 < self.lead.due <= until:
            due = self.lead.due
            self.now = max(self.now, due)
            self.fold(f.Tick(id=f"tick-{due}", lead_id=self.lead.id, at=due, seen=self.now, due=due))
            assert self.lead.due == 0 or self.lead.due > due, "a tick must move the lead on"
        self.now = until
        return tuple(self.said[before:])

    def fold(self, fact: f.Fact) -> tuple[Command, ...]:
        """One fact through ``decide``."""
        self.lead, commands = decide(self.lead, fact, self.policy)
        self.said += commands
        return commands

    def introduced(self, **traits: Any) -> "Story":
        """The lead is known, has an address, and said yes to mail."""
        self.tell(
            f.LeadCreated, traits={"email": "ada@lovelace.example", "first_name": "Ada", "role": "director"} | traits
        )
        self.tell(f.BasisGiven, basis="consent", form="newsletter", wording="v1")
        return self

    def of(self, kind: type[Command]) -> list[Any]:
        """The commands of one kind so far."""
        return [command for command in self.said if isinstance(command, kind)]


def kinds(commands: Iterable[Command]) -> list[str]:
    """Names of commands, for tables."""
    return [type(command).__name__ for command in commands]


__all__ = ["DAY", "HOUR", "MONDAY", "POLICY", "Story", "agreed", "kinds"]
