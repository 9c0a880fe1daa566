"""The lane that watches client addresses: a machine behind one is told to the facts. The verdict is in the core."""

from collections import Counter
from collections.abc import Sequence

from agents.deadletter import counted, dead_letter
from agents.kept import kept
from schemas import topics
from schemas.codec import decode_crowd, decode_order, decode_sighting, encode
from schemas.envelope import headers
from schemas.facts import EngagementRetracted, tag_of
from schemas.problem import Refusal, Rejected
from schemas.sighting import Crowd, Sighting
from streams.engine.lane import Lane
from streams.engine.record import Batch, Out, Record, Row
from streams.journey.crowd import SOURCE, watch


class CrowdWork:
    """One row a client address (its keyed hash), forgotten once nothing in it can matter any more."""

    async def begin(self, lane: Lane) -> None:
        """Rows are all there is to remember."""

    async def fold(self, lane: Lane, records: Sequence[Record]) -> None:
        """Rows, retractions, dead letters and position: all or nothing."""
        batch, counts = Batch(upto=records[-1].offset + 1), Counter[str]()
        found = lane.rows.load({record.key for record in records if record.key})
        crowds = kept(lane, found.items(), decode_crowd)
        for record in records:
            click = read_sighting(record)
            if isinstance(click, Rejected):
                batch.outs.append(dead_letter(record, click, SOURCE))
                counts.update(counted(click))
                continue
            key = click.client.encode()
            crowds[key], retractions = watch(crowds.get(key, Crowd()), click)
            batch.rows[key] = Row(encode(crowds[key]), click.seen + click.within)
            batch.outs += [_out(fact) for fact in retractions]
            counts["retracted"] += len(retractions)
        batch.counts = dict(+counts)
        await lane.commit(batch)

    async def tick(self, lane: Lane, due: Sequence[tuple[bytes, int]]) -> None:
        """What nobody has clicked from for so long is forgotten."""
        await lane.commit(Batch(rows={key: Row(None) for key, _ in due}))


def read_sighting(record: Record) -> Sighting | Rejected:
    """The sighting in a record of ``nurture.clicks``, or why it is none."""
    click: Sighting | Rejected = decode_order(decode_sighting, record.value, "a sighting")
    if isinstance(click, Rejected) or record.key == click.client.encode():
        return click
    return Rejected(Refusal.WRONG_KEY, "found a record key that is not the sighting's client, expected the client")


def _out(fact: EngagementRetracted) -> Out:
    event = headers(tag_of(EngagementRetracted), fact.id, SOURCE, fact.seen)
    return Out(topics.FACTS, fact.lead_id.encode(), encode(fact), event)
