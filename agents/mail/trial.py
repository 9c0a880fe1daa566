"""A letter to colleagues, to be looked at in a real mailbox: marked as a test, its way out inert. No lead gets one."""

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import uuid4

from agents.check.mail import owned, owned_domains
from agents.mail.port import Letter, one_address, unsafe
from agents.preview.sample import values_for
from agents.render.renderer import Renderer, Unrenderable
from agents.unsubscribe import NO_ENDPOINT
from schemas.brand import Brand
from schemas.problem import UserError
from schemas.words import counted, listed

MOST_ADDRESSES: Final = 5
MOST_AN_HOUR: Final = 20
_HOUR: Final = 3_600_000


def colleagues(to: Sequence[str], brand: Brand, allow_list: Sequence[str]) -> tuple[str, ...]:
    """The addresses, each once. Raises UserError: too many, none, or one that is neither ours nor on the allow-list."""
    addresses = tuple(dict.fromkeys(address.strip() for address in to))
    if len(addresses) > MOST_ADDRESSES:
        raise UserError(f"found {len(addresses)} addresses, expected at most {MOST_ADDRESSES}: a test is not a mailing")
    ours = owned_domains(brand)
    for address in addresses:
        if not one_address(address):
            raise UserError(f'found "{address}", expected one plain address such as ada@{ours[0]}')
        if not _allowed(address, ours, allow_list):
            raise UserError(
                f'found "{address}", expected an address at {listed(ours, "or")}, or one on NURTURE_ALLOW_LIST:'
                " tests go to colleagues"
            )
    return addresses


def _allowed(address: str, ours: tuple[str, ...], allow_list: Sequence[str]) -> bool:
    known, at = address.casefold(), f"@{address.rpartition('@')[2]}".casefold()
    if allow_list:
        return {known, at} & {entry.strip().casefold() for entry in allow_list} != set()
    return owned(address, ours)


def notebook() -> Path:
    """Where this account's tests are counted, whatever folder it works in (XDG: what a program remembers)."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "nurture" / "test-sends"


def ration(file: Path, count: int, now: int) -> None:
    """Note ``count`` more tests at ``now`` (ms). Raises UserError: too many in an hour, or no way to note it."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a+", encoding="utf-8") as notes:
            fcntl.flock(notes, fcntl.LOCK_EX)  # two tests at once are two
            notes.seek(0)
            lately = [int(at) for at in notes.read().split() if at.isdecimal() and now - int(at) < _HOUR]
            if len(lately) + count > MOST_AN_HOUR:
                raise _too_many(lately, now)
            notes.truncate(0)
            notes.writelines(f"{at}\n" for at in [*lately, *[now] * count])
    except OSError as error:
        raise UserError(f"{file}: found no way to count tests here ({error.strerror}), expected to write it") from error


def _too_many(lately: Sequence[int], now: int) -> UserError:
    wait = counted((min(lately) + _HOUR - now) // 60_000 + 1 if lately else 60, "minute")
    sent = counted(len(lately), "test")
    return UserError(f"found {sent} in the last hour, expected at most {MOST_AN_HOUR} with these; wait {wait}")


def trial(renderer: Renderer, email: str, lead: str, to: str, now: int) -> Letter:
    """The e-mail as a sample lead would get it, for ``to``. Raises UserError when it has holes or cannot be written."""
    workplace = renderer.workplace
    sample = workplace.leads[lead]
    rendered = renderer.render(email, {**values_for(sample), "unsubscribe_url": f"{NO_ENDPOINT}/test"})
    if isinstance(rendered, Unrenderable):
        raise UserError(rendered.detail)
    from_name, from_email = renderer.sender(email, sample.traits)
    letter = Letter(
        send_key=f"test-{uuid4().hex}",
        lead_id="test",
        to=to,
        from_name=from_name,
        from_email=from_email,
        reply_to=workplace.policy.brand.reply_to,
        subject=f"[Test] {rendered.subject}",
        html=rendered.html,
        text=rendered.text,
        at=now,
        headers=(("X-Nurture-Test", f"{email} as {lead}"),),
        categories=("test", email),
    )
    if found := unsafe(letter):
        raise UserError(found)
    return letter
