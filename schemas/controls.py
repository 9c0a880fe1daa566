"""What operators switch for all workers at once: the records of ``nurture.controls``. It switches nothing itself."""

from typing import Final

from msgspec import Struct

from schemas.units import Millis

SENDS: Final = "sends"
"""The key of the switch of all mail; others are ``program/NAME`` and ``email/NAME``."""

PROGRAM: Final = "program/"
EMAIL: Final = "email/"


class SendSwitch(Struct, frozen=True, kw_only=True, tag="send_switch.v1", tag_field="type"):
    """Whether mail may leave (all of it, a program's, or one e-mail), who said so, and why."""

    stopped: bool
    by: str
    why: str
    at: Millis
