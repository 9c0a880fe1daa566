"""Bytewax: the same work in its own idiom, a stateful step; rows are its recovery snapshots, at its default epochs.

Its rows go to SQLite on this machine and not to Kafka, and it writes at least once: it does less than the others.
"""

from datetime import timedelta

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSinkMessage, KafkaSource, KafkaSourceMessage
from bytewax.connectors.kafka import operators as kop
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from tests.bench.order import Order, taken
from tests.bench.sides.one import OneByOne
from tests.bench.span import Span, pin

_EPOCH = timedelta(seconds=10)  # its default

Message = KafkaSourceMessage[bytes, bytes]
Sent = KafkaSinkMessage[bytes | None, bytes | None]


def run(order: Order) -> None:
    """Fold all facts once, then tell what it took. It ends when the flow has, its last snapshots included."""
    span, work = Span(order.facts), OneByOne(order)
    order.folder.mkdir(parents=True)
    init_db_dir(order.folder, 1)

    def fold(row: bytes | None, message: Message) -> tuple[bytes | None, list[Sent]]:
        span.begin()
        after, outs = work.fold(message.key, message.value, row)
        span.done(1)
        sent = [KafkaSinkMessage(out.key, out.value, headers=list(out.headers), topic=out.topic) for out in outs]
        return after or row, sent

    flow = Dataflow("bench")
    facts = op.input("facts", flow, KafkaSource([order.bootstrap], [order.source], tail=False))
    keyed = op.map("key", facts, lambda message: (message.key.decode(), message))
    folded = op.stateful_flat_map("fold", keyed, fold)
    kop.output("out", op.map("sent", folded, lambda pair: pair[1]), brokers=[order.bootstrap], topic=None)
    cli_main(flow, epoch_interval=_EPOCH, recovery_config=RecoveryConfig(str(order.folder)))
    span.end()
    span.tell()


if __name__ == "__main__":
    given = taken()
    pin({given.core})
    run(given)
