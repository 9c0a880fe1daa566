"""A policy made ready: rules by fact type, durations in milliseconds, decay by day. It decides nothing."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from schemas.authored import When
from schemas.facts import FACTS, Happened, Scalar, Tracked, Traits
from schemas.lead import MOST_URL
from schemas.lifecycle import STANDING
from schemas.policy import Policy, models_of, policy_hash
from schemas.sending import EVERYWHERE, MailClass, QuietHours, Sending
from schemas.units import millis
from streams.journey.calendar import Holidays
from streams.journey.model import Judge, Scored
from streams.journey.predicate import parts
from streams.journey.route import Route, limits, routed
from streams.journey.sieve import Sieve

REQUESTED = "requested"  # the program's name for what a lead asked for
_STANDINGS = 1024


class Pauses(NamedTuple):
    """How long what sales do keeps nurture or a new handoff away, in milliseconds."""

    contact: int
    opportunity: int
    recycled: int
    unanswered: int
    lost: int
    won: int
    worked: int
    raised: int
    requested: int
    rejected: dict[str, int]


class Bots(NamedTuple):
    """What betrays a machine, in milliseconds; ``honeypot`` without query, empty for none."""

    wait: int
    within: int
    links: int
    honeypot: str
    companies: int
    crowd: int


class Compiled:
    """A policy, its hash, and the indexes that make a decision's cost depend on what matches only."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.hash = policy_hash(policy)
        self.models = {name: Judge(name, model, policy.lifecycle) for name, model in models_of(policy).items()}
        self.rules = {rule.key: rule for model in self.models.values() for rule in model.rules}
        self.pots = {rule.key: pot for model in self.models.values() for pot in model.pots for rule in pot.rules}
        self.looking = {rule: found for model in self.models.values() for rule, found in model.looking.items()}
        self._by_type, self._by_name = _index(self.rules.values())
        named = {part.field for state in policy.lifecycle.states for part in parts(state.when) if part.field}
        self.names_stage = "stage" in named
        self._lifecycle = Sieve((state.id, state.when) for state in policy.lifecycle.states)
        self._inquiry = policy.lifecycle.states[0].id  # which needs nothing
        self._state_of = None if named - STANDING.keys() else lru_cache(maxsize=_STANDINGS)(self._state)
        self.routes = {
            id_: routed(
                id_,
                program,
                self.models[program.model].words,
                policy.brand.time_zone,
                policy.sending.classes.get(program.class_, MailClass()),
            )
            for id_, program in policy.programs.items()
        }
        self.routes_for = _by_stage(self.routes)
        self.classes = frozenset(program.class_ for program in policy.programs.values())
        self.caps = limits(policy.sending.caps)
        caps = (*self.caps, *(cap for route in self.routes.values() for cap in route.caps))
        self.remembers = max(within for _, within in caps)
        self.quiet: QuietHours = policy.sending.quiet_hours
        self.holidays = _holidays(policy.sending)
        sunset = policy.sending.sunset
        self.sunset = millis(sunset.after) if sunset else 0
        self.last_chance = self.routes.get(sunset.program) if sunset else None
        self.pauses = _pauses(policy)
        bots = policy.sending.bots
        self.bots = Bots(
            millis(bots.wait),
            millis(bots.within),
            bots.links,
            bare(bots.honeypot)[:MOST_URL],
            bots.companies,
            millis(bots.crowd),
        )

    def holidays_in(self, country: object) -> Holidays:
        """The holidays of a country, and those of all."""
        known = self.holidays.get(country.upper()) if isinstance(country, str) else None
        return self.holidays[EVERYWHERE] if known is None else known

    def state_of(self, traits: Traits, standing: tuple[Scalar, ...]) -> str:
        """The last state of the lifecycle whose condition holds; ``standing`` are the values of its ``STANDING``.

        Most policies name no traits here, and there are not many ways to stand: those are remembered.
        """
        return self._state(standing, traits) if self._state_of is None else self._state_of(standing)

    def _state(self, standing: tuple[Scalar, ...], traits: Traits | None = None) -> str:
        known = dict(zip(STANDING, standing, strict=True))
        holding = self._lifecycle.passed(traits | known if traits else known)
        return holding[-1] if holding else self._inquiry

    def fed_by(self, fact: Happened, traits: Traits) -> Sequence[Scored]:
        """The engagement rules, of every model, that this fact feeds."""
        sieve = self._by_name.get(fact.name) if isinstance(fact, Tracked) else self._by_type.get(type(fact))
        return () if sieve is None else sieve.passed(traits, fact)


def _index(rules: Iterable[Scored]) -> tuple[dict[type[Happened], Sieve[Scored]], dict[str, Sieve[Scored]]]:
    by_type: dict[type[Happened], list[tuple[Scored, When]]] = defaultdict(list)
    by_name: dict[str, list[tuple[Scored, When]]] = defaultdict(list)
    for scored in rules:
        kind, _, name = scored.rule.on.partition(":")
        found = by_name[name] if name else by_type[FACTS[f"{kind}.v1"]]
        found.append((scored, scored.rule.when))
    return (
        {kind: Sieve(found) for kind, found in by_type.items()},
        {name: Sieve(found) for name, found in by_name.items()},
    )


def bare(url: str) -> str:
    """A link without what says who follows it and from where."""
    return url.partition("?")[0].partition("#")[0].rstrip("/")


def _holidays(sending: Sending) -> dict[str, Holidays]:
    everywhere = frozenset(sending.holidays.get(EVERYWHERE, ()))
    local = {country.upper(): everywhere | frozenset(days) for country, days in sending.holidays.items()}
    return local | {EVERYWHERE: everywhere}


def _by_stage(routes: dict[str, Route]) -> dict[tuple[str, str], tuple[Route, ...]]:
    """By model and stage, the programs that are for it, the most important first."""
    found: dict[tuple[str, str], tuple[Route, ...]] = defaultdict(tuple)
    for route in sorted(routes.values(), key=rank):
        for stage in route.program.stages:
            found[route.program.model, stage] += (route,)
    return dict(found)


def rank(route: Route) -> tuple[int, str]:
    """The order in which programs are offered."""
    return -route.program.priority, route.id


def _pauses(policy: Policy) -> Pauses:
    sales, sending = policy.sales, policy.sending
    return Pauses(
        contact=millis(sending.pause_after_contact),
        opportunity=millis(sending.pause_while_opportunity),
        recycled=millis(sales.recycle_cool_off),
        unanswered=millis(sales.unanswered_cool_off),
        lost=millis(sales.lost_cool_off),
        won=millis(sales.won_cool_off),
        worked=millis(sales.worked_within),
        raised=millis(sales.raised_hand_within),
        requested=millis(sending.requested_within),
        rejected={name: millis(reason.cool_off) for name, reason in sales.reject_reasons.items()},
    )
