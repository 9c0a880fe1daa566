"""A workplace's files before anybody reads them: which are no files, lie elsewhere, or are badly named or too large.

A pipe, a device or a link to somewhere else is refused unread. No text is judged here (``schemas.read``).
"""

import re
import stat
from pathlib import Path
from typing import Final

from schemas.problem import Problem
from schemas.read import MOST_BYTES, text_of, too_large
from schemas.words import listed

NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LOCALE: Final = r"[a-z]{2,3}(-[A-Z]{2})?"
_TRANSLATED: Final = re.compile(rf"{NAME.pattern}(\.{_LOCALE})?")
_NAMES: Final = {"emails": _TRANSLATED, "approvals/emails": _TRANSLATED, "locales": re.compile(_LOCALE)}
ENDINGS: Final = {
    "programs": (".yaml",),
    "emails": (".md", ".mjml"),
    "locales": (".po",),
    "layouts": (".mjml", ".txt"),
    "partials": (".mjml",),
    "approvals": (".yaml",),
    "approvals/emails": (".yaml",),
    "approvals/layouts": (".yaml",),
    "approvals/partials": (".yaml",),
    "leads": (".yaml",),
}
"""The folders of a workplace, and what their files end in."""

_OF_FILES: Final = frozenset({"file", "size"})  # complaints about no line of it
_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def files_in(folder: Path, kind: str) -> tuple[list[Path], list[Problem]]:
    """The files of one folder by name, and what cannot be one; hidden files and READMEs are let pass."""
    found: list[Path] = []
    problems: list[Problem] = []
    for path in sorted((folder / kind).glob("*")):
        if path.name.startswith(".") or path.name == "README.md" or f"{kind}/{path.name}" in ENDINGS:
            continue
        if path.suffix not in ENDINGS[kind]:
            problems.append(of_file(path, f"found this file in {kind}/, expected {listed(ENDINGS[kind], 'or')}"))
        elif not _NAMES.get(kind, NAME).fullmatch(path.stem):
            message = f'found the name "{path.stem}", expected lower-case words joined with hyphens'
            problems.append(of_file(path, message))
        elif kind != "layouts" and path.stem in {other.stem for other in found}:
            message = f'found a second file with the name "{path.stem}", expected one: .md or .mjml'
            problems.append(of_file(path, message))
        else:
            found.append(path)
    return found, problems


def text_in(folder: Path, path: Path) -> str | list[Problem]:
    """The text of a file below ``folder``, or why there is none."""
    raw = _bytes_in(folder, path)
    return [raw] if isinstance(raw, Problem) else text_of(str(path), raw)


def line_of(problem: Problem) -> str:
    """The line that a complaint is about, as far as it is text; "" where a file should not be opened for it."""
    if problem.rule in _OF_FILES:
        return ""
    path = Path(problem.path)
    raw = _bytes_in(path.parent, path)
    lines = [] if isinstance(raw, Problem) else raw.decode("utf-8-sig", "replace").split("\n")
    return lines[problem.line - 1] if problem.line <= len(lines) else ""


def _bytes_in(folder: Path, path: Path) -> bytes | Problem:
    """What is in a file, or a complaint; it never waits, and reads no more than may be there."""
    try:
        if message := _no_file(folder, path):
            return of_file(path, message)
        if (size := path.stat().st_size) > MOST_BYTES:
            return too_large(str(path), size)
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, RuntimeError) as error:  # a link to itself is a RuntimeError of pathlib's
        found = error.strerror if isinstance(error, OSError) else "a link that leads to itself"
        return of_file(path, f"found no file to read ({found}), expected one here")


def of_file(path: Path, message: str) -> Problem:
    """A complaint about a file as a whole."""
    return Problem(path=str(path), message=message, rule="file")


def _no_file(folder: Path, path: Path) -> str:
    """Why a path is not to be opened, or nothing. Raises OSError where nothing is, also behind a link."""
    if not path.resolve(strict=True).is_relative_to(folder.resolve()):
        by = f'a link to "{path.readlink()}"' if path.is_symlink() else "a file behind a link"
        return f"found {by}, which lies outside of this folder; expected the file itself"
    mode = path.stat().st_mode
    if stat.S_ISREG(mode):
        return ""
    return f"found {next((says for test, says in _KINDS if test(mode)), 'something else')}, expected a file"
