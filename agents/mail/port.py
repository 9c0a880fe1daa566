"""The mail port: what the sender asks of whoever carries mail, and the closed list of answers. It knows no provider."""

import re
from typing import Final, Protocol

from msgspec import Struct

from schemas.words import counted

_LONGEST_HEADER: Final = 998  # RFC 5322, 2.1.1
_CONTROL: Final = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]")
_ADDRESS: Final = re.compile(r"[^\s@,;:<>()\[\]\\\"\x00-\x1f\x7f]{1,64}@[^\s@,;:<>()\[\]\\\"\x00-\x1f\x7f]{1,255}")


class Letter(Struct, frozen=True, kw_only=True):
    """One mail to one person. ``categories`` name program, step and e-mail, never a person; ``at`` is in ms."""

    send_key: str
    lead_id: str
    to: str
    from_name: str
    from_email: str
    reply_to: str
    subject: str
    html: str
    text: str
    at: int
    headers: tuple[tuple[str, str], ...] = ()
    categories: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Letter(send_key={self.send_key!r})"  # a letter in a log must not name anybody


class Accepted(Struct, frozen=True):
    """The port has it, under this id of its own."""

    message_id: str


class Refused(Struct, frozen=True):
    """Not this letter, ever; proven not sent."""

    detail: str


class NotNow(Struct, frozen=True):
    """Proven not sent; ask again after ``retry_after`` seconds (0: the port named no time)."""

    retry_after: float
    detail: str


class Halted(Struct, frozen=True):
    """Proven not sent, and nothing may be: the account or the address of the provider is wrong, not the letter."""

    detail: str


class Unknown(Struct, frozen=True):
    """It may have been sent or not. Nobody may repeat it."""

    detail: str


Answer = Accepted | Refused | NotNow | Halted | Unknown


class Port(Protocol):
    """Whoever carries mail. ``send`` answers within its own hard timeouts and raises nothing for the world's faults."""

    @property
    def name(self) -> str:
        """What the ledger writes down: ``folder``, ``sendgrid``, ..."""

    async def start(self) -> None:
        """Open what is needed; called once."""

    async def send(self, letter: Letter) -> Answer:
        """Try once."""

    async def close(self) -> None:
        """Let go of everything; a second call does nothing."""


def one_address(text: str) -> bool:
    """Whether ``text`` is one bare address: no display name, no second recipient, no control character."""
    return _ADDRESS.fullmatch(text) is not None


def unsafe(letter: Letter) -> str:
    """Which header would let a value break out of its line, or "" when none does. Names the header, not the value."""
    headers = [
        ("From", letter.from_name),
        ("Subject", letter.subject),
        *letter.headers,
        *(("category", category) for category in letter.categories),
        ("send key", letter.send_key),
        ("lead id", letter.lead_id),
    ]
    for name, value in headers:
        if _CONTROL.search(name) or _CONTROL.search(value):
            return f"found a control character in the header {_CONTROL.sub('?', name)}, expected none"
        if len(value) > _LONGEST_HEADER:
            return f"found {counted(len(value), 'character')} in the header {name}, expected at most {_LONGEST_HEADER}"
    for name, address in (("To", letter.to), ("From", letter.from_email), ("Reply-To", letter.reply_to)):
        if not one_address(address):
            return f"found no plain address in the header {name}, expected one like ada@company.example"
    return ""
