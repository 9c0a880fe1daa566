"""``nurture preview``: an e-mail as a sample lead would get it, in files. It opens nothing and sends nothing."""

from pathlib import Path
from typing import Any, Final

import click
import msgspec
from rich.console import Console

from agents.cli.check import tell
from agents.render.letter import Rendered, Unrenderable
from agents.render.renderer import Renderer
from agents.workplace import Workplace, load_workplace
from schemas.handoff import Agreement, Brief, Moment, Told, Why
from schemas.sample import SampleLead
from schemas.words import one_of

UNSUBSCRIBE_URL: Final = "https://unsubscribe.invalid/preview"
_WHEN: Final = 1_795_392_000_000  # 23 November 2026: previews are the same every day


@click.command(epilog="Examples: nurture preview night-load --lead amira · nurture preview --all")
@click.argument("email", required=False)
@click.option("--lead", "name", help="One of templates/leads/.")
@click.option("--all", "everything", is_flag=True, help="Every e-mail for every sample lead.")
@click.option("--templates", type=click.Path(path_type=Path), default=Path("templates"), show_default=True)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path("var/preview"), show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object an e-mail, for machines.")
def preview(
    email: str | None, name: str | None, templates: Path, out: Path, *, everything: bool, as_json: bool
) -> None:
    """Write EMAIL as a sample lead would get it: HTML and text, with what is not known highlighted."""
    workplace = _workplace(templates)
    renderer = Renderer(workplace)
    for email_id, lead in _wanted(workplace, email, name, everything=everything):
        written = renderer.preview(email_id, values_for(workplace.leads[lead]))
        if isinstance(written, Unrenderable):
            raise click.ClickException(written.detail)
        _tell(written, _save(out, f"{email_id}.{lead}", written), as_json=as_json)


def _workplace(folder: Path) -> Workplace:
    loaded = load_workplace(folder)
    if isinstance(loaded, Workplace):
        return loaded
    tell(Console(stderr=True, highlight=False, soft_wrap=True), loaded)
    raise click.ClickException(f"{folder} has mistakes (above), so nothing can be previewed")


def _wanted(workplace: Workplace, email: str | None, name: str | None, *, everything: bool) -> list[tuple[str, str]]:
    """The pairs of e-mail and lead to write. Raises UsageError with what there is to choose from."""
    if not everything and (email is None or name is None):
        raise click.UsageError("found no e-mail and lead, expected EMAIL --lead NAME, or --all")
    emails = list(workplace.sources) if email is None else [_known("e-mail", email, workplace.sources)]
    leads = list(workplace.leads) if name is None else [_known("sample lead", name, workplace.leads)]
    return [(email_id, lead) for email_id in emails for lead in leads]


def _known(what: str, name: str, known: dict[str, Any]) -> str:
    if name in known:
        return name
    raise click.UsageError(f'found no {what} "{name}", expected {one_of(name, known)}')


def values_for(lead: SampleLead) -> dict[str, Any]:
    """What an e-mail may name, for a sample lead: their traits, and a handoff as it could be."""
    return {
        "lead": lead.traits,
        "unsubscribe_url": UNSUBSCRIBE_URL,
        "brief": msgspec.to_builtins(_brief(lead)),
        "handoff_id": "sample:0",
        "answer_by": _WHEN,
    }


def _brief(lead: SampleLead) -> Brief:
    traits = {name: str(value) for name, value in lead.traits.items() if value is not None}
    who = traits.get("first_name") or traits.get("email", "Somebody")
    return Brief(
        lead_id="sample",
        headline=f"{who} has looked at pricing twice this week",
        stage="ready",
        grade="A1",
        fit=80,
        engagement=74,
        since=_WHEN,
        name=" ".join(filter(None, (traits.get("first_name"), traits.get("last_name")))),
        email=traits.get("email", ""),
        company=traits.get("company", ""),
        role=traits.get("role", ""),
        country=traits.get("country", ""),
        phone=traits.get("phone", ""),
        reasons=(
            Why(rule="looks-at-pricing", says="Looked at pricing", points=24, last=_WHEN),
            Why(rule="answers-for-energy", says="Answers for energy", points=30),
        ),
        moments=(Moment(what="Looked at pricing", at=_WHEN, label="/pricing"),),
        told=(Told(email="one-page-case", at=_WHEN, subject="The business case on one page"),),
        policy="0123456789abcdef",
        agreed=tuple(Agreement(what=what, on="2026-03-02", by="marketing, sales") for what in ("stages", "lifecycle")),
    )


def _save(out: Path, stem: str, written: Rendered) -> tuple[Path, Path]:
    out.mkdir(parents=True, exist_ok=True)
    html, text = out / f"{stem}.html", out / f"{stem}.txt"
    html.write_text(written.html, "utf-8")
    text.write_text(f"Subject: {written.subject}\nPreheader: {written.preheader}\n\n{written.text}\n", "utf-8")
    return html, text


def _tell(written: Rendered, files: tuple[Path, Path], *, as_json: bool) -> None:
    html, text = map(str, files)
    if as_json:
        said = {"subject": written.subject, "html": html, "text": text, "holes": written.holes}
        click.echo(msgspec.json.encode(said))
        return
    click.secho(written.subject, bold=True)
    click.echo(f"  {html}\n  {text}")
    if written.holes:
        click.secho(f"  not known of this lead: {', '.join(written.holes)}; sending would be refused", fg="yellow")
