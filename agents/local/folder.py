"""The demo's folder: made anew each time, and never at the cost of somebody else's files."""

import shutil
from pathlib import Path
from typing import Final

from agents.local.fleet import FleetError

_MARK: Final = ".nurture-demo"


def fresh(folder: Path) -> Path:
    """The folder, empty but for our mark. Raises FleetError when it holds what no demo wrote."""
    if folder.exists():
        if not (folder / _MARK).exists() and any(folder.iterdir()):
            raise FleetError(
                f"found files in {folder} that no demo wrote, expected an empty folder: choose another --folder"
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / _MARK).touch()
    return folder
