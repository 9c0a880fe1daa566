"""Quix Streams at its defaults: at least once, a checkpoint every five seconds."""

from tests.bench.order import taken
from tests.bench.sides.quix import run
from tests.bench.span import pin

if __name__ == "__main__":
    given = taken()
    pin({given.core})
    run(given, "at-least-once", 5.0)
