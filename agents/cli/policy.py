"""Which policy a command judges by: a workplace on disk, or those that were applied. No command of its own."""

from pathlib import Path
from typing import Final, NoReturn

import click

from agents.workplace import chosen_policy
from streams.journey.replay import UnknownError

FOLDER: Final = click.Path(path_type=Path, exists=True, file_okay=False)


def no_policy(name: str) -> NoReturn:
    """For histories judged by one policy alone."""
    raise UnknownError(f'found no policy "{name}" here: name one with --policy')


__all__ = ["FOLDER", "chosen_policy", "no_policy"]
