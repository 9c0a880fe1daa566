"""``nurture queue``: the sales queue in a terminal. The work is in ``agents.outside.queue``."""

import asyncio
import getpass
import os
from collections import Counter
from collections.abc import Iterator

import click
import msgspec
from rich.console import Console
from rich.text import Text

from agents.kafka.clients import client
from agents.kafka.live import now_in
from agents.outside.queue import QueueError, already, answer, find, read_queue
from agents.process.settings import read_settings
from agents.workplace import load_workplace
from schemas.queue import QueueItem
from schemas.units import DAY, HOUR, MINUTE, iso
from schemas.words import counted

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_by = click.option("--by", default=getpass.getuser, show_default="you", help="Who answers.")
_id = click.argument("handoff")


@click.group(
    epilog="Examples:  nurture queue list --open  ·  nurture queue show lead-7:0  ·  "
    "nurture queue reject lead-7:0 --reason no-project"
)
def queue() -> None:
    """Who is ready for sales, why, and what sales answered. HANDOFF is an id, or as much of it as is unique."""


@queue.command("list", epilog="Examples:  nurture queue list --open  ·  nurture queue list --json")
@click.option("--open", "only_open", is_flag=True, help="Only those that wait for an answer.")
@_as_json
def list_(*, only_open: bool, as_json: bool) -> None:
    """List handoffs, the soonest to be answered first."""
    items = [item for item in _items() if item.state == "open" or not only_open]
    if as_json:
        click.echo(msgspec.json.encode(items))
        return
    for line in _lines(items, asyncio.run(now_in(read_settings(os.environ)))):
        Console().print(line, soft_wrap=True)
    states = ", ".join(f"{number:,} {state}" for state, number in Counter(i.state for i in items).most_common())
    click.echo(f"{counted(len(items), 'handoff')}: {states}" if items else "nobody waits: the queue is empty")


@queue.command(epilog="Example:  nurture queue show lead-00042:0")
@_id
@_as_json
def show(handoff: str, *, as_json: bool) -> None:
    """Show one handoff: who, why, what they did, what we told them, and by which agreed definitions."""
    item = find(_items(), handoff)
    if as_json:
        click.echo(msgspec.json.encode(item))
        return
    for line in _brief(item):
        Console().print(line, highlight=False)


@queue.command(epilog="Example:  nurture queue accept lead-00042:0")
@_id
@_by
def accept(handoff: str, by: str) -> None:
    """Take the lead: it is yours, and marketing keeps quiet."""
    _answer(handoff, "accept", by=by)


@queue.command(epilog="Example:  nurture queue reject lead-00042:0 --reason no-project")
@_id
@click.option("--reason", required=True, help="One that templates/sales.yaml declares.")
@click.option("--change", is_flag=True, help="Also when it was accepted before.")
@_by
def reject(handoff: str, reason: str, by: str, *, change: bool) -> None:
    """Refuse the lead, with a reason that teaches the pipeline."""
    known = _reasons()
    if reason not in known:
        raise QueueError(f'found the reason "{reason}", expected one of: {", ".join(known)}')
    _answer(handoff, "reject", change=change, by=by, reason=reason)


@queue.command(epilog='Example:  nurture queue recycle lead-00042:0 --reason "next year"')
@_id
@click.option("--reason", default="", help="In your own words.")
@_by
def recycle(handoff: str, reason: str, by: str) -> None:
    """Send the lead back to be nurtured."""
    _answer(handoff, "recycle", by=by, reason=reason)


def _items() -> list[QueueItem]:
    return asyncio.run(read_queue(client(read_settings(os.environ))))


def _reasons() -> list[str]:
    workplace = load_workplace(read_settings(os.environ).templates)
    if isinstance(workplace, list):
        raise QueueError(f"found {len(workplace)} problems in the templates, expected none: run nurture check")
    return sorted(workplace.policy.sales.reject_reasons)


def _answer(handoff: str, how: str, *, change: bool = False, **parts: str) -> None:
    options = client(read_settings(os.environ))
    item = find(asyncio.run(read_queue(options)), handoff)
    if said := already(item, how, change=change):
        click.echo(f"{said}; nothing was sent")
        return
    asyncio.run(answer(options, item, how, **parts))
    click.echo(f"{item.handoff_id}: sent ({how}); the queue shows it once the journey has taken it")


def _lines(items: list[QueueItem], now: int) -> Iterator[Text]:
    """Two lines a handoff: what it is, and who and why."""
    for item in items:
        brief, style = item.brief, "" if item.state == "open" else "dim"
        who = ", ".join(filter(None, (brief.name, brief.role, brief.company))) or item.lead_id
        yield Text.assemble(
            (brief.grade, "bold green" if item.state == "open" else "dim"),
            (f"  {item.handoff_id}  {item.state}, {_left(item, now)}, {item.owner}", style),
        )
        yield Text(f"    {who}: {brief.headline}", style=style)


def _left(item: QueueItem, now: int) -> str:
    if item.state != "open":
        return f"since {iso(item.answered_at)[:10]}"
    left = item.answer_by - now
    return f"answer in {_span(left)}" if left > 0 else f"{_span(-left)} late"


def _span(ms: int) -> str:
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if ms >= unit:
            return f"{ms // unit} {name}"
    return "a moment"


def _brief(item: QueueItem) -> list[Text]:
    brief = item.brief
    lines = [
        Text(f"{brief.name or item.lead_id}  {brief.grade}", style="bold"),
        Text(" · ".join(filter(None, (brief.role, brief.company, brief.country, brief.email, brief.phone)))),
        Text(f"{item.state}, owner {item.owner}, answer by {iso(item.answer_by)[:16]}" + _said(item)),
        Text(f"\n{brief.headline}. Stage {brief.stage}, fit {brief.fit}, engagement {brief.engagement}."),
    ]
    lines += [Text(f"They wrote: {brief.message}")] if brief.message else []
    lines += [Text("\nWhy", style="bold"), *(Text(f"  {why.points:+4}  {why.says}") for why in brief.reasons)]
    lines += [Text("\nWhat they did", style="bold")]
    lines += [Text(f"  {iso(m.at)[:16]}  {m.what}  {m.label}".rstrip()) for m in reversed(brief.moments)]
    lines += [Text("\nWhat we told them", style="bold")]
    lines += [Text(f"  {iso(told.at)[:10]}  {told.subject or told.email}") for told in brief.told] or [
        Text("  nothing")
    ]
    lines += [Text("\nBy which definitions", style="bold"), Text(f"  policy {brief.policy}")]
    lines += [Text(f"  {one.what}, agreed on {one.on} by {one.by}") for one in brief.agreed]
    return lines


def _said(item: QueueItem) -> str:
    return f", {item.by or 'nobody'} said: {item.reason}" if item.reason else ""
