"""One example of every shape on the wire: decoded, encoded again, and valid for the JSON Schemas that others read."""

import json
from pathlib import Path
from typing import get_args

import jsonschema_rs
import msgspec
import pytest

from schemas.codec import (
    decode_command,
    decode_fact,
    decode_ledger,
    decode_mark,
    decode_queue,
    decode_send,
    decode_sighting,
    decode_switch,
    encode,
)
from schemas.commands import COMMANDS, SendFeedback
from schemas.controls import SendSwitch
from schemas.facts import FACTS, tag_of
from schemas.handoff import Brief
from schemas.ledger import LedgerEntry
from schemas.mark import Mark
from schemas.queue import QueueItem

EXAMPLES = {path.stem: path for path in Path("schemas/examples").glob("*.json")}
DECODERS = (
    dict.fromkeys(FACTS, (decode_fact, "fact"))
    | dict.fromkeys(COMMANDS, (decode_command, "command"))
    | {
        "brief.v1": (msgspec.json.Decoder(Brief).decode, "brief"),
        **dict.fromkeys(map(tag_of, get_args(SendFeedback)), (decode_send, "send")),
        "send_switch.v1": (decode_switch, "send-switch"),
        "ledger_entry.v1": (decode_ledger, "ledger-entry"),
        "queue_item.v1": (decode_queue, "queue-item"),
        "dead_letter_mark.v1": (decode_mark, "dead-letter-mark"),
        "sighting.v1": (decode_sighting, "sighting"),
    }
)


def schema(name):
    return json.loads(Path(f"schemas/json/{name}.schema.json").read_text(encoding="utf-8"))


def test_every_shape_has_an_example():
    """The examples and the types on the wire are the same list."""
    assert set(EXAMPLES) == set(DECODERS)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_example_survives_the_round_trip(name):
    """Decoded and encoded again it is what the file says: no field is unknown, none is a default."""
    written = json.loads(EXAMPLES[name].read_bytes())
    value = DECODERS[name][0](EXAMPLES[name].read_bytes())
    assert json.loads(encode(value)) == written
    assert written["type"] == name


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_example_is_valid_for_others(name):
    """The JSON Schema that we publish accepts it."""
    jsonschema_rs.validate(schema(DECODERS[name][1]), json.loads(EXAMPLES[name].read_bytes()))


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_without_its_ids_an_example_is_refused_by_both(name):
    """Our decoder and the published schema agree on what is required."""
    written = json.loads(EXAMPLES[name].read_bytes())
    broken = {key: value for key, value in written.items() if key not in {"id", "lead_id", "by"}}
    assert not jsonschema_rs.is_valid(schema(DECODERS[name][1]), broken)
    with pytest.raises((msgspec.ValidationError, AssertionError)):
        assert not hasattr(DECODERS[name][0](encode(broken)), "reason"), "a Rejected"


def test_no_example_names_a_real_address():
    """Examples are read by everybody: their addresses are of example.com."""
    for path in EXAMPLES.values():
        text = path.read_text(encoding="utf-8")
        assert text.count("@") == text.count("@example.com")


def test_shapes_of_rows_carry_their_version():
    """A brief, a ledger entry, a queue item, a mark and a switch say on the wire which shape they are."""
    tags = {shape.__struct_config__.tag for shape in (Brief, LedgerEntry, QueueItem, Mark, SendSwitch)}
    assert tags == {"brief.v1", "ledger_entry.v1", "queue_item.v1", "dead_letter_mark.v1", "send_switch.v1"}
