"""Three product lines, sixty rules: a policy with everything that a model may have, and as many idle rules as wanted."""

from typing import Any

from msgspec.structs import replace

from schemas.authored import Cap, When
from schemas.model import (
    MAIN,
    EngagementRule,
    FitRule,
    Grades,
    Group,
    Model,
    Pattern,
    Scoring,
    Stage,
    Stages,
    Veto,
)
from schemas.policy import Policy
from tests.journey.agreed import OWNED, agreed

LINES = {"main": "/", "cold-store": "cold", "property": "peak"}
"""A line and what the paths of its pages hold."""
ROLES = ("energy manager", "plant manager", "finance director", "IT manager", "student")
_READS = (("pages", "", 1), ("guides", "/guides/", 3), ("stories", "/customers/", 4))
_EVENTS: tuple[tuple[str, str, When, int], ...] = (
    ("careers", "page.viewed", When(field="fact.path", contains="/careers"), -8),
    ("pricing", "pricing.viewed", When(), 12),
    ("forms", "form.submitted", When(), 8),
    ("downloads", "content.downloaded", When(), 6),
    ("webinars", "webinar.attended", When(field="fact.minutes", at_least=20), 15),
    ("opens", "email.opened", When(field="fact.machine", is_=False), 1),
    ("clicks", "email.clicked", When(), 6),
    ("savings", "tracked:savings-calculated", When(field="fact.yearly_saving", at_least=10_000), 15),
    ("trials", "tracked:trial-started", When(), 20),
)


def lines(idle: int = 0) -> Policy:
    """The policy; ``idle`` more rules in all read the same fields and never match."""
    models = {line: _model(line, nth, idle // len(LINES)) for nth, line in enumerate(LINES)}
    policy = agreed(scoring=models["main"].scoring, stages=models["main"].stages)
    programs = {
        f"{name}-{line}": replace(program, model=line) for name, program in policy.programs.items() for line in LINES
    }
    return replace(policy, programs=programs, models={line: model for line, model in models.items() if line != MAIN})


def _model(line: str, nth: int, idle: int) -> Model:
    stages: tuple[Stage, ...] = (
        Stage(id="new", says="nothing yet"),
        Stage(id="aware", says="has a problem", engagement=5),
        Stage(id="considering", says="compares", engagement=20, at_most="60 days", then="aware"),
        Stage(
            id="ready",
            says="wants to talk",
            fit=20,
            engagement=45,
            enter=When(did="pricing", times=2, within="14 days"),
            leave=When(did="careers", times=2, within="7 days"),
        ),
    )
    about: dict[str, Any] = {"agreed_by": ("marketing", "sales"), "agreed_on": "2026-01-01"}
    return Model(scoring=_scoring(line, nth, idle), stages=Stages(**OWNED, **about, stages=stages))


def _scoring(line: str, nth: int, idle: int) -> Scoring:
    return Scoring(
        **OWNED,
        half_life=f"{14 + 7 * nth} days",
        horizon="120 days",
        grades=Grades(fit=(40, 20, 10), engagement=(40, 20, 10)),
        fit=(*_fit(nth), *_idle_fit(idle // 2)),
        engagement=(*_engagement(line, nth), *_idle_engagement(idle - idle // 2)),
        groups=(Group(id="reading", says="Reads", rules=("pages", "guides", "stories"), most=14, each_next=80),),
        patterns=(Pattern(id="returns", says="Returns", when=When(did="pages", times=3, within="7 days"), points=5),),
        disqualify=(Veto(id="studies", says="Is a student", when=When(field="role", is_="student")),),
    )


def _fit(nth: int) -> tuple[FitRule, ...]:
    tests = (
        *(When(field="role", is_=role) for role in ROLES[:3]),
        When(field="industry", in_=("food", "metal")),
        When(field="employees", at_least=200),
        When(all=(When(field="employees", at_least=50), When(field="employees", at_most=199))),
        When(field="sites", at_least=2),
        When(field="country", in_=("DE", "AT", "NO")),
    )
    return tuple(
        FitRule(id=f"fit-{n}", says=f"Fits {n}", when=test, points=8 + nth + n) for n, test in enumerate(tests)
    )


def _engagement(line: str, nth: int) -> tuple[EngagementRule, ...]:
    own = When(field="fact.path", contains=LINES[line])
    reads = (
        (id_, "page.viewed", When(all=(own, When(field="fact.path", contains=part))) if part else own, points)
        for id_, part, points in _READS
    )
    caps = (Cap(most=2, within="3 days"),)
    return tuple(
        EngagementRule(
            id=id_, says=id_, on=on, when=when, points=points + nth, caps=caps if id_ == "clicks" else (), most=6
        )
        for id_, on, when, points in (*reads, *_EVENTS)
    )


def _idle_fit(count: int) -> tuple[FitRule, ...]:
    fields = ("role", "industry", "country")
    return tuple(
        FitRule(id=f"idle-fit-{n}", says="Idle", when=When(field=fields[n % 3], is_=f"nobody {n}"), points=1)
        for n in range(count)
    )


def _idle_engagement(count: int) -> tuple[EngagementRule, ...]:
    return tuple(
        EngagementRule(
            id=f"idle-{n}",
            says="Idle",
            on="page.viewed",
            when=When(field="fact.path", contains=f"/nowhere-{n}"),
            points=1,
        )
        for n in range(count)
    )
