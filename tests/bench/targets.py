"""What the speed should be, and whether the figures say it is; why not, where somebody has looked. It measures nothing."""

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

Figures = Mapping[str, Any]


class Target(NamedTuple):
    """A figure, and how it must compare. ``cause`` is told only while the target is missed."""

    says: str
    figure: Callable[[Figures], float]
    form: str
    holds: Callable[[float, float], bool]
    bound: float
    cause: str = ""


class Judged(NamedTuple):
    """A target beside what was measured."""

    says: str
    measured: str
    verdict: str
    cause: str


def judged(figures: Figures) -> Iterator[Judged]:
    """Every target whose section was measured."""
    for target in TARGETS:
        try:
            value = target.figure(figures)
        except KeyError:
            continue
        met = target.holds(value, target.bound)
        yield Judged(
            target.says, target.form.format(value), "met" if met else "**missed**", "" if met else target.cause
        )


def _million(figures: Figures, name: str) -> float:
    found: float = figures["leads"]["1000000"][name]
    return found


TARGETS: Final = (
    Target(
        "at least 2 times Quix Streams exactly once",
        lambda f: f["lane_vs_quix"],
        "{:.2f} times",
        operator.ge,
        2,
    ),
    Target(
        "at least 1.4 times Quix at its defaults", lambda f: f["lane_vs_quix_default"], "{:.2f} times", operator.ge, 1.4
    ),
    Target(
        "at least 12 times stock Faust",
        lambda f: f["lane_vs_stock_faust"],
        "{:.1f} times",
        operator.ge,
        12,
        "The rules' own work (`decide`, rows, commands) is the same on every side, and is nearly all that the lane"
        " spends: the bare loop, which has no engine, is hardly faster, and not 12 times as fast as stock Faust either."
        " Only a cheaper `decide` helps; the sketch behind the target had no rules.",
    ),
    Target("at least 70 % of the bare loop", lambda f: 100 * f["lane_vs_bare_loop"], "{:.0f} %", operator.ge, 70),
    Target(
        "at least 18,000 facts/s on one core",
        lambda f: f["facts_per_second"],
        "{:,.0f}",
        operator.ge,
        18_000,
        "`decide` alone takes most of the time (see the replay rate at the end of this page): since models, the lifecycle"
        " and the programs' goals, exits and waits came, it costs half as much again as before.",
    ),
    Target(
        "fact → decision p99 within 250 ms at 500 and 2,000/s",
        lambda f: 1000 * f["decision_p99_seconds"],
        "{:,.0f} ms",
        operator.le,
        250,
    ),
    Target(
        "event → accepted p99 within 1 s at 500 and 2,000/s",
        lambda f: 1000 * f["accepted_p99_seconds"],
        "{:,.0f} ms",
        operator.le,
        1000,
    ),
    Target(
        "1,000,000 leads: at most 500 MiB resident", lambda f: _million(f, "peak_mib"), "{:.0f} MiB", operator.le, 500
    ),
    Target(
        "1,000,000 leads: recovery within 60 s", lambda f: _million(f, "recovery_seconds"), "{:.0f} s", operator.le, 60
    ),
    Target(
        "1,000,000 leads: a fact costs at most 1.5 times that of 5,000 leads",
        lambda f: _million(f, "cpu_microseconds_a_fact") / f["leads"]["5000"]["cpu_microseconds_a_fact"],
        "{:.2f} times",
        operator.le,
        1.5,
        "Not the leads that exist, but those that are met: with 5,000 leads a batch has many facts for each row, with"
        " 100,000 and more it has one. So each fact reads, decodes, scores for a new day, encodes and writes a row of its"
        " own; from 100,000 leads on it costs the same however many there are.",
    ),
    Target(
        "a bulk import of 100,000 leads delays a live decision by at most 5 s",
        lambda f: f["bulk"]["beside"]["most"],
        "{:.1f} s",
        operator.le,
        5,
    ),
    Target(
        "at least 30,000 facts/s replayed with 60 rules in three models",
        lambda f: f["alone"]["replay_60_rules_facts_per_second"],
        "{:,.0f}",
        operator.ge,
        30_000,
        "What a fact feeds, not what there is: without rules it is five times as fast, with ten times the rules as fast as"
        " this. A fact here feeds two rules of nearly two models, and one command follows from it. Of its time two fifths are"
        " points and stages, a sixth is what the row remembers, an eighth is programs, and the rest is spread over twenty"
        " functions: none takes more than a fifteenth, so no single change would bring it there. Counting a group once a fact,"
        " and trying no stage that nothing can have moved, made it a quarter faster.",
    ),
    Target(
        "ten times the rules: at most 2 times the time of a fact that feeds as many",
        lambda f: f["alone"]["replay_60_rules_facts_per_second"] / f["alone"]["replay_600_rules_facts_per_second"],
        "{:.2f} times",
        operator.le,
        2,
    ),
)
