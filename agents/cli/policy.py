"""Which policy a command judges by: a workplace on disk, or those that were applied. No command of its own."""

from pathlib import Path
from typing import Final, NoReturn

import click

from agents.workplace import chosen_policy
from schemas.problem import UserError
from streams.journey.compiled import Compiled
from streams.journey.replay import UnknownError

FOLDER: Final = click.Path(path_type=Path, exists=True, file_okay=False)


def no_policy(name: str) -> NoReturn:
    """For histories judged by one policy alone."""
    raise UnknownError(f'found no policy "{name}" here: name one with --policy')


def policy_for_facts(folder: Path | None) -> Compiled:
    """The policy that a file of facts is folded by. Raises UserError when none is named, or for a mistake in it."""
    if folder is None:
        raise UserError("found a file of facts without --policy, expected both: it is folded by a policy")
    return chosen_policy(folder)
