"""What a template may touch: text, numbers, yes or no, lists and mappings of these, and holes where nothing is known.

Everything that comes from outside is cleaned here once, so that no value can break a line, a header or the direction
of reading. No object of ours or of Python's ever reaches a template.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from jinja2 import Undefined

OPEN: Final = "\ue000"
SHUT: Final = "\ue001"
HOLE: Final = re.compile(f"{OPEN}([^{SHUT}]*){SHUT}")

BREAKING: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# bidirectional controls turn text around, the private pair marks holes, surrogates and non-characters are no text;
# joiners are seen where they join signs of other scripts than ours, or emoji
UNSEEN: Final = re.compile(
    r"[\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    r"\ue000\ue001\ud800-\udfff\ufffe\uffff\U000e0000-\U000e007f]"
    r"|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)
_BLANKS: Final = re.compile(rf"(?:\s|{BREAKING.pattern})+")


class UnfitError(ValueError):
    """A value that cannot be used as a template wants it: a sentence for people, without the value."""


class Plain(dict[str, Any]):
    """A mapping that knows what templates call it (``lead``), so that a hole in it has a name."""

    __slots__ = ("path",)

    def __init__(self, path: str, entries: Mapping[str, Any]) -> None:
        super().__init__(entries)
        self.path = path

    def named(self, name: str) -> str:
        """What a template calls one of the entries."""
        return f"{self.path}.{name}" if self.path else name


class Hole(Undefined):
    """A value that is not known: false in a condition, nothing in a loop, and marked wherever it is printed."""

    __slots__ = ()

    @property
    def called(self) -> str:
        """The name by which the template asked for it."""
        return self._undefined_hint or str(self._undefined_name)

    @property
    def _undefined_message(self) -> str:
        return f"{self.called} is not known, and something is done with it that needs a value"

    def __str__(self) -> str:
        return f"{OPEN}{self.called}{SHUT}"


def plain(values: Mapping[str, Any], path: str = "") -> Plain:
    """The values as templates see them; nulls and blank texts are left out, so that they are holes."""
    cleaned = {str(name): _clean(value, f"{path}.{name}" if path else str(name)) for name, value in values.items()}
    return Plain(path, {name: value for name, value in cleaned.items() if value is not None and value != ""})


def _clean(value: Any, path: str) -> Any:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return clean(value)
        case Mapping():
            return plain(value, path)
        case list() | tuple():
            return [item for item in (_clean(item, path) for item in value) if item is not None]
    raise UnfitError(f"found {type(value).__name__} as {path}, expected plain data")


def clean(text: str) -> str:
    """One line of text, without anything that cannot be seen or that turns the line around."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return _BLANKS.sub(" ", UNSEEN.sub("", text)).strip()


def holes_in(*texts: str) -> tuple[str, ...]:
    """The names of all holes, in order, each once."""
    return tuple(dict.fromkeys(name for text in texts for name in HOLE.findall(text)))
