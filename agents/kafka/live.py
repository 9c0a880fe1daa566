"""Facts and leads out of the running pipeline. It folds nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

from agents.history import ALL, Range, writing
from agents.kafka.clients import Client, client, read_newest, read_whole
from agents.process.settings import Settings
from schemas import topics
from schemas.codec import decode_fact, decode_lead
from schemas.lead import Lead
from schemas.problem import Rejected
from schemas.units import Millis
from streams.engine.clock import wall_ms


async def live_facts(options: Client, lead_id: str = "") -> AsyncIterator[bytes]:
    """Every committed fact of the running pipeline as JSON, one partition after the other, each with its policy first.

    With ``lead_id``, only the partition that holds this lead.
    """
    async for record in read_whole(options, topics.FACTS, lead_id.encode() or None):
        if record.value:
            yield record.value


async def live_leads(options: Client) -> list[Lead]:
    """Every lead's row, as the running pipeline has it."""
    return [decode_lead(value) for value in (await read_newest(options, topics.LEAD_ROWS)).values()]


async def now_in(settings: Settings) -> Millis:
    """The pipeline's time: the wall's, or the stepped one of a demo, which only its broker knows."""
    if settings.clock == "wall":
        return wall_ms()
    return int((await read_newest(client(settings), topics.CLOCK)).get(b"clock", b"0"))


async def export(options: Client, file: Path, only: Range = ALL) -> int:
    """Writes all facts of a range to a JSON-lines file; returns how many. The file appears when it is complete."""
    count, whole = 0, only == ALL
    with writing(file) as out:
        async for value in live_facts(options):
            if whole or _holds(only, value):
                out.write(value + b"\n")
                count += 1
    return count


def _holds(only: Range, value: bytes) -> bool:
    """What cannot be read belongs to every range, so that whoever reads it says so."""
    fact = decode_fact(value)
    return isinstance(fact, Rejected) or only.holds(fact)
