"""How we complain: what was found, what was expected, where. Problems of authors and records that cannot be read."""

from enum import StrEnum
from typing import Final, Literal

from msgspec import Struct


class Problem(Struct, frozen=True, kw_only=True, order=True):
    """A mistake in a file, found by ``rule``. Sorts by place; line and column count from 1."""

    path: str
    line: int = 1
    column: int = 1
    message: str
    rule: str
    severity: Literal["error", "warning"] = "error"

    @property
    def place(self) -> str:
        """Path, line and column on one line, whatever the file is called."""
        return f"{printable(self.path)}:{self.line}:{self.column}"

    def __str__(self) -> str:
        return f"{self.place}: {printable(self.message)} [{self.rule}]"


def printable(text: str) -> str:
    r"""The text with everything that could break, turn round or hide a line spelt out: ``\n``, ``\u202e``."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class UserError(Exception):
    """A failure that the person at the terminal can mend: its text was written for them, and is all they need."""


class Refusal(StrEnum):
    """Why a record went to dead letters: a metric label and a filter."""

    EMPTY = "empty"
    NOT_JSON = "not_json"
    UNKNOWN_TYPE = "unknown_type"
    WRONG_SHAPE = "wrong_shape"
    BAD_ID = "bad_id"
    BAD_TIME = "bad_time"
    BAD_ADDRESS = "bad_address"
    CONTROL_CHARACTER = "control_character"
    OVERSIZE = "oversize"
    WRONG_KEY = "wrong_key"
    OUR_ERROR = "our_error"


SENTENCES: Final[dict[Refusal, str]] = {
    Refusal.EMPTY: "the record has no value",
    Refusal.NOT_JSON: "the value is not JSON that can be read",
    Refusal.UNKNOWN_TYPE: "the value is of a type or version that this release does not know",
    Refusal.WRONG_SHAPE: "a field is missing, or is not of the kind that its type asks for",
    Refusal.BAD_ID: "an id is missing, or could not be one",
    Refusal.BAD_TIME: "a time is missing, cannot be read, or is absurd",
    Refusal.BAD_ADDRESS: "what should be an e-mail address is none",
    Refusal.CONTROL_CHARACTER: "a text holds a character that could break a header or a line",
    Refusal.OVERSIZE: "the record, or a part of it, is larger than anything that it could say",
    Refusal.WRONG_KEY: "the record's key is not the lead that the value is about",
    Refusal.OUR_ERROR: "this release fails on it: an error of ours, so put it back once a release runs that does not",
}


class Rejected(Struct, frozen=True):
    """A record that is no fact, as a value: ``reason`` for machines, ``detail`` for people (no personal data)."""

    reason: Refusal
    detail: str
