"""Where keys live: any client in any language must agree."""

import pytest
from aiokafka.partitioner import murmur2 as aiokafkas
from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2 as kafka_pythons

from streams.engine.partition import murmur2, partition_of


@given(st.binary(max_size=80))
def test_hash_is_that_of_both_clients(key):
    """For every key our hash is aiokafka's and kafka-python's."""
    assert murmur2(key) & 0xFFFFFFFF == aiokafkas(key) & 0xFFFFFFFF == kafka_pythons(key) & 0xFFFFFFFF


# org.apache.kafka.common.utils.UtilsTest.testMurmur2
JAVAS = [
    (b"21", -973932308),
    (b"foobar", -790332482),
    (b"a-little-bit-long-string", -985981536),
    (b"a-little-bit-longer-string", -1486304829),
    (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
    (b"abc", 479470107),
]


@pytest.mark.parametrize(("key", "signed"), JAVAS)
def test_hash_is_javas(key, signed):
    """For the keys in Apache Kafka's own test our hash is the one written there."""
    assert murmur2(key) == signed % (1 << 32)


@given(st.binary(max_size=40), st.integers(1, 64))
def test_partition_exists_and_stays(key, partitions):
    """A key has one partition, and the topic has it."""
    assert partition_of(key, partitions) == partition_of(key, partitions) in range(partitions)
