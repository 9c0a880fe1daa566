"""``nurture preview``: e-mails as sample leads would get them, in files or in a browser. It sends nothing."""

import asyncio
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console

from agents.cli.check import tell
from agents.cli.completing import named_in
from agents.preview.desk import Desk
from agents.preview.sample import values_for
from agents.render.letter import Rendered, Unrenderable
from agents.render.renderer import Renderer
from agents.workplace import Workplace, load_workplace
from schemas.words import one_of


@click.command(
    epilog="Examples: nurture preview --serve · nurture preview night-load --lead amira · nurture preview --all"
)
@click.argument("email", required=False, shell_complete=named_in("emails"))
@click.option("--lead", "name", shell_complete=named_in("leads"), help="One of templates/leads/.")
@click.option("--locale", default="", help="The language, as de; without it, the one that the lead reads.")
@click.option("--all", "everything", is_flag=True, help="Every e-mail for every sample lead.")
@click.option("--serve", "serving", is_flag=True, help="A page on this machine with all of them; reloads on save.")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="With --serve; 0: any.")
@click.option("--templates", type=click.Path(path_type=Path), default=Path("templates"), show_default=True)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path("var/preview"), show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object an e-mail, for machines.")
def preview(
    email: str | None,
    name: str | None,
    port: int,
    templates: Path,
    out: Path,
    *,
    locale: str,
    everything: bool,
    serving: bool,
    as_json: bool,
) -> None:
    """Write EMAIL as a sample lead would get it: HTML and text, with what is not known highlighted.

    With --serve, show every e-mail for every sample lead in a browser: desktop, phone, dark, text and headers side by
    side, with what `nurture check` has to say.
    """
    if serving:
        with suppress(KeyboardInterrupt):
            asyncio.run(_serve(templates, port))
        return
    workplace = workplace_in(templates)
    renderer = Renderer(workplace)
    for email_id, lead in _wanted(workplace, email, name, everything=everything):
        written = renderer.preview(email_id, values_for(workplace.leads[lead], locale))
        if isinstance(written, Unrenderable):
            raise click.ClickException(written.detail)
        _tell(written, _save(out, ".".join(filter(None, (email_id, lead, locale))), written), as_json=as_json)


async def _serve(templates: Path, port: int) -> None:
    """Until Ctrl-C."""
    from agents.preview.serve import serve  # noqa: PLC0415 - aiohttp takes its time, and files do without it

    async with serve(Desk(templates, date.today), port) as address:
        click.echo(f"{address}  (Ctrl-C ends it)")
        await asyncio.Event().wait()


def workplace_in(folder: Path) -> Workplace:
    """The workplace. Raises ClickException after telling its mistakes on standard error."""
    loaded = load_workplace(folder)
    if isinstance(loaded, Workplace):
        return loaded
    tell(Console(stderr=True, highlight=False, soft_wrap=True), loaded)
    raise click.ClickException(f"{folder} has mistakes (above), so nothing can be previewed")


def _wanted(workplace: Workplace, email: str | None, name: str | None, *, everything: bool) -> list[tuple[str, str]]:
    """The pairs of e-mail and lead to write. Raises UsageError with what there is to choose from."""
    if not everything and (email is None or name is None):
        raise click.UsageError("found no e-mail and lead, expected EMAIL --lead NAME, --all or --serve")
    emails = list(workplace.sources) if email is None else [known_in("e-mail", email, workplace.sources)]
    leads = list(workplace.leads) if name is None else [known_in("sample lead", name, workplace.leads)]
    return [(email_id, lead) for email_id in emails for lead in leads]


def known_in(what: str, name: str, known: dict[str, Any]) -> str:
    """The name when there is such a thing. Raises UsageError with what there is."""
    if name in known:
        return name
    raise click.UsageError(f'found no {what} "{name}", expected {one_of(name, known)}')


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
