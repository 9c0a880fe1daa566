"""``nurture approve``: your name, from git, under the text of an e-mail as it stands. Nobody approves their own."""

from pathlib import Path

import click
from ruamel.yaml import YAML

from agents.check.approval import Work, may_approve, works
from agents.check.draft import Draft, read_draft
from agents.cli.completing import named_in
from agents.git import told
from agents.witness import PROVEN, authors, signs
from schemas.email import Side
from schemas.problem import UserError
from schemas.words import listed, one_of


@click.command(epilog="Examples:  nurture approve six-week-pilot  ·  nurture approve layouts/letter")
@click.argument("name", metavar="EMAIL", shell_complete=named_in("emails"))
@click.option("--templates", type=click.Path(path_type=Path), default=Path("templates"), show_default=True)
def approve(name: str, templates: Path) -> None:
    """Approve EMAIL as it stands, as whom git knows you (user.email), and write the record for you to commit.

    You must be in approvers.yaml, and neither own it nor have written a word since it was last approved. What is
    around e-mails is approved by itself: brand, layouts/NAME, partials/NAME.
    """
    draft = read_draft(templates)
    known = works(draft)
    if name not in known:
        raise UserError(f'found no e-mail "{name}" that can be read, expected {one_of(name, known)}')
    work, who = known[name], told(templates, "config", "user.email")
    side = _side(draft, work, who)
    for path in (templates / "approvers.yaml", *work.files):
        _refuse_uncommitted(templates, path)
    _refuse_author(templates, work, who)
    record = draft.approvals.get(work.name)
    fresh = record is not None and record.value.hash == work.hash
    by = {**(record.value.by if record is not None and fresh else {}), side: who}
    path = templates / "approvals" / f"{work.name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    YAML().dump({"hash": work.hash, "by": by}, path)
    click.echo(f"{path}: {who} approves for {side}; commit it")


def _side(draft: Draft, work: Work, who: str) -> Side:
    if not work.sides:
        asks = "emails or frame in approvers.yaml, or approvals in its front matter"
        raise UserError(f"found nobody who asks for an approval of {work.asked}, expected {asks}")
    for side in work.sides:
        if who in may_approve(draft, work, side):
            return side
    allowed = [one for side in work.sides for one in may_approve(draft, work, side)]
    others = listed(allowed, "or") if allowed else "somebody in approvers.yaml"
    raise UserError(f'found "{who}" as user.email of git, expected {others} (never the owner)')


def _refuse_uncommitted(templates: Path, path: Path) -> None:
    if told(templates, "status", "--porcelain", "--", str(path.absolute())):
        raise UserError(f"found changes in {path} that are not committed, expected the text that others will read")


def _refuse_author(templates: Path, work: Work, who: str) -> None:
    """All that is new must be somebody else's: its last change proven so, where git is set to sign commits."""
    if who.lower() in authors(templates, work):
        raise UserError(f"found {who} among the authors of {work.asked}, expected another pair of eyes")
    for path in work.files if signs(templates) else ():
        if told(templates, "log", "-1", "--format=%G?", "--", str(path.absolute())) not in PROVEN:
            raise UserError(f"found no good signature on the last change of {path}, expected one: git signs here")
