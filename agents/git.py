"""What git knows of a workplace: who writes in it, and how a revision has it. It changes nothing."""

import io
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from schemas.problem import UserError


def git(folder: Path, *arguments: str) -> bytes:
    """What git says in a folder. Raises UserError with its first line when it complains, or is not there."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False)  # noqa: S603, S607
    except FileNotFoundError:
        raise UserError("looked for git and found none, expected the command that keeps versions") from None
    if done.returncode and done.stderr:
        raise UserError(f"git says: {done.stderr.decode(errors='replace').strip().splitlines()[0]}")
    return done.stdout


def told(folder: Path, *arguments: str) -> str:
    """What git says, as text without the blanks around it. Raises UserError as ``git`` does."""
    return git(folder, *arguments).decode(errors="replace").strip()


@contextmanager
def at_revision(folder: Path, revision: str) -> Iterator[Path]:
    """The folder as a revision has it, in a temporary place. Raises UserError when there is none."""
    commit = told(folder, "rev-parse", "--quiet", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    if not commit:
        raise UserError(f'found neither a folder nor a revision "{revision}", expected one, such as main or HEAD~1')
    prefix = told(folder, "rev-parse", "--show-prefix")
    if prefix and not git(folder, "ls-tree", commit, "--full-tree", "--", prefix.rstrip("/")):
        raise UserError(f'found no {prefix} in the revision "{revision}", expected one that has it')
    with TemporaryDirectory() as place:
        with tarfile.open(fileobj=io.BytesIO(git(folder, "archive", commit))) as archive:
            archive.extractall(place, filter="data")
        yield Path(place)
