"""What was done about a dead letter: put back or written off, by whom, why, when. It holds nothing of the letter."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from schemas.units import Millis


class Mark(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="dead_letter_mark.v1", tag_field="type"):
    """One dead letter that somebody has dealt with; ``id`` is the letter's: where its record came from."""

    id: Annotated[str, Meta(min_length=1, description="topic:partition:offset of the record, and the Kafka key.")]
    done: Literal["replayed", "dropped"]
    by: str
    at: Millis
    why: str = ""
