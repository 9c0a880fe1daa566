"""What must hold before an agent begins: a broker that answers, and topics that it may fold on. It begins nothing."""

import asyncio
import time
from collections.abc import Callable, Collection
from typing import Final

import structlog

from agents.kafka.topics import BrokerAway, Difference, check_topics
from agents.process.settings import Settings
from schemas.problem import UserError

_log = structlog.get_logger(__name__)
_AGAIN_S: Final = 0.5
_SAY_S: Final = 5.0


class UnsafeTopics(UserError):  # noqa: N818  (the sentences are the name)
    """Topics on which facts could be lost or leads torn apart: one sentence each."""


async def arrive(settings: Settings, names: Collection[str], waiting: Callable[[str], None]) -> None:
    """Returns once the broker answers and these topics are safe; ``waiting`` hears why it takes so long.

    Raises UnsafeTopics, or BrokerRefused when asking again would not help.
    """
    differences = await _answer(settings, names, waiting)
    for difference in differences:
        if not difference.unsafe:
            _log.warning("topic_differs", **difference._asdict())
    if unsafe := [str(difference) for difference in differences if difference.unsafe]:
        raise UnsafeTopics("\n".join(unsafe))


async def _answer(settings: Settings, names: Collection[str], waiting: Callable[[str], None]) -> list[Difference]:
    """Things are started in any order: a broker that is away is waited for, and said every few seconds."""
    said = float("-inf")
    while True:
        try:
            return await asyncio.to_thread(check_topics, settings, names)
        except BrokerAway as away:
            waiting(f"waiting for the broker: {away}")
            if time.monotonic() - said > _SAY_S:
                said = time.monotonic()
                _log.warning("waiting_for_the_broker", why=str(away))
        await asyncio.sleep(_AGAIN_S)
