"""A mail port that writes letters into a folder as ``.eml`` files, for the demo and for authors. Nothing leaves."""

import os
import re
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Final

from agents.mail.port import Accepted, Answer, Letter, NotNow, Refused, unsafe

_ODD: Final = re.compile(r"[^A-Za-z0-9_-]+")


class Folder:
    """One file a send key, named ``lead.email.key.eml``: a lead's letters lie together, a repeat is the same file."""

    name: Final = "folder"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def start(self) -> None:
        """Make the folder."""
        self._folder.mkdir(parents=True, exist_ok=True)

    async def send(self, letter: Letter) -> Answer:
        """Write the letter, once: who asks again gets the same answer and the first file."""
        if found := unsafe(letter):
            return Refused(found)
        try:
            content = eml(letter)
        except (MessageError, ValueError):
            return Refused(
                "found a letter that is no e-mail by RFC 5322, expected one that the email package can write"
            )
        try:
            _write_once(self._folder / file_name(letter), content)
        except OSError as error:
            return NotNow(0, f"the mail folder cannot be written: {error.strerror}")
        return Accepted(_message_id(letter))

    async def close(self) -> None:
        """Nothing is open."""


def file_name(letter: Letter) -> str:
    """A name that depends on the lead, the e-mail and the send key only."""
    parts = (letter.lead_id, letter.categories[-1] if letter.categories else "letter", letter.send_key)
    return ".".join(_ODD.sub("-", part)[:80] for part in parts) + ".eml"


def eml(letter: Letter) -> bytes:
    """The letter as RFC 5322 bytes; the same letter gives the same bytes."""
    message = EmailMessage(SMTP)
    message["Date"] = datetime.fromtimestamp(letter.at / 1000, UTC)
    message["Message-ID"] = f"<{_message_id(letter)}>"
    message["From"] = Address(letter.from_name, addr_spec=letter.from_email)
    message["To"] = Address(addr_spec=letter.to)
    message["Reply-To"] = Address(addr_spec=letter.reply_to)
    message["Subject"] = letter.subject
    for name, value in letter.headers:
        message[name] = value
    message["X-Nurture-Send-Key"] = letter.send_key
    message["X-Nurture-Lead"] = letter.lead_id
    message["X-Nurture-Categories"] = ", ".join(letter.categories)
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    message.set_boundary(f"=_{_ODD.sub('-', letter.send_key)[:60]}")
    return message.as_bytes()


def _message_id(letter: Letter) -> str:
    return f"{_ODD.sub('-', letter.send_key)[:120]}@folder.invalid"


def _write_once(path: Path, content: bytes) -> None:
    if path.exists():
        return
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(content)
    unfinished.replace(path)
