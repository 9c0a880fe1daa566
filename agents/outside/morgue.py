"""Dead letters from outside the pipeline: which there are, which were dealt with, and the marks that say so.

It judges no letter (``agents.outside.verdict`` does), and what was put aside stays as it is until its 90 days are over.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiokafka.errors import KafkaError
from msgspec import Struct
from msgspec.structs import replace

from agents.kafka.clients import Client, read_newest, read_whole
from schemas import topics
from schemas.codec import decode_mark, encode
from schemas.envelope import Headers, headers
from schemas.facts import tag_of
from schemas.mark import Mark
from schemas.problem import UserError
from schemas.units import Millis
from streams.engine.problem import LifeEnded
from streams.engine.record import Out
from streams.engine.settings import EngineSettings
from streams.engine.transaction import Transactions

SOURCE: Final = "nurture/dead-letters"
_NAME: Final = "nurture-dead-letters"  # one name for everybody: who comes later shuts the others out
_PORTION: Final = 50  # letters in one transaction: while it is open, its partitions hide what comes after
FOREVER: Final = 1 << 62


class MorgueError(UserError):
    """No such dead letter, or the broker did not take what was asked: one sentence."""


class Letter(Struct, frozen=True, kw_only=True):
    """One record that was put aside at ``at``. ``id`` is where it came from: topic:partition:offset.

    ``size`` bytes of it were kept; ``cut_from`` and ``key_cut_from`` are how many there were, 0 when all were kept.
    """

    id: str
    topic: str
    partition: int
    offset: int
    reason: str
    detail: str
    at: Millis
    size: int
    cut_from: int
    key_cut_from: int
    headers: tuple[tuple[str, str], ...]
    key: bytes | None
    raw: bytes | None
    mark: Mark | None = None


class Wanted(Struct, frozen=True, kw_only=True):
    """Which letters are meant; an empty list is any. Those that somebody dealt with only when asked for."""

    ids: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    since: Millis = 0
    until: Millis = FOREVER
    handled: bool = False

    def takes(self, letter: Letter) -> bool:
        """Whether this letter is one of them; ``until`` is left out, ``since`` is not."""
        return (
            (not self.ids or letter.id in self.ids)
            and (not self.reasons or letter.reason in self.reasons)
            and (not self.topics or letter.topic in self.topics)
            and self.since <= letter.at < self.until
            and (self.handled or letter.mark is None)
        )


async def read_letters(options: Client, wanted: Wanted, *, raw: bool = True) -> list[Letter]:
    """The letters that are wanted, the oldest first; without their bytes when nobody will look at them."""
    marks = await _marks(options)
    found: list[Letter] = []
    async for record in read_whole(options, topics.DEAD_LETTERS):
        letter = read_letter(record, marks)
        if letter is not None and wanted.takes(letter):
            found.append(letter if raw else replace(letter, raw=None))
    if missing := wanted.ids - {letter.id for letter in found}:
        raise MorgueError(
            f'found no dead letter "{min(missing)}", expected the topic:partition:offset of one: '
            f'"nurture dead-letters list --all" shows them'
        )
    return sorted(found, key=lambda letter: (letter.at, letter.topic, letter.partition, letter.offset))


def read_letter(record: Any, marks: Mapping[str, Mark]) -> Letter | None:
    """A record of ``nurture.dead-letters`` as it was put aside; None when it is none of ours."""
    about: dict[str, bytes] = dict(record.headers)
    try:
        topic, partition, offset = (about[f"nurture_{part}"].decode() for part in ("topic", "partition", "offset"))
        key = about.get("nurture_key")
        name = f"{topic}:{partition}:{offset}"
        return Letter(
            id=name,
            topic=topic,
            partition=int(partition),
            offset=int(offset),
            reason=about["nurture_reason"].decode(),
            detail=about["nurture_detail"].decode(),
            at=record.timestamp,
            size=len(record.value or b""),
            cut_from=int(about.get("nurture_cut_from", b"0")),
            key_cut_from=int(about.get("nurture_key_cut_from", b"0")),
            headers=tuple((part, text.decode(errors="replace")) for part, text in about.items()),
            key=None if key is None else base64.b64decode(key, validate=True),
            raw=record.value,
            mark=marks.get(name),
        )
    except (KeyError, UnicodeDecodeError, binascii.Error, ValueError):
        return None


async def settle(
    engine: EngineSettings, work: Sequence[tuple[Letter, Out | None]], *, by: str, why: str, now: Millis
) -> int:
    """Puts back each record that comes with its letter, and marks the letter in the same transaction: how many.

    Only the newest caller gets through, and what was marked meanwhile is left alone: no record goes back twice.
    Raises MorgueError.
    """
    done, transactions = 0, None
    try:
        transactions = await Transactions.fence(_NAME, _NAME, engine)
        marked = await _marks(engine.client)
        left = [(letter, record) for letter, record in work if letter.id not in marked]
        for start in range(0, len(left), _PORTION):
            portion = left[start : start + _PORTION]
            outs = [out for letter, record in portion for out in _outs(letter, record, by, why, now)]
            await transactions.commit(await transactions.pack(outs), {})
            done += len(portion)
    except (LifeEnded, KafkaError, OSError) as error:
        raise MorgueError(
            f"the broker took {done} of {len(work)} dead letters and then no more ({error}); those are marked, the rest"
            f" is as it was: run it again, one person at a time"
        ) from error
    finally:
        if transactions:
            await transactions.close()
    return done


def _outs(letter: Letter, record: Out | None, by: str, why: str, now: Millis) -> list[Out]:
    mark = Mark(id=letter.id, done="replayed" if record else "dropped", by=by, at=now, why=why)
    about: Headers = headers(tag_of(Mark), letter.id, SOURCE, now)
    marked = Out(topics.DEAD_LETTER_MARKS, letter.id.encode(), encode(mark), about)
    return [record, marked] if record else [marked]


async def _marks(options: Client) -> dict[str, Mark]:
    rows = await read_newest(options, topics.DEAD_LETTER_MARKS)
    return {key.decode(): decode_mark(value) for key, value in rows.items()}
