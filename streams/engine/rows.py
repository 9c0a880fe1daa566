"""The rows of one lane on disk: rows, due index and checkpoint change in one write batch. It talks to no broker."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Self

import rocksdict

from streams.engine.due import DueIndex, entry
from streams.engine.problem import LifeEnded, Refused
from streams.engine.record import Row

_OURS: Final = b"\0"  # row keys that begin so belong to the engine or to the work itself
_DUE: Final = b"\0due\0"
_DUE_END: Final = b"\0due\1"
_CHECKPOINT: Final = b"\0checkpoint"
_END: Final = b"\xff" * 8  # after every key: those of rows are UTF-8
_MOST_KNOWN: Final = 50_000
_MIB: Final = 1 << 20


class Checkpoint(NamedTuple):
    """How far the changelog is in these rows (next offset), its birth id, and when they were last complete (ms)."""

    birth: bytes
    offset: int
    at: int = 0

    @classmethod
    def read(cls, stored: bytes) -> Self:
        """What ``bytes`` wrote."""
        return cls(stored[16:], int.from_bytes(stored[:8], "big"), int.from_bytes(stored[8:16], "big"))

    def __bytes__(self) -> bytes:
        return self.offset.to_bytes(8, "big") + self.at.to_bytes(8, "big") + self.birth


def block_cache() -> rocksdict.Cache:
    """One block cache for all lanes of a worker."""
    return rocksdict.Cache(32 * _MIB)


class Rows:
    """What a lane remembers. A stored value is the row's due (8 bytes, big endian) and then the row.

    Whatever reads raises Refused when the disk does not give back what was written to it.
    """

    def __init__(self, folder: Path, cache: rocksdict.Cache | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db = rocksdict.Rdict(str(folder), _options(cache or block_cache()))
        self._folder = folder
        self._known: dict[bytes, int] = {}
        self.due = DueIndex(self._entries)

    def load(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Those of the rows that exist."""
        self._forget()
        wanted = list(keys)
        found: dict[bytes, bytes] = {}
        for key, stored in zip(wanted, self._stored(wanted), strict=True):
            if stored is None:
                self._known[key] = 0
            else:
                self._known[key] = int.from_bytes(stored[:8], "big")
                found[key] = stored[8:]
        return found

    def get(self, key: bytes) -> bytes | None:
        """One row."""
        return self.load((key,)).get(key)

    def scan(self) -> Iterator[tuple[bytes, bytes]]:
        """Every row in order of its key, without those whose key begins with a zero byte."""
        for key, stored in self._walk(b"\1", _END):
            yield key, stored[8:]

    def within(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Every row whose key begins so, in order of its key: for the work's own keys, which begin with a zero byte."""
        for key, stored in self._walk(prefix, prefix + _END):
            yield key, stored[8:]

    @property
    def checkpoint(self) -> Checkpoint | None:
        """Where recovery goes on; None for a new store."""
        (stored,) = self._stored([_CHECKPOINT])
        return None if stored is None else Checkpoint.read(stored)

    def apply(self, rows: Mapping[bytes, Row], checkpoint: Checkpoint) -> None:
        """Rows, their dues and the checkpoint, all or nothing. Raises LifeEnded when the disk takes nothing."""
        write = rocksdict.WriteBatch(raw_mode=True)
        before, moved = self._dues(rows), []
        for key, row in rows.items():
            due = 0 if row.value is None else row.due
            if row.value is None:
                write.delete(key)
            else:
                write.put(key, due.to_bytes(8, "big") + row.value)
            if due != (old := before[key]):
                moved.append((key, due))
                if old:
                    write.delete(_DUE + entry(old, key))
                if due:
                    write.put(_DUE + entry(due, key), b"")
        write.put(_CHECKPOINT, bytes(checkpoint))
        self._write(write)
        for key, due in moved:
            self._known[key] = due
            self.due.moved(key, due)
        self._forget()

    def clear(self) -> None:
        """Forget everything, the checkpoint too: a recovery then begins at the beginning."""
        write = rocksdict.WriteBatch(raw_mode=True)
        write.delete_range(b"", _END)
        self._write(write)
        self._known.clear()
        self.due = DueIndex(self._entries)

    def close(self) -> None:
        """Let go of the files; a closed store refuses everything. What a full disk did not take, the changelog has."""
        with contextlib.suppress(Exception):  # rocksdict raises nothing more exact
            self._db.close()

    def _dues(self, rows: Iterable[bytes]) -> dict[bytes, int]:
        """What the index says of these rows now; a fold has just loaded most of them."""
        dues = {key: self._known[key] for key in rows if key in self._known}
        strangers = [key for key in rows if key not in dues]
        for key, stored in zip(strangers, self._stored(strangers), strict=True):
            dues[key] = 0 if stored is None else int.from_bytes(stored[:8], "big")
        return dues

    def _forget(self) -> None:
        """What is known of dues saves a second read of rows just loaded; it need not grow for that."""
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()

    def _entries(self, start: bytes) -> Iterator[bytes]:
        for key, _ in self._walk(_DUE + start, _DUE_END):
            yield key[len(_DUE) :]

    def _walk(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """What is stored from a key to before another. RocksDB ends at a bad block as at the end: it must be asked."""
        try:
            at = self._db.iter()
            at.seek(start)
            while at.valid() and (key := at.key()) < end:
                yield key, at.value()
                at.next()
            at.status()
        except Exception as problem:  # rocksdict raises nothing more exact
            raise unreadable(self._folder, problem) from problem

    def _stored(self, keys: Sequence[bytes]) -> Sequence[bytes | None]:
        try:
            return self._db.get(keys) if keys else ()
        except Exception as problem:  # rocksdict raises nothing more exact
            raise unreadable(self._folder, problem) from problem

    def _write(self, write: rocksdict.WriteBatch) -> None:
        try:
            self._db.write(write)
        except Exception as problem:  # rocksdict raises nothing more exact
            spoiled = str(problem).startswith("Corruption")
            raise (unreadable if spoiled else unwritten)(self._folder, problem) from problem


def full(problem: BaseException) -> bool:
    """Whether the disk takes nothing more: it is full, or a quota or limit of this process is reached."""
    said = str(problem).lower()
    return any(words in said for words in ("no space left", "quota exceeded", "file too large"))


def unreadable(folder: Path, problem: BaseException) -> Refused:
    """Rows that cannot be trusted are not folded on, nor waited for: the changelog has them all."""
    said = " ".join(str(problem).split())
    return Refused(
        f"the rows in {folder} cannot be read ({said}): delete the folder to rebuild it from the changelog, and give"
        f" every worker a data_dir of its own; if it comes again, look at the disk"
    )


def unwritten(folder: Path, problem: BaseException) -> LifeEnded:
    """The changelog has what the disk did not take, so the next life reads it from there."""
    return LifeEnded(
        OSError(
            f"the rows in {folder} cannot be written ({problem}): make room on that disk; the lane tries again by"
            f" itself, and nothing is lost"
        )
    )


def _options(cache: rocksdict.Cache) -> rocksdict.Options:
    """Small and many: RocksDB's defaults are made for one big store, a worker has one for each partition."""
    table = rocksdict.BlockBasedOptions()
    table.set_block_cache(cache)
    table.set_bloom_filter(10, block_based=False)
    table.set_cache_index_and_filter_blocks(True)
    options = rocksdict.Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_block_based_table_factory(table)
    options.set_write_buffer_size(8 * _MIB)
    options.set_max_write_buffer_number(2)
    options.set_max_open_files(128)
    options.set_keep_log_file_num(1)
    options.set_compression_type(rocksdict.DBCompressionType.lz4())
    return options
