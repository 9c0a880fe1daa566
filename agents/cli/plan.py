"""``nurture plan``: what a change of policy would do to the leads that are inside. The work is in the core."""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.markup import escape

from agents.cli.inside import leads_inside
from agents.cli.policy import FOLDER
from agents.git import at_revision
from agents.workplace import as_approved, chosen_policy
from schemas.problem import UserError
from schemas.words import counted
from streams.journey.change import Change, change
from streams.journey.compiled import Compiled

_SHOWN = 5
_EPILOG = (
    "Examples:  nurture plan --against main --facts facts.jsonl  ·  nurture plan --against HEAD~1 --json  ·  "
    "nurture plan --against before --policy after"
)


@click.command(epilog=_EPILOG)
@click.option("--policy", type=FOLDER, default=Path("templates"), show_default=True, help="The workplace as changed.")
@click.option("--against", metavar="REV|DIR", required=True, help="What decides now: a revision, or a folder.")
@click.option(
    "--facts",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Leads from a file of facts, folded by the policy that decides now, instead of the pipeline's.",
)
@click.option("--days", type=click.IntRange(1, 365), default=30, show_default=True, help="How far to look ahead.")
@click.option("--yes-strand", is_flag=True, help="Leads that are left without a program do not fail the plan.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with every lead that is concerned.")
def plan(*, policy: Path, against: str, facts: Path | None, days: int, yes_strand: bool, as_json: bool) -> None:
    """Say what a change does to leads in flight: moved, stranded, re-sent, newly eligible, other e-mails, other points.

    Each lead lives on for some days under the old and under the new policy, nothing happening but time. Exit status 1
    when an e-mail would be sent again to somebody who had it, or a lead in a program would be left without one.
    E-mails that wait for approval count as approved.
    """
    new, old = _approved(chosen_policy(policy)), _approved(_old(policy, against))
    leads, now = leads_inside(facts, old)
    found = change(leads, old, new, now, days)
    if as_json:
        click.echo(msgspec.json.encode(_plain(found)).decode())
    else:
        _tell(Console(highlight=False, soft_wrap=True), found, days)
    sys.exit(int(bool(found.resent) or (bool(found.stranded) and not yes_strand)))


def _approved(policy: Compiled) -> Compiled:
    return Compiled(as_approved(policy.policy))


def _old(folder: Path, against: str) -> Compiled:
    if Path(against).is_dir():
        return chosen_policy(Path(against))
    with at_revision(folder, against) as then:
        try:
            return chosen_policy(then)
        except UserError as error:
            raise UserError(str(error).replace(str(then), f"{against}:{folder}")) from None


def _plain(found: Change) -> dict[str, object]:
    """As JSON can say it: pairs as lists with their counts."""
    return found._asdict() | {
        "stages": [[before, after, count] for (before, after), count in found.stages.most_common()],
        "resent": [one._asdict() for one in found.resent],
    }


def _tell(console: Console, found: Change, days: int) -> None:
    console.print(
        f"{counted(found.leads, 'lead')}, {found.in_flight:,} of them in a program; {counted(days, 'day')} ahead"
    )
    _line(console, "moved", _ways(found.moved.values()), found.moved, "yellow")
    _line(console, "stranded", _counted(found.stranded.values()), found.stranded, "red")
    _line(console, "newly eligible", _counted(found.newly.values()), found.newly, "green")
    _line(console, "sent again", _counted(one.email for one in found.resent), [one.lead for one in found.resent], "red")
    _emails(console, "more e-mails", found.more)
    _emails(console, "fewer e-mails", found.fewer)
    average = f", {found.points / found.rescored:+.1f} on average" if found.rescored else ""
    console.print(f"{'other points':>15}  {found.rescored:,}{average}")
    moves = ", ".join(
        f"{n:,} {before or 'nowhere'} → {after}" for (before, after), n in found.stages.most_common(_SHOWN)
    )
    console.print(f"{'other stages':>15}  {found.stages.total():,}{f'  {moves}' if moves else ''}")


def _line(console: Console, what: str, detail: str, leads: Iterable[str], colour: str) -> None:
    names = list(leads)
    shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    count = f"[{colour}]{len(names):,}[/]" if names else "0"
    console.print(f"{what:>15}  {count}" + (f"  {escape(detail)}  [dim]({escape(shown)})[/]" if names else ""))


def _emails(console: Console, what: str, emails: Counter[str]) -> None:
    listed = ", ".join(f"{n:,} {email}" for email, n in emails.most_common(_SHOWN))
    console.print(f"{what:>15}  {emails.total():,}" + (f"  {listed}" if listed else ""))


def _counted(names: Iterable[str]) -> str:
    return ", ".join(f"{n:,} {name}" for name, n in Counter(names).most_common(_SHOWN))


def _ways(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{n:,} {before} → {after}" for (before, after), n in Counter(pairs).most_common(_SHOWN))
