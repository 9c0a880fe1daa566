"""What a report's numbers mean, in sentences for terminals and pages. It computes nothing new."""

from agents.report.compare import LIFT, Experiment, Holdout, Horizon
from agents.report.odds import Difference
from agents.report.run import Report
from schemas.units import DAY, iso
from schemas.words import counted


def stands_on(report: Report) -> str:
    """What the numbers stand on, and how mails are credited."""
    return (
        f"{report.volume}. They are of {counted(report.leads, 'lead')},"
        f" {iso(report.first)[:10]} to {iso(report.last)[:10]}."
        " A click counts unless a machine made it. A stage gained and a handoff are credited to the last mail before"
        f" them, if it was sent within {counted(report.within / DAY, 'day')}."
    )


def verdict_on_experiment(one: Experiment) -> str:
    """Which variant is better, or why nobody can say so yet."""
    if one.verdict in ("better", "worse"):
        arms = [arm for arm in one.arms[1:] if arm.clicked is not None and arm.clicked.certain]
        return "; ".join(
            f"{arm.variant} gets {'more' if arm.clicked.by > 0 else 'fewer'} clicks than {one.arms[0].variant}:"
            f" {points(arm.clicked)}"
            for arm in arms
            if arm.clicked is not None
        )
    return _undecided(one, one.split_chance, "leads", "clicks")


def verdict_on_holdout(one: Holdout) -> str:
    """Whether a program makes a difference, or why nobody can say so yet."""
    if one.verdict in ("better", "worse") and one.handed_off is not None:
        more = "more" if one.handed_off.by > 0 else "fewer"
        return f"{more} handoffs than without: {points(one.handed_off)}"
    return _undecided(one, one.split_chance, "leads", "handoffs")


def _undecided(one: Experiment | Holdout, chance: float, what: str, outcome: str) -> str:
    if one.verdict == "unfair":
        return (
            f"do not believe it: leads did not part as was agreed (chance {chance:.1g}); find out what keeps some of"
            " them out of one part"
        )
    if one.verdict == "early":
        reached = f"{one.horizon.had:,} of {one.horizon.needed:,} {what}"
        return f"too early to say: {reached} in the smallest part{_left(one.horizon)}"
    return f"no difference in {outcome} that could be told from chance"


def _left(horizon: Horizon) -> str:
    if not horizon.a_week:
        return ""
    weeks = (horizon.needed - horizon.had) / horizon.a_week
    return f"; {counted(round(weeks), 'week')} more at {horizon.a_week:,.1f} a week"


def planned(horizon: Horizon, what: str, unknown: str = "how many come is not known") -> str:
    """What an experiment takes: how many for what, and how long, or what is said in place of that."""
    rate = f"{horizon.rate:.1%} {what}{' (assumed)' if horizon.assumed else ''}"
    needs = f"{counted(horizon.needed, 'lead')} in the smallest part, to tell {rate} from {horizon.rate * LIFT:.1%}"
    if horizon.weeks is None:
        return f"{needs}; {unknown}"
    return f"{needs}: {counted(round(horizon.weeks), 'week')} at {horizon.a_week:,.1f} a week"


def points(difference: Difference) -> str:
    """A difference of shares, in percentage points with its interval."""
    by, low, high = (f"{100 * value:+.1f}" for value in (difference.by, difference.low, difference.high))
    return f"{by} points ({low} to {high})"


def share(count: int, of: int) -> str:
    """A count as a share; a dash of nothing."""
    return f"{count / of:.1%}" if of else "-"
