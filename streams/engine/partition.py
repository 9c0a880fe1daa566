"""Kafka's default partitioner, so that every client in any language agrees where a key lives. It asks no broker."""

import struct
from functools import lru_cache
from typing import Final

_MASK: Final = 0xFFFFFFFF
_M: Final = 0x5BD1E995
_SEED: Final = 0x9747B28C


def murmur2(data: bytes) -> int:
    """The 32 bits of ``org.apache.kafka.common.utils.Utils.murmur2``, unsigned."""
    length = len(data)
    mixed = _SEED ^ length
    for word in struct.unpack_from(f"<{length // 4}I", data):
        part = word * _M & _MASK
        part = (part ^ part >> 24) * _M & _MASK
        mixed = (mixed * _M & _MASK) ^ part
    rest = data[length & ~3 :]
    if rest:
        mixed = (mixed ^ int.from_bytes(rest, "little")) * _M & _MASK
    mixed = (mixed ^ mixed >> 13) * _M & _MASK
    return mixed ^ mixed >> 15


@lru_cache(maxsize=65_536)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key: the hash without its sign bit, modulo the topic's partitions."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
