"""Dead letters read back: what was put aside is what comes out, and only what keeps every law goes back."""

import asyncio
import time
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agents.cli.dead_letter_lines import personal_parts, plain, print_letter, print_lines, said
from agents.cli.moments import Moment
from agents.deadletter import dead_letter
from agents.outside.morgue import Wanted, read_letter
from agents.outside.verdict import KEYED, Stays, verdict
from agents.sales import SalesWork
from schemas import topics
from schemas.codec import MOST_BYTES, decode_fact, encode
from schemas.facts import PageViewed, PolicyApplied
from schemas.mark import Mark
from schemas.problem import SENTENCES, Refusal, Rejected
from schemas.units import HOUR, MINUTE, from_iso
from streams.engine.partition import partition_of
from streams.engine.record import Out, Record

PARTITIONS = 8
NOW = from_iso("2026-03-02T11:00:00")
WHY = Rejected(Refusal.UNKNOWN_TYPE, "found a type that an older release did not know")
GOOD = b'{"type": "identify", "messageId": "m1", "userId": "ada"}'
EXAMPLES = Path("schemas/examples")
MARK = Mark(id="nurture.leads:3:42", done="replayed", by="ines", at=NOW)


def put_aside(topic=topics.LEADS, partition=3, *, offset=42, key=b"ada", value=GOOD, why=WHY, at=NOW):
    """A letter as it is read back from the topic of dead letters."""
    out = dead_letter(Record(topic, partition, offset, at, key, value, ()), why, "nurture/intake")
    return read_letter(Record(out.topic, 0, 0, at, out.key, out.value, out.headers), {})


def fact(lead_id):
    return encode(PageViewed(id="f1", lead_id=lead_id, at=NOW, seen=NOW, path="/"))


RECORDS = st.builds(
    Record,
    st.from_regex(r"[a-z][a-z.-]{0,40}", fullmatch=True),
    st.integers(0, 999),
    st.integers(0, 2**50),
    st.integers(0, NOW),
    st.none() | st.binary(max_size=50),
    st.none() | st.binary(max_size=50),
    st.just(()),
)
REJECTS = st.builds(Rejected, st.sampled_from(Refusal), st.text(st.characters(exclude_categories=["Cs"]), max_size=100))


@given(RECORDS, REJECTS)
def test_what_was_put_aside_is_read_back_whole(record, why):
    """Place, key, bytes, reason and detail of any record survive the way through a dead letter."""
    out = dead_letter(record, why, "nurture/intake")
    letter = read_letter(Record(out.topic, 0, 0, NOW, out.key, out.value, out.headers), {})
    assert letter.id == f"{record.topic}:{record.partition}:{record.offset}"
    assert (letter.topic, letter.partition, letter.offset, letter.at) == (*record[:3], NOW)
    assert (letter.key, letter.raw, letter.reason, letter.detail) == (record.key, record.value, why.reason, why.detail)
    assert (letter.cut_from, letter.key_cut_from) == (0, 0)


@pytest.mark.parametrize(
    "headers",
    [
        (),
        [("nurture_topic", b"x")],
        [(f"nurture_{part}", b"x") for part in ("topic", "partition", "offset", "reason", "detail")],
        [(f"nurture_{part}", b"1") for part in ("topic", "partition", "offset", "reason", "detail")]
        + [("nurture_key", b"not Base64!")],
        [(f"nurture_{part}", b"\xff") for part in ("topic", "partition", "offset", "reason", "detail")],
    ],
)
def test_a_stranger_among_the_dead_letters_is_no_letter(headers):
    """Whatever somebody else wrote into the topic stops nobody who works it."""
    assert read_letter(Record(topics.DEAD_LETTERS, 0, 0, NOW, b"k", b"v", headers), {}) is None


