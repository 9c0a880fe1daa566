"""The kill switch of sending: how it stands, as every sender knows it, and how it is turned. It stops nobody itself."""

import time
from collections.abc import Callable
from typing import Final

import msgspec

from agents.clients import Client, producer, read_newest
from agents.feed import View
from schemas.codec import decode_switch, encode
from schemas.controls import SENDS, SendSwitch
from schemas.envelope import headers
from schemas.topics import CONTROLS

_SOURCE: Final = "nurture/ledger"
_UNREADABLE: Final = SendSwitch(
    stopped=True, by="an unreadable record", why="upgrade this worker, or turn the switch again", at=0
)


class ControlsView(View):
    """Whether sending is stopped, as far as this view has read."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(now)
        self._switch: SendSwitch | None = None

    def stopped(self) -> SendSwitch | None:
        """Who stopped sending; None while it goes on."""
        return self._switch if self._switch is not None and self._switch.stopped else None

    def learn(self, key: bytes | None, value: bytes | None) -> None:
        """Take in one record of the topic. What cannot be read stops sending: somebody meant something by it."""
        if key == SENDS.encode():
            self._switch = None if value is None else _read(value)


def _read(value: bytes) -> SendSwitch:
    try:
        return decode_switch(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _UNREADABLE


async def turn(options: Client, switch: SendSwitch) -> None:
    """Stops sending, or lets it go on, in every worker within 10 s."""
    about = headers("send_switch.v1", f"{SENDS}:{switch.at}", _SOURCE, switch.at)
    async with producer(options) as out:
        await out.send_and_wait(CONTROLS, encode(switch), key=SENDS.encode(), headers=about)


async def position(options: Client) -> SendSwitch | None:
    """How the switch stands; None when nobody ever touched it."""
    value = (await read_newest(options, CONTROLS)).get(SENDS.encode())
    return None if value is None else _read(value)
