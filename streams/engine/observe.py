"""What a lane tells those who watch it. The engine owns the port; metrics implement it."""

from typing import Literal, Protocol

LaneState = Literal["fencing", "recovering", "folding", "ended", "standby"]


class Observer(Protocol):
    """Told by every lane of a worker, from its event loop; must not block and must not raise."""

    def lane_state(self, topic: str, partition: int, state: LaneState) -> None:
        """A lane changed its state."""

    def committed(self, topic: str, partition: int, records: int, seconds: float) -> None:
        """A transaction with so many outgoing records was committed; it was open for so many seconds."""

    def transaction_failed(self, topic: str, partition: int, reason: str) -> None:
        """A lane's life ended; ``reason`` is a short name such as ``ProducerFenced`` or ``TimeoutError``."""

    def recovering(self, topic: str, partition: int, applied: int, left: int) -> None:
        """A lane, or a standby, applied so many changelog records, and about so many offsets are left."""


class Silence:
    """An observer that keeps everything to itself."""

    def lane_state(self, topic: str, partition: int, state: LaneState) -> None:
        """Say nothing."""

    def committed(self, topic: str, partition: int, records: int, seconds: float) -> None:
        """Say nothing."""

    def transaction_failed(self, topic: str, partition: int, reason: str) -> None:
        """Say nothing."""

    def recovering(self, topic: str, partition: int, applied: int, left: int) -> None:
        """Say nothing."""
