"""The switches of sending: how they stand, as every sender knows it, and how they are turned. They stop nobody."""

import time
from collections.abc import Callable
from typing import Final

import msgspec

from agents.kafka.clients import Client, producer, read_newest
from agents.kafka.feed import View
from schemas.codec import decode_switch, encode
from schemas.controls import EMAIL, PROGRAM, SENDS, SendSwitch
from schemas.envelope import headers
from schemas.topics import CONTROLS

_SOURCE: Final = "nurture/ledger"
_UNREADABLE: Final = SendSwitch(
    stopped=True, by="an unreadable record", why="upgrade this worker, or turn the switch again", at=0
)


class ControlsView(View):
    """What is stopped, as far as this view has read; ``turned`` counts the records that said so or otherwise."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(now)
        self._switches: dict[str, SendSwitch] = {}
        self.turned = 0

    def stopped(self) -> SendSwitch | None:
        """Who stopped all sending; None while it goes on."""
        return self._stopped(SENDS)

    def paused(self, program: str, email: str) -> tuple[str, SendSwitch] | None:
        """What is paused of the two, and who did it; None while both go on."""
        found = ((name, self._stopped(key + name)) for key, name in ((PROGRAM, program), (EMAIL, email)))
        return next(((name, switch) for name, switch in found if switch is not None), None)

    def learn(self, key: bytes | None, value: bytes | None) -> None:
        """Take in one record of the topic. What cannot be read stops sending: somebody meant something by it."""
        name = (key or b"").decode(errors="replace")
        if name != SENDS and not name.startswith((PROGRAM, EMAIL)):
            return
        self.turned += 1
        if value is None:
            self._switches.pop(name, None)
        else:
            self._switches[name] = _read(value)

    def _stopped(self, key: str) -> SendSwitch | None:
        switch = self._switches.get(key)
        return switch if switch is not None and switch.stopped else None


def _read(value: bytes) -> SendSwitch:
    try:
        return decode_switch(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _UNREADABLE


async def turn(options: Client, switch: SendSwitch, key: str = SENDS) -> None:
    """Stops sending, or lets it go on, in every worker within 10 s: all of it, a program's or one e-mail."""
    about = headers("send_switch.v1", f"{key}:{switch.at}", _SOURCE, switch.at)
    async with producer(options) as out:
        await out.send_and_wait(CONTROLS, encode(switch), key=key.encode(), headers=about)


async def position(options: Client) -> SendSwitch | None:
    """How the switch of all mail stands; None when nobody ever touched it."""
    return (await positions(options)).get(SENDS)


async def positions(options: Client) -> dict[str, SendSwitch]:
    """How every switch stands, by its key."""
    return {key.decode(errors="replace"): _read(value) for key, value in (await read_newest(options, CONTROLS)).items()}