@pytest.mark.parametrize(
    ("letter", "why"),
    [
        (put_aside(value=b"\xff"), "it would come back: "),
        (put_aside(value=None), "it would come back: found an empty value"),
        (put_aside(value=bytes(MOST_BYTES + 1)), "its value was cut when it was put aside (900,001 bytes"),
        (put_aside(key=bytes(10_001)), "its key was cut when it was put aside (10,001 bytes"),
        (replace(put_aside(), mark=MARK), "ines replayed it on 2026-03-02"),
        (
            put_aside(topics.FACTS, partition_of(b"ada", 8), value=fact("ada"), key=b"eve"),
            "it would come back: found a",
        ),
        (put_aside(topics.FACTS, partition_of(b"ada", 8), value=fact("ada"), key=None), "it would come back: found a"),
        (put_aside(topics.FACTS, (partition_of(b"ada", 8) + 1) % 8, value=fact("ada")), "its key belongs in partition"),
        (put_aside(topics.SENDS, value=fact("ada")), "it would come back: "),
        (put_aside(topics.HANDOFFS, value=b"[" * 100_000), "it would come back: "),
        (put_aside("weather", value=b"{}"), "nothing reads weather here"),
    ],
)
def test_what_would_break_a_law_stays_and_says_why(letter, why):
    """Cut, handled, still unreadable, under a wrong key, in a wrong partition, read by nobody."""
    found = verdict(letter, PARTITIONS, NOW)
    assert isinstance(found, Stays)
    assert why in found.why


def test_a_policy_is_never_put_back_where_its_key_does_not_belong():
    """Policies go to every partition under one key: they are applied anew, not replayed."""
    policy = encode(PolicyApplied(id="p:1", lead_id="-", at=NOW, seen=NOW, policy="p"))
    homes = [put_aside(topics.FACTS, number, key=b"-", value=policy) for number in range(PARTITIONS)]
    assert sum(isinstance(verdict(letter, PARTITIONS, NOW), Stays) for letter in homes) == PARTITIONS - 1


@pytest.mark.parametrize(
    "topic", [topics.LEADS, topics.ENGAGEMENT, topics.SALES_FEEDBACK], ids=lambda topic: topic.split(".")[1]
)
@pytest.mark.parametrize("key", [b"ada", b"\xff", b"", None])
def test_what_came_in_goes_back_as_it_came(topic, key):
    """Same bytes, same key, same partition, and no envelope that its sender did not give it."""
    out = verdict(put_aside(topic, key=key), PARTITIONS, NOW)
    assert out == Out(topic, key, GOOD, [("nurture_replayed_from", f"{topic}:3:42".encode())], 3)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30), st.integers(0, PARTITIONS - 1))
def test_a_fact_goes_back_only_to_its_lead(lead_id, partition):
    """Whatever goes back into the facts is in the partition of its lead, under its lead, and in its envelope."""
    out = verdict(put_aside(topics.FACTS, partition, key=lead_id.encode(), value=fact(lead_id)), PARTITIONS, NOW)
    home = partition_of(lead_id.encode(), PARTITIONS)
    if isinstance(out, Stays):
        assert partition != home
        return
    assert (out.partition, out.key, decode_fact(out.value).lead_id) == (home, lead_id.encode(), lead_id)
    assert dict(out.headers)["ce_type"] == b"page.viewed.v1"


@pytest.mark.parametrize(("topic", "name"), [(topics.SENDS, "send_content.v1"), (topics.HANDOFFS, "hand_off.v1")])
def test_an_order_that_can_be_read_goes_back_in_its_envelope(topic, name):
    """Orders to the sender and handoffs, under the lead that they are about."""
    value = (EXAMPLES / f"{name}.json").read_bytes()
    out = verdict(put_aside(topic, partition_of(b"ada", PARTITIONS), key=b"ada", value=value), PARTITIONS, NOW)
    assert (out.key, out.value, dict(out.headers)["ce_type"]) == (b"ada", value, name.encode())
    assert topic in KEYED


@pytest.mark.parametrize(
    ("wanted", "takes"),
    [
        (Wanted(), True),
        (Wanted(reasons=frozenset({"unknown_type", "empty"})), True),
        (Wanted(reasons=frozenset({"empty"})), False),
        (Wanted(topics=frozenset({topics.LEADS})), True),
        (Wanted(topics=frozenset({topics.FACTS})), False),
        (Wanted(ids=frozenset({"nurture.leads:3:42"})), True),
        (Wanted(ids=frozenset({"nurture.leads:3:43"})), False),
        (Wanted(since=NOW), True),
        (Wanted(since=NOW + 1), False),
        (Wanted(until=NOW), False),
        (Wanted(until=NOW + 1), True),
    ],
)
def test_a_choice_takes_what_every_part_of_it_takes(wanted, takes):
    """Reasons, topics, ids and time; since is the first moment, until the first one after."""
    assert wanted.takes(put_aside()) is takes


