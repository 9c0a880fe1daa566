"""YAML text -> one of our shapes, or every mistake in it at once, each with its place. It opens no file by itself.

YAML 1.2, so ``NO`` stays a country and ``08:30`` a time of day. Aliases and tags are refused: an authored file says
what it means where it means it, and a file of nine lines cannot grow to a gigabyte.
"""

import re
from typing import Final, Generic, TypeVar

from msgspec import Struct
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import Node
from ruamel.yaml.reader import ReaderError

from schemas.convert import MISTAKE, Place, Placing, convert
from schemas.problem import Problem

MOST_BYTES: Final = 200_000
_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
T = TypeVar("T")


class Placed(Struct, Generic[T], frozen=True):
    """A value, and where in its file each part of it stands."""

    path: str
    value: T
    places: dict[Place, tuple[int, int]]

    def problem(self, at: Place, rule: str, message: str, *, warning: bool = False) -> Problem:
        """A complaint about the part ``at``, or about the nearest part around it that was written down."""
        while at and at not in self.places:
            at = at[:-1]
        line, column = self.places.get(at, (1, 1))
        return Problem(
            path=self.path,
            line=line,
            column=column,
            message=message,
            rule=rule,
            severity="warning" if warning else "error",
        )


def text_of(path: str, raw: bytes) -> str | list[Problem]:
    """A file's text, or why it is none: at most 200,000 bytes of UTF-8, no controls (a byte order mark is let pass)."""
    if len(raw) > MOST_BYTES:
        return [too_large(path, len(raw))]
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
        return [_control(path, text, found.start())] if (found := _CONTROLS.search(text)) else text
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        message = f"found the byte 0x{raw[error.start]:02x}, expected UTF-8; save the file in that encoding"
        return [Problem(path=path, line=line, column=column, message=message, rule="encoding")]


def too_large(path: str, size: int) -> Problem:
    """A complaint about a file of so many bytes."""
    return Problem(path=path, message=f"found {size:,} bytes, expected at most {MOST_BYTES:,}", rule="size")


def read(path: str, text: str, shape: type[T]) -> T | list[Problem]:
    """The value that ``text`` holds, or all of its mistakes, sorted by place. Raises nothing."""
    placed = read_placed(path, text, shape)
    return placed if isinstance(placed, list) else placed.value


def read_placed(path: str, text: str, shape: type[T]) -> Placed[T] | list[Problem]:
    """Like ``read``, and the value remembers where its parts stand."""
    node = _compose(path, text)
    if isinstance(node, Problem):
        return [node]
    placing = Placing(path)
    try:
        value = convert(node, shape, placing)
    except RecursionError:
        return [_too_deep(path)]
    if placing.problems or value is MISTAKE:
        return sorted(set(placing.problems))
    return Placed(path, value, placing.places)


def _compose(path: str, text: str) -> Node | Problem:
    yaml = YAML(typ="safe", pure=True)
    try:
        node: Node | None = yaml.compose(text)
    except MarkedYAMLError as error:
        return _syntax(path, text, error)
    except ReaderError as error:
        return _control(path, text, error.position)
    except RecursionError:
        return _too_deep(path)
    except ValueError as error:  # such as a %YAML directive with a version that is no number
        return Problem(path=path, message=f"found something that is not YAML ({error})", rule="yaml")
    if node is None:
        return Problem(path=path, message="found an empty file, expected keys and values", rule="yaml")
    return node


def _control(path: str, text: str, at: int) -> Problem:
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    message = f"found the control character U+{ord(text[at]):04X}, expected text; remove it"
    return Problem(path=path, line=line, column=column, message=message, rule="encoding")


def _syntax(path: str, text: str, error: MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.split("\n")
    written = lines[line - 1] if line <= len(lines) else ""
    if "\t" in written[:column]:
        column = written.index("\t") + 1
        message, rule = "found a tab, expected spaces; YAML is indented with spaces only", "tab"
    else:
        said = " ".join(str(part) for part in (error.problem, error.context) if part)
        message, rule = f"found something that is not YAML: {said}", "yaml"
    return Problem(path=path, line=line, column=column, message=message, rule=rule)


def _too_deep(path: str) -> Problem:
    return Problem(path=path, message="found values nested too deeply to read, expected a dozen levels", rule="yaml")
