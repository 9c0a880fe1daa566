"""What is wrong with one file of a workplace: it reads what this file depends on, and no more."""

from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from agents.check.draft import Draft, Needs, read_draft
from agents.check.names import emails_of
from agents.check.rules import complaints
from schemas.problem import Problem, UserError

_ROOT: Final = "brand.yaml"  # every workplace has one
_OF_PROGRAMS: Final = frozenset({"catalogue", "scoring", "stages", "lifecycle", "sending", "journey"})
_NOT_IN_EMAILS: Final = frozenset({"scoring", "lifecycle", "sending", "sales"})  # which no e-mail depends on


class Found(NamedTuple):
    """What there is to say: of a whole workplace also how long its experiments take, and what it holds."""

    problems: list[Problem]
    outlook: tuple[str, ...] = ()
    held: str = ""


def problems_of(file: Path, today: date | None) -> list[Problem]:
    """The file's own problems, by place. Raises UserError when it is in no workplace."""
    draft = read_draft(workplace_of(file), needs_of(file))
    found = {*draft.problems, *complaints(draft, today)}
    return sorted(problem for problem in found if problem.path == str(file))


def workplace_of(file: Path) -> Path:
    """The nearest folder around the file that is a workplace. Raises UserError when there is none."""
    for folder in file.parents:
        if (folder / _ROOT).exists():
            return folder
    raise UserError(f"{file}: found no workplace around this file, expected a folder with {_ROOT} in it")


def needs_of(file: Path) -> Needs:
    """An e-mail is judged with its translations, a program beside the others and with the e-mails that it sends."""

    def needs(draft: Draft, kind: str, path: Path) -> bool:
        name, _, _ = path.stem.partition(".")
        match file.parent.name:
            case "emails" if not kind:
                return path.stem not in _NOT_IN_EMAILS
            case "emails":
                others = kind in ("programs", "leads", "emails", "approvals/emails")
                return not others or name == file.stem.partition(".")[0]
            case "programs" if kind == "emails":
                own = draft.programs.get(file.stem)
                return own is not None and name in {email for _, email in emails_of(own.value)}
            case "programs":
                return kind == "programs" or path.stem in _OF_PROGRAMS
        return True

    return needs