def test_what_somebody_dealt_with_is_shown_only_when_asked_for():
    """A mark takes a letter off the list; it stays in the topic."""
    handled = replace(put_aside(), mark=MARK)
    assert not Wanted().takes(handled)
    assert Wanted(handled=True).takes(handled)


@pytest.mark.parametrize(("text", "ago"), [("2 hours ago", 2 * HOUR), ("2 hours", 2 * HOUR), ("1 minute ago", MINUTE)])
def test_a_moment_may_be_a_length_of_time_ago(text, ago):
    """As people say it."""
    now = time.time_ns() // 1_000_000
    assert 0 <= Moment().convert(text, None, None) - (now - ago) < MINUTE


@pytest.mark.parametrize("text", ["2026-03-02T11:00", "2026-03-02T11:00:00Z", "2026-03-02T12:00+01:00"])
def test_a_moment_may_be_iso_8601(text):
    """UTC unless it names a zone."""
    assert Moment().convert(text, None, None) == NOW


@pytest.mark.parametrize("text", ["", "yesterday", "2 moons ago", "-1 hour ago", "25:00"])
def test_what_is_no_moment_is_refused_in_words(text):
    """What was found, and what was expected."""
    with pytest.raises(click.BadParameter, match="expected ISO 8601 or a length of time"):
        Moment().convert(text, None, None)


CANARY = put_aside(key=b"canary@example.com", value=b'{"email": "canary@example.com"}')


def test_personal_data_is_shown_only_when_asked_for(capsys):
    """Neither a list, nor a letter, nor JSON holds bytes or key; with --personal all of them do."""
    print_lines([CANARY], [said(CANARY)])
    print_letter(CANARY, personal=False)
    click.echo(encode(plain(CANARY)))
    quiet = capsys.readouterr().out
    assert "canary" not in quiet
    assert "Y2FuYXJ5" not in quiet, "Base64 of it"
    print_letter(CANARY, personal=True)
    assert capsys.readouterr().out.count("canary@example.com") == 2
    assert b"Y2FuYXJ5" in encode(personal_parts(CANARY))


@pytest.mark.parametrize("nasty", ["\x1b[2J", "\r", "\u202e", "\x9b31m"])
def test_a_stranger_cannot_steer_the_terminal(nasty, capsys):
    """Details, headers, keys and bytes are printed as text, whatever is in them."""
    letter = put_aside(f"leads{nasty}", key=nasty.encode(), value=nasty.encode(), why=Rejected(Refusal.EMPTY, nasty))
    print_lines([letter], [said(letter)])
    print_letter(letter, personal=True)
    assert nasty not in capsys.readouterr().out


def test_every_reason_has_its_sentence():
    """Two lists, compared; a reason of a later release is shown all the same."""
    assert set(SENTENCES) == set(Refusal)
    print_letter(replace(put_aside(), reason="too_sad"), personal=False)


class FakeLane:
    """No rows, a clock that stands still, and what was committed."""

    topic, partition = topics.HANDOFFS, 0

    def __init__(self):
        self.rows, self.batch = self, None

    def load(self, _keys):
        """Nothing is remembered."""
        return {}

    async def commit(self, batch):
        """Keep it."""
        self.batch = batch


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        (b"ada", None, Refusal.EMPTY),
        (b"ada", b"\xff", Refusal.NOT_JSON),
        (b"ada", b'{"deep":' + b"[" * 100_000, Refusal.NOT_JSON),
        pytest.param(b"ada", b'{"long":"' + b"x" * MOST_BYTES + b'"}', Refusal.OVERSIZE, id="too long"),
        (b"ada", b'{"type": "hand_off.v9"}', Refusal.WRONG_SHAPE),
        (b"eve", (EXAMPLES / "hand_off.v1.json").read_bytes(), Refusal.WRONG_KEY),
    ],
)
def test_no_poison_stops_the_sales_lane(key, value, reason):
    """A bad record is put aside and counted by its reason; the good one behind it is queued."""
    good = (EXAMPLES / "hand_off.v1.json").read_bytes()
    lane = FakeLane()
    records = [Record(topics.HANDOFFS, 0, n, NOW, k, v, ()) for n, (k, v) in enumerate([(key, value), (b"ada", good)])]
    asyncio.run(SalesWork().fold(lane, records))
    assert lane.batch.counts == {"dead_letters": 1, f"dead_letters:{reason}": 1, "handed_off": 1}
    assert [out.topic for out in lane.batch.outs] == [topics.DEAD_LETTERS, topics.SENDS]
