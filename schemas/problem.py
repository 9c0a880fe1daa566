"""How we complain: what was found, what was expected, where. Problems of authors and records that cannot be read."""

from enum import StrEnum
from typing import Literal

from msgspec import Struct


class Problem(Struct, frozen=True, kw_only=True, order=True):
    """A mistake in a file, found by ``rule``. Sorts by place; line and column count from 1."""

    path: str
    line: int = 1
    column: int = 1
    message: str
    rule: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.message} [{self.rule}]"


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


class Rejected(Struct, frozen=True):
    """A record that is no fact, as a value: ``reason`` for machines, ``detail`` for people (no personal data)."""

    reason: Refusal
    detail: str
