"""Which policy a command judges by: a workplace on disk, or those that were applied. No command of its own."""

from pathlib import Path
from typing import Final, NoReturn

import click

from agents.workplace import load_workplace
from schemas.problem import UserError
from streams.journey.compiled import Compiled
from streams.journey.replay import UnknownError

FOLDER: Final = click.Path(path_type=Path, exists=True, file_okay=False)


def chosen_policy(folder: Path) -> Compiled:
    """The policy of a workplace. Raises UserError with every mistake in it."""
    workplace = load_workplace(folder)
    if isinstance(workplace, list):
        raise UserError("\n".join(map(str, workplace)))
    return Compiled(workplace.policy)


def no_policy(name: str) -> NoReturn:
    """For histories judged by one policy alone."""
    raise UnknownError(f'found no policy "{name}" here: name one with --policy')
