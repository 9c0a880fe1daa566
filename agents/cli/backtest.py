"""``nurture backtest``: would this policy have found the leads that bought? The work is in ``agents.backtest``."""

from collections.abc import Callable
from pathlib import Path

import click
import msgspec
from msgspec.structs import replace
from rich.console import Console

from agents.backtest.calibrate import scoring_file
from agents.backtest.labels import Positive
from agents.backtest.proposal import split_in
from agents.backtest.run import Answer, Question
from agents.backtest.run import backtest as asked
from agents.cli.backtest_lines import summary
from agents.cli.history_options import history_options, told_by_bar
from agents.cli.inside import facts_inside
from agents.cli.moments import Moment, warn_of_future
from agents.cli.policy import FOLDER
from agents.workplace import chosen_policy
from schemas.model import MAIN
from schemas.problem import UserError
from schemas.units import from_iso


@click.command(
    epilog="Examples:  nurture backtest facts.jsonl --policy templates  ·  nurture backtest facts.jsonl --policy new "
    "--against templates --html report.html  ·  nurture backtest leads.jsonl deals.jsonl --policy templates --json"
)
@history_options
@click.option("--since", type=Moment(), default=0, help="Judge leads first seen from this moment on.")
@click.option("--model", default="", help="Judge the points of this model; else of the one that speaks loudest.")
@click.option("--against", type=FOLDER, help="Another workplace to compare with, lead by lead.")
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="Write one page with charts (extra: report)."
)
def backtest(
    facts: tuple[Path, ...],
    *,
    policy: Path,
    positive: Positive,
    since: int,
    ripe: int,
    model: str,
    against: Path | None,
    html: Path | None,
    as_json: bool,
) -> None:
    """Live through FACTS under a policy: files as nurture ingest --to or export write them, else the pipeline's facts.

    Outcomes are labels: a deal won is a win; a deal lost, a rejection whose reason teaches and silence to the end are
    none; an accepted lead without a deal is left out, or is a win too with --positive accepted. No peeking: a lead is
    scored as the last fact seen before its outcome left it.
    """
    question = Question(
        files=facts,
        policy=chosen_policy(policy),
        against=chosen_policy(against) if against else None,
        positive=positive,
        since=since,
        ripe=ripe,
        model=model,
    )
    draw, names = _page() if html else None, _names(policy, against)
    with told_by_bar() as tell, facts_inside(facts) as files:
        answer = asked(replace(question, files=files), tell)
    warn_of_future(from_iso(answer.judged.last))
    _warn_of_learned(scoring_file(policy, model or MAIN), since, answer)
    if html and draw:
        html.write_text(draw(answer, *names), encoding="utf-8")
    if as_json:
        click.echo(msgspec.json.encode(answer).decode())
        return
    console = Console()
    for part in summary(answer, *names):
        console.print(part, highlight=False)
    if html:
        console.print(f"\n{html} holds the charts", highlight=False)


def _warn_of_learned(scoring: Path, since: int, answer: Answer) -> None:
    """Numbers of leads that a policy was learned from flatter it."""
    split = split_in(scoring.read_text(encoding="utf-8"))
    if split and since < from_iso(split) and answer.judged.first < split:
        click.echo(
            f"found leads among the judged that {scoring} was learned from, expected others: --since {split}", err=True
        )


def _page() -> Callable[[Answer, str, str], str]:
    """Draws the page; loaded now, so that a missing extra is told before the work and not after it."""
    try:
        from agents.backtest.page import page  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UserError("found no matplotlib, expected the extra report: pip install 'nurture[report]'") from error
    return page


def _names(policy: Path, against: Path | None) -> tuple[str, str]:
    """What the two policies are called: their folders' names, or whole paths where these are the same."""
    if against is None:
        return policy.name, ""
    return (policy.name, against.name) if policy.name != against.name else (str(policy), str(against))
