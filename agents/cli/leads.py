"""``nurture leads``: who is where, counted and listed by a condition in the scoring language. It folds nothing."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import click
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from agents.cli.inside import live_policies, live_rows
from agents.cli.policy import FOLDER, no_policy, policy_for_facts
from agents.history import read_facts
from schemas.authored import When
from schemas.facts import Scalar
from schemas.lead import Lead, Standing
from schemas.problem import UserError
from schemas.read import read
from schemas.units import day_of, iso
from schemas.words import counted, one_of
from streams.engine.clock import wall_ms
from streams.journey.compiled import Compiled
from streams.journey.explain import looked_at
from streams.journey.past import Past
from streams.journey.predicate import compile_when, parts
from streams.journey.replay import replay
from streams.journey.score import leading
from streams.journey.stage import grade_of

_FACTS = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command(
    epilog="Examples:  nurture leads  ·  nurture leads --where '{field: stage, is: considering}'  ·  "
    "nurture leads --where '{all: [{field: country, in: [DE, AT]}, {field: engagement, at_least: 40}]}' --json"
)
@click.option(
    "--where", "condition", default="{}", help="A condition as in scoring.yaml; stage, fit, … are fields too."
)
@click.option("--most", default=20, show_default=True, help="How many to list; all are counted.")
@click.option("--facts", type=_FACTS, help="Fold a file of facts instead of asking the pipeline; needs --policy.")
@click.option("--policy", type=FOLDER, help="The workplace to fold the file by.")
@click.option("--model", default="", help="Stage and points in this model, not in the one that speaks loudest.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one lead a line.")
def leads(condition: str, most: int, facts: Path | None, policy: Path | None, model: str, *, as_json: bool) -> None:
    """Count and list leads by a condition in the language of the scoring rules.

    Besides traits, a condition may name lifecycle, model, stage, grade, fit, engagement, veto, suppressed, program,
    customer, with_sales and silence. Points are as of now, or as of the last fact of a file.
    """
    when = _read(condition)
    test = compile_when(when)
    rows, policies, now = _rows(facts, policy)
    seen = [(lead, fields_of(lead, model, policies.get(lead.judged_by))) for lead in rows]
    wanted = [fields for lead, fields in seen if test is None or test(fields, Past(lead.counts, day_of(now)))]
    _warn(when, [fields for _, fields in seen])
    if as_json:
        for one in wanted:
            click.echo(json.dumps(one))
        return
    stages = Counter(str(one["stage"]) for one in wanted)
    where = "".join(f", {n:,} {stage}" for stage, n in stages.most_common())
    click.echo(f"{counted(len(wanted), 'lead')}{where}, as of {iso(now)[:16]}")
    if wanted:
        Console().print(_table(sorted(wanted, key=lambda one: (-int(one["engagement"] or 0), str(one["id"])))[:most]))


def fields_of(lead: Lead, model: str = "", policy: Compiled | None = None) -> dict[str, Scalar]:
    """A row as a condition sees it: traits, and where the lead stands in a model, its grade by a policy. No address."""
    model = model or leading(lead)
    standing = lead.standings.get(model, Standing())
    judge = policy.models.get(model) if policy else None
    return {
        **lead.traits,
        "id": lead.id,
        "lifecycle": lead.lifecycle,
        "lifecycle_since": iso(lead.lifecycle_since),
        "model": model,
        "stage": standing.stage,
        "stage_since": iso(standing.stage_since),
        "grade": grade_of(standing, judge.grades) if judge else None,
        "fit": standing.fit,
        "engagement": standing.engagement,
        "veto": standing.veto or None,
        "suppressed": lead.suppressed,
        "program": ", ".join(enrolment.program for enrolment in lead.enrolments) or None,
        "customer": lead.customer,
        "with_sales": lead.handoff is not None,
        "silence": lead.silence,
    }


def _read(condition: str) -> When:
    when = read("--where", condition, When)
    if isinstance(when, list):
        raise UserError("\n".join(map(str, when)))
    return when


def _warn(when: When, leads: list[dict[str, Scalar]]) -> None:
    """A misspelt field holds for nobody, which looks like an answer; a warning, since perhaps nobody has it yet."""
    known = {name for fields in leads for name in fields}
    named = {part.field for part in parts(when) if part.field}
    for name in sorted(named - known) if known else ():
        click.echo(f'found the field "{name}", which no lead has; expected {one_of(name, sorted(known))}', err=True)


def _rows(facts: Path | None, policy: Path | None) -> tuple[list[Lead], Mapping[str, Compiled], int]:
    """The rows as they stand now (ms), and the policies that judged them, by hash. A file's history ends its time."""
    if facts is None:
        rows, policies, now = live_rows(), live_policies(), wall_ms()
    else:
        force = policy_for_facts(policy)
        rows = list(replay(lambda: read_facts(facts), force, no_policy)[0].values())
        policies, now = {force.hash: force}, max((lead.seen for lead in rows), default=0)
    return [_aged(lead, now, policies.get(lead.judged_by)) for lead in rows], policies, now


def _aged(lead: Lead, now: int, policy: Compiled | None) -> Lead:
    return looked_at(lead, now, policy) if policy else lead


def _table(rows: list[dict[str, Scalar]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("id", "lifecycle", "stage", "grade", "fit", "engagement", "company", "role", "silence"):
        side: JustifyMethod = "right" if column in {"fit", "engagement"} else "left"
        table.add_column(column, justify=side, no_wrap=column not in {"company", "role", "silence"})
    for row in rows:
        shown = (row["id"], row["lifecycle"], row["stage"], row["grade"], row["fit"], row["engagement"])
        more = (row.get("company"), row.get("role"), row["silence"])
        table.add_row(*(Text("" if value is None else str(value)) for value in (*shown, *more)))
    return table
