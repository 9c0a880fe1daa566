"""Packing: everything is encoded before a transaction begins, in as few batches as fit."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka.errors import MessageSizeTooLargeError, ProducerFenced, TopicAuthorizationFailedError
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.structs import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.problem import LifeEnded, Oversize
from streams.engine.transaction import MOST_BYTES, Packed, Transactions, pack

ROWS, COMMANDS = TopicPartition("rows", 0), TopicPartition("commands", 3)
SIZE = 400
PARCELS = st.dictionaries(
    st.sampled_from([ROWS, COMMANDS]),
    st.lists(
        st.tuples(st.binary(max_size=9), st.none() | st.binary(max_size=300), st.just([("due", b"1")])), min_size=1
    ),
)


def small():
    return BatchBuilder(SIZE, 0, is_transactional=True)


def opened(packed):
    return [(r.key, r.value, r.headers) for r in DefaultRecordBatch(bytes(packed.batch._build()))]


@given(PARCELS)
def test_nothing_is_lost_or_reordered(parcels):
    """What is packed for a partition comes out of its batches as it went in, tombstones and headers included."""
    packed = pack(small, parcels)
    for to, records in parcels.items():
        mine = [batch for batch in packed if batch.to == to]
        assert [record for batch in mine for record in opened(batch)] == records
        assert sum(batch.records for batch in mine) == len(records)


@given(PARCELS)
def test_partitions_do_not_wait_for_each_other(parcels):
    """The first batch of every partition comes before the second of any."""
    turns: dict[TopicPartition, int] = {}
    order = []
    for packed in pack(small, parcels):
        order.append(turns.setdefault(packed.to, 0))
        turns[packed.to] += 1
    assert order == sorted(order)


def test_an_oversize_record_is_found_before_anything_begins():
    """What no broker would take is refused with its topic, key, size and limit."""
    with pytest.raises(Oversize, match=r"1,000,2.. bytes for rows \(key b'ada'\).*at most 960,000"):
        pack(small, {ROWS: [(b"ada", b"x" * 1_000_000, [])]})
    assert pack(small, {ROWS: [(b"ada", b"x" * (MOST_BYTES - 300), [])]})[0].records == 1


class Broker:
    """A producer whose broker has its answer for the commands alone: an error, or (None) silence."""

    def __init__(self, answer):
        self.answer = answer

    async def begin_transaction(self):
        """It begins."""

    async def abort_transaction(self):
        """It ends."""

    async def send_batch(self, batch, topic, partition):  # noqa: ARG002
        answer = asyncio.get_running_loop().create_future()
        if topic == ROWS.topic:
            answer.set_result(SimpleNamespace(offset=7))
        elif self.answer:
            answer.set_exception(self.answer)
        return answer


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (MessageSizeTooLargeError(), r"not taken by commands: raise max\.message\.bytes there"),
        (TopicAuthorizationFailedError(), r"not taken by commands: give this worker the right to write there"),
        (ProducerFenced(), r"not taken by commands$"),
        (None, r"^TimeoutError; not taken by commands$"),
    ],
)
def test_a_topic_that_takes_nothing_is_named(answer, sentence):
    """Whoever reads why a life has ended need not guess which of the topics it was, nor what to do."""

    async def scenario():
        transactions = Transactions(Broker(answer), "group", 0.05)
        with pytest.raises(LifeEnded, match=sentence):
            await transactions.commit([Packed(ROWS, None, 1), Packed(COMMANDS, None, 1)], {})

    asyncio.run(scenario())
