"""Rows on a disk that does not give back what was written: nothing is folded on them, and the sentence has the remedy."""

import random

import pytest

from streams.engine.life import open_rows
from streams.engine.problem import LifeEnded, Refused
from streams.engine.record import Row
from streams.engine.rows import Checkpoint, Rows, block_cache

COUNT = 4_000
KEYS = [b"%05d" % number for number in range(COUNT)]
REMEDY = r"in .*blocks.* cannot be read \(.+\): delete the folder to rebuild it from the changelog"


@pytest.fixture
def folder(tmp_path):
    """Rows of which each is due, in files; the folder's name is part of what RocksDB says of them."""
    dice, rows = random.Random(1), Rows(tmp_path / "blocks")
    rows.apply({key: Row(dice.randbytes(100), 1) for key in KEYS}, Checkpoint(b"b", 1))
    rows._db.flush()
    rows.close()
    return tmp_path / "blocks"


def spoil(folder, pattern, place, length=40):
    """Turn over bytes of a file; a place from its end when it is negative, a share of it when it is a fraction."""
    (file,) = folder.glob(pattern)
    raw = bytearray(file.read_bytes())
    start = int(place * len(raw)) if isinstance(place, float) else place % len(raw)
    raw[start : start + length] = bytes(byte ^ 0xFF for byte in raw[start : start + length])
    file.write_bytes(raw)


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: (folder / "CURRENT").write_bytes(b"garbage\n"),
        lambda folder: spoil(folder, "MANIFEST-*", 100),
        lambda folder: spoil(folder, "*.sst", -1_500, 1_000),
        lambda folder: spoil(folder, "*.sst", -60),
        lambda folder: next(folder.glob("*.sst")).write_bytes(b"cut off"),
        lambda folder: next(folder.glob("*.sst")).unlink(),
    ],
    ids=["CURRENT", "manifest", "index", "footer", "cut off", "gone"],
)
def test_a_store_that_is_spoiled_is_refused_and_not_waited_for(folder, harm):
    """Whatever RocksDB finds when it opens the rows, a "block" of them too, is no lock that somebody will let go of."""
    harm(folder)
    with pytest.raises(Refused, match=REMEDY):
        open_rows(folder, block_cache())


def test_rows_that_somebody_holds_are_waited_for(folder):
    """A lock is the one thing that time mends: the life ends, and the next one tries again."""
    held = open_rows(folder, block_cache())
    with pytest.raises(LifeEnded, match="lock hold by current process"):
        open_rows(folder, block_cache())
    held.close()
    open_rows(folder, block_cache()).close()


@pytest.mark.parametrize(
    ("place", "ask"),
    [
        (0.02, lambda rows: [rows.due.take(9, 500) for _ in range(COUNT // 500)]),
        (0.5, lambda rows: list(rows.scan())),
        (0.5, lambda rows: list(rows.within(b"0"))),
        (0.5, lambda rows: rows.load(KEYS)),
        (0.5, lambda rows: rows.apply(dict.fromkeys(KEYS, Row(None)), Checkpoint(b"b", 2))),
    ],
    ids=["dues", "scan", "within", "load", "apply"],
)
def test_a_bad_block_is_never_taken_for_the_end(folder, place, ask):
    """RocksDB ends an iteration at a block that it cannot read as it ends at the last: no timer is lost in silence."""
    spoil(folder, "*.sst", place)
    rows = open_rows(folder, block_cache())
    with pytest.raises(Refused, match=REMEDY):
        ask(rows)
    rows.close()
