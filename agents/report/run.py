"""From facts to a report: they are folded once, by the policy that was in force or by one that is named."""

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from agents.backtest.rows import PackedRows
from agents.report.compare import Experiment, Holdout, experiments, holdouts
from agents.report.lines import Line, line_of, lines_of
from agents.report.mails import Mail, Mails
from agents.report.trials import Trials
from agents.volume import Volume
from schemas.facts import Tick
from schemas.policy import Policy
from schemas.problem import UserError
from schemas.units import DAY, WEEK, Millis
from schemas.words import one_of
from streams.journey.compiled import Compiled
from streams.journey.replay import Find, History, told

WITHIN: Millis = 14 * DAY
"""How long a mail is credited with stage moves and handoffs, unless said otherwise."""


class Report(Struct, frozen=True, kw_only=True):
    """What was sent and what became of it, from the first fact to the last (ms). ``weeks`` counts the mails of each."""

    policy: str
    about: str
    first: Millis
    last: Millis
    volume: Volume
    leads: int
    within: Millis
    total: Line
    lines: tuple[Line, ...]
    weeks: tuple[int, ...]
    experiments: tuple[Experiment, ...]
    holdouts: tuple[Holdout, ...]


class Folded(Struct, kw_only=True):
    """Everything that a report is made of."""

    policy: Compiled
    mails: Mails
    trials: Trials
    volume: Volume
    leads: int = 0
    first: Millis = 0
    last: Millis = 0

    @property
    def weeks(self) -> float:
        """From the first fact to the last; a day at least."""
        return max((self.last - self.first) / WEEK, 1 / 7)


def fold(history: History, policy: Compiled | None, find: Find, within: Millis = WITHIN) -> Folded:
    """Reads the facts once. Raises UnknownError for facts before any policy, UserError when there are none."""
    rows, found, volume = PackedRows(), None, Volume()
    for fact, commands, lead, force in told(lambda: volume.passing(history()), rows, policy, find):
        if found is None:
            found = Folded(policy=force, mails=Mails(within), trials=Trials(), volume=volume, first=fact.seen)
        found.policy = force
        if not isinstance(fact, Tick):
            found.first, found.last = min(found.first, fact.seen), max(found.last, fact.seen)
        found.mails.add(fact, commands)
        found.trials.add(fact, commands, force.policy)
        rows[lead.id] = lead
    if found is None:
        raise UserError("found no facts about leads, expected some: nothing was sent, and nothing happened")
    found.leads = len(rows)
    volume.repeats = volume.facts - sum(lead.facts for lead in rows.values())
    return found


def report(folded: Folded, within: Millis, about: str = "") -> Report:
    """The numbers of everything, or of one program or e-mail. Raises UserError for a name that nothing has."""
    policy, mails = folded.policy.policy, list(folded.mails)
    _refuse_unknown(about, policy, mails)
    own = [mail for mail in mails if about in ("", mail.program, mail.email)]
    return Report(
        policy=folded.policy.hash,
        about=about,
        first=folded.first,
        last=folded.last,
        volume=folded.volume,
        leads=folded.leads,
        within=within,
        total=line_of(own),
        lines=tuple(lines_of(own, policy)),
        weeks=tuple(_weekly(own, folded)),
        experiments=tuple(e for e in experiments(policy, mails, folded.weeks) if _concerns(about, e)),
        holdouts=tuple(h for h in holdouts(policy, folded.trials, folded.weeks) if about in ("", h.program)),
    )


def _refuse_unknown(about: str, policy: Policy, mails: list[Mail]) -> None:
    known = dict.fromkeys([*policy.programs, *policy.emails, *(mail.program for mail in mails)])
    if about and about not in known:
        raise UserError(f'found "{about}", expected a program or an e-mail: {one_of(about, known)}')


def _concerns(about: str, experiment: Experiment) -> bool:
    return about in ("", experiment.program) or about in {arm.email for arm in experiment.arms}


def _weekly(mails: list[Mail], folded: Folded) -> Iterator[int]:
    counts = Counter((mail.at - folded.first) // WEEK for mail in mails if mail.sent)
    for week in range((folded.last - folded.first) // WEEK + 1):
        yield counts[week]
