"""Quix Streams: the same work in its own idiom, a stateful function whose results are expanded and sent to topics."""

from typing import Any, Literal

from quixstreams import Application, State
from quixstreams.models import Serializer

from streams.engine.record import Out
from tests.bench.order import Order, taken
from tests.bench.sides.one import TOPICS, OneByOne
from tests.bench.span import Span, pin

Guarantee = Literal["exactly-once", "at-least-once"]


class ValueOf(Serializer):
    """The bytes are made already."""

    def __call__(self, value: Out, ctx: Any) -> bytes | None:  # noqa: ARG002
        """What goes onto the wire."""
        return value.value


def run(order: Order, guarantee: Guarantee = "exactly-once", interval: float = 0.1) -> None:
    """Fold all facts once, then tell what it took. It ends with the checkpoint that holds the last fact."""
    span, work = Span(order.facts), OneByOne(order)
    app = Application(
        broker_address=order.bootstrap,
        consumer_group=order.name,
        auto_offset_reset="earliest",
        processing_guarantee=guarantee,
        commit_interval=interval,
        state_dir=order.folder,
        loglevel="WARNING",
    )
    _end_with_the_last_checkpoint(app, span)
    source = app.topic(order.source, key_deserializer="bytes", value_deserializer="bytes")
    outs = {name: app.topic(name, key_serializer="bytes", value_serializer=ValueOf()) for name in TOPICS}

    def fold(value: bytes, key: bytes, _at: int, _headers: Any, state: State) -> list[Out]:
        span.begin()
        row, found = work.fold(key, value, state.get_bytes("row"))
        if row is not None:
            state.set_bytes("row", row)
        if span.done(1):
            app.stop()  # commits what is open, without waiting for the interval
        return found

    frame = app.dataframe(source).apply(fold, stateful=True, expand=True, metadata=True)
    frame = frame.set_headers(lambda out, *_: list(out.headers))
    frame.to_topic(lambda out, *_: outs[out.topic], key=lambda out: out.key)
    app.run()
    span.tell()


def _end_with_the_last_checkpoint(app: Application, span: Span) -> None:
    """Closing consumers and folders is nobody's work."""
    context = app._processing_context
    commit = context.commit_checkpoint

    def watched(*, force: bool = False, revoking: bool = False) -> None:
        commit(force=force, revoking=revoking)
        if force and not revoking:
            span.end()

    context.commit_checkpoint = watched


if __name__ == "__main__":
    given = taken()
    pin({given.core})
    run(given)
