"""Answers to handoffs: each once, and what was answered is changed on purpose only."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from agents.outside.queue import QueueError, already
from schemas.codec import decode_queue
from schemas.units import from_iso

SHIPPED = decode_queue((Path(__file__).parents[2] / "schemas/examples/queue_item.v1.json").read_bytes())


def item(state):
    return replace(SHIPPED, state=state, by="ada", answered_at=from_iso("2026-03-15"))


@pytest.mark.parametrize(("state", "how"), [("accepted", "accept"), ("rejected", "reject"), ("recycled", "recycle")])
def test_the_same_answer_again_sends_nothing_and_says_since_when(state, how):
    """Whoever comes second learns who came first."""
    said = already(item(state), how)
    assert said == f'{SHIPPED.handoff_id}: "{state}" since 2026-03-15 by ada already'


@pytest.mark.parametrize(
    ("state", "how", "change"),
    [
        *(("open", how, False) for how in ("accept", "reject", "recycle")),
        ("accepted", "recycle", False),
        ("accepted", "reject", True),
    ],
)
def test_an_open_handoff_is_answered_and_an_accepted_one_given_back(state, how, change):
    """Nothing is in the way."""
    assert already(item(state), how, change=change) == ""


@pytest.mark.parametrize(
    ("state", "how", "change", "todo"),
    [
        ("accepted", "reject", False, "--change"),
        ("won", "reject", True, "answer already"),
        ("rejected", "accept", False, "answer already"),
    ],
)
def test_another_answer_is_refused(state, how, change, todo):
    """What ended stays ended; what was accepted is refused on purpose only."""
    with pytest.raises(QueueError, match=todo):
        already(item(state), how, change=change)
