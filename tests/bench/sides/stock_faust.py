"""Stock Faust: the same work in its own idiom, an agent and a table in RocksDB (rocksdict), at its defaults."""

import asyncio
from typing import Any

import faust

from tests.bench.order import Order, taken
from tests.bench.sides.one import TOPICS, OneByOne
from tests.bench.span import Span, pin

_BYTES = {"key_type": bytes, "value_type": bytes}


async def run(order: Order) -> None:
    """Fold all facts once, then tell what it took. It ends when everything that was sent is delivered."""
    span, over, work = Span(order.facts), asyncio.Event(), OneByOne(order)
    app = faust.App(
        order.name,
        broker=f"kafka://{order.bootstrap}",
        store="rocksdb://?driver=rocksdict",
        datadir=order.folder,
        topic_partitions=order.partitions,
        topic_replication_factor=1,
        key_serializer="raw",
        value_serializer="raw",
        web_enabled=False,
    )
    source = app.topic(order.source, **_BYTES)
    outs = {name: app.topic(name, **_BYTES) for name in TOPICS}
    rows = app.Table("rows", partitions=order.partitions, **_BYTES)

    async def fold(stream: Any) -> None:
        async for key, value in stream.items():
            span.begin()
            row, found = work.fold(key, value, rows.get(key))
            if row is not None:
                rows[key] = row
            for out in found:
                await outs[out.topic].send(key=out.key, value=out.value, headers=list(out.headers))
            if span.done(1):
                await app.producer.flush()
                span.end()
                over.set()

    app.agent(source)(fold)
    await app.start()
    await app.wait(over.wait())
    await app.stop()
    if app.crash_reason is not None:
        raise app.crash_reason
    span.tell()


if __name__ == "__main__":
    given = taken()
    pin({given.core})
    asyncio.run(run(given))
