"""One model made ready: what feeds its rules, what counts are worth, its stages as a machine. It judges no lead."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import accumulate
from typing import Final, NamedTuple

from msgspec import Struct

from schemas.authored import When
from schemas.lifecycle import Lifecycle
from schemas.model import MAIN, EngagementRule, FitRule, Group, Model, Pattern, Stage, Veto
from schemas.units import DAY, millis
from streams.journey.past import Window
from streams.journey.predicate import Test, Words, compile_when, parts
from streams.journey.sieve import Sieve

WHOLE: Final = 1000  # decay and shares are counted in thousandths, so that points stay integers
_KEEP_OF_100: Final = 70
_NEVER: Final = 1 << 31  # points of engagement


class Scored(Struct, frozen=True):
    """An engagement rule by the name that rows know it by, with its caps over several days (most, days).

    Rules and pots are structs, not named tuples: each fact reads their fields a dozen times, at half the cost.
    """

    key: str
    rule: EngagementRule
    points: int
    most_a_day: int
    most: int
    caps: tuple[tuple[int, int], ...]
    horizon: int
    interests: bool


class Pot(Struct, frozen=True):
    """Rules that are counted together. ``shares`` is what the first 0, 1, 2, … counts weigh in all, in thousandths.

    A rule outside any group is ``alone`` in a pot without ``most`` and ``shares``: there each count weighs one.
    """

    name: str
    model: str
    decay: tuple[int, ...]
    rules: tuple[Scored, ...]
    alone: Scored | None = None
    most: int | None = None
    shares: tuple[int, ...] = ()
    worth: tuple[int, ...] = ()


class Rung(Struct, frozen=True):
    """A stage: what it takes to enter and to stay, when it is left, how long (ms) a stay may last and what follows."""

    id: str
    fit: int
    engagement: int
    keep: int
    enter: Test | None
    leave: Test | None
    at_most: int
    then: int | None


class Looking(NamedTuple):
    """A pattern by the rule that it looks at. ``window`` is what it looks through, when it asks nothing else."""

    model: str
    id: str
    points: int
    test: Test
    window: Window | None


class Judge:
    """A model and its indexes."""

    def __init__(self, name: str, model: Model, lifecycle: Lifecycle) -> None:
        scoring, stages = model.scoring, model.stages
        self.name = name
        self.agreed = stages
        self.grades = scoring.grades
        self.horizon = millis(scoring.horizon) // DAY
        self.decay = decay_table(scoring.half_life, self.horizon)
        self.words = words = Words(window=self._window)
        self.fit: Sieve[FitRule] = Sieve(((rule, rule.when) for rule in scoring.fit), words)
        self.vetoes: Sieve[Veto] = Sieve(((veto, veto.when) for veto in scoring.disqualify), words)
        self.patterns: Sieve[Pattern] = Sieve(((pattern, pattern.when) for pattern in scoring.patterns), words)
        self.rules = tuple(self._scored(rule) for rule in scoring.engagement)
        self.pots = tuple(_pots(name, self.decay, self.rules, scoring.groups))
        index = {stage.id: place for place, stage in enumerate(stages.stages)}
        self.index = index
        self.rungs = tuple(_rung(stage, index, words) for stage in stages.stages)
        bounds = [stage.engagement for stage in stages.stages]
        self.ahead = tuple(min(bounds[place + 1 :], default=_NEVER) for place in range(len(bounds)))
        self.dwell = millis(stages.dwell)
        self.qualified = _from(lifecycle.qualified_from, index)
        self.ready = _from(lifecycle.ready_from, index)
        self.windows = tuple({self._window(part) for when in _conditions(model) for part in parts(when) if part.did})
        self.looks_at = frozenset(window.rule for window in self.windows)
        self.looking = self._looking(scoring.patterns)
        self.vetoes_look_back = any(part.did for veto in scoring.disqualify for part in parts(veto.when))
        self.losses = frozenset(rule.key for rule in self.rules if rule.points < 0)
        self.losing = tuple(pot for pot in self.pots if any(rule.points < 0 for rule in pot.rules))
        # rules of which one more count opens a window or makes others weigh less: time may move the lead earlier then
        self.touchy = self.looks_at | {
            rule.key for pot in self.pots for rule in pot.rules if pot.alone is None or rule.points < 0 or rule.caps
        }

    def _scored(self, rule: EngagementRule) -> Scored:
        caps = tuple((cap.most, millis(cap.within) // DAY) for cap in rule.caps)
        key = key_of(self.name, rule.id)
        return Scored(key, rule, rule.points, rule.most_a_day, rule.most, caps, self.horizon, rule.counts_as_interest)

    def _looking(self, patterns: Iterable[Pattern]) -> dict[str, tuple[Looking, ...]]:
        """By rule, the patterns whose windows look at its counts."""
        found: dict[str, tuple[Looking, ...]] = defaultdict(tuple)
        for pattern in patterns:
            test = compile_when(pattern.when, self.words)
            windows = [self._window(part) for part in parts(pattern.when) if part.did]
            alone = When(did=pattern.when.did, times=pattern.when.times, within=pattern.when.within) == pattern.when
            for rule in dict.fromkeys(window.rule for window in windows):
                if test is not None:
                    window = windows[0] if alone else None
                    found[rule] += (Looking(self.name, pattern.id, pattern.points, test, window),)
        return dict(found)

    def _window(self, when: When) -> Window:
        days = millis(when.within) // DAY if when.within else self.horizon
        return Window(key_of(self.name, when.did), when.times, days)


def key_of(model: str, rule: str) -> str:
    """How rows name a rule: rules of two models may have one name."""
    return rule if model == MAIN else f"{model}/{rule}"


def decay_table(half_life: str, days: int) -> tuple[int, ...]:
    """Thousandths that are left of a point after 0, 1, 2, … days: ``2 ** -(day / half_life)``, in exact decimals."""
    half = Decimal(millis(half_life)) / DAY
    return tuple(int((WHOLE * Decimal(2) ** (-day / half)).to_integral_value()) for day in range(days + 1))


def _conditions(model: Model) -> Iterator[When]:
    """Every condition that may look through a window."""
    yield from (veto.when for veto in model.scoring.disqualify)
    yield from (pattern.when for pattern in model.scoring.patterns)
    for stage in model.stages.stages:
        yield from (when for when in (stage.enter, stage.leave) if when is not None)


def _pots(model: str, decay: tuple[int, ...], rules: tuple[Scored, ...], groups: Iterable[Group]) -> Iterator[Pot]:
    by_id = {scored.rule.id: scored for scored in rules}
    for group in groups:
        members = tuple(by_id.pop(rule) for rule in group.rules)
        shares = _shares(group.each_next, sum(scored.most for scored in members))
        worth = tuple(scored.points for scored in members)
        yield Pot(key_of(model, group.id), model, decay, members, None, group.most, shares, worth)
    for scored in by_id.values():
        yield Pot(scored.key, model, decay, (scored,), scored)


def _shares(each_next: int, counts: int) -> tuple[int, ...]:
    """What the first counts weigh together: one, and ``each_next`` per cent of it, and so on while anything is left."""
    weights, share = [0], WHOLE
    while share and len(weights) <= counts:
        weights.append(share)
        share = share * each_next // 100
    return tuple(accumulate(weights))


def _rung(stage: Stage, index: dict[str, int], words: Words) -> Rung:
    return Rung(
        stage.id,
        stage.fit,
        stage.engagement,
        stage.engagement * _KEEP_OF_100 // 100 if stage.keep is None else stage.keep,
        compile_when(stage.enter, words),
        None if stage.leave is None else compile_when(stage.leave, words),
        millis(stage.at_most) if stage.at_most else 0,
        index[stage.then] if stage.then else None,
    )


def _from(names: tuple[str, ...], index: dict[str, int]) -> frozenset[str]:
    """The stages from the first on that a name means; none when the names are those of other models' stages."""
    first = min((index[name] for name in names if name in index), default=len(index))
    return frozenset(stage for stage, place in index.items() if place >= first)
