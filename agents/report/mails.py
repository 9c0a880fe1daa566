"""Mails added up: each with what followed from it. It folds no facts and knows no experiment.

A stage move or a handoff is credited to one mail: the last one that the lead had been sent by then, if that is no
longer ago than a declared time. A click counts until a verdict says that a machine made it.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from schemas.commands import Command, Discount, HandOff, MoveStage, SendContent
from schemas.facts import (
    EmailClicked,
    EmailComplained,
    EmailDelivered,
    EmailFact,
    EmailReplied,
    EmailUnsubscribed,
    Fact,
    SendSettled,
)
from schemas.units import Millis


class Mail(Struct, kw_only=True):
    """One order to send, how it was settled, and what followed. ``clicks`` holds no machine's."""

    program: str
    step: str
    email: str
    variant: str
    at: Millis
    sent: bool = False
    delivered: bool = False
    clicks: set[str] = field(default_factory=set)
    replied: bool = False
    unsubscribed: bool = False
    complained: bool = False
    moved: bool = False
    handed_off: bool = False


class Mails:
    """Every mail by its send key. ``within`` (ms) is how long a mail is credited with what its lead does."""

    def __init__(self, within: Millis) -> None:
        self._within = within
        self._by_key: dict[str, Mail] = {}
        self._of: dict[str, list[Mail]] = defaultdict(list)
        self._clicked: dict[str, Mail] = {}
        self._ordered: dict[str, SendContent] = {}

    def __iter__(self) -> Iterator[Mail]:
        return iter(self._by_key.values())

    def add(self, fact: Fact, commands: Sequence[Command]) -> None:
        """One fact, and what was decided after it. Each lead's must come in their own order."""
        if isinstance(fact, SendSettled):
            self._settle(fact)
            self._ordered.pop(fact.send_key, None)
        elif isinstance(fact, EmailFact):
            self._note(fact)
        for command in commands:
            self._decided(command)

    def _settle(self, fact: SendSettled) -> None:
        mail = self._by_key.get(fact.send_key)
        if mail is None:
            said = fact if fact.program else self._ordered.get(fact.send_key, fact)  # old facts do not tell their place
            mail = Mail(program=said.program, step=said.step, email=fact.email, variant=said.variant, at=fact.at)
            self._by_key[fact.send_key] = mail
            self._of[fact.lead_id].append(mail)
        mail.sent, mail.at = mail.sent or fact.outcome == "accepted", fact.at

    def _note(self, fact: EmailFact) -> None:
        mail = self._mail_of(fact)
        if mail is None:
            return
        match fact:
            case EmailDelivered():
                mail.delivered = True
            case EmailClicked():
                mail.clicks.add(fact.id)
                self._clicked[fact.id] = mail
            case EmailReplied():
                mail.replied = True
            case EmailUnsubscribed():
                mail.unsubscribed = True
            case EmailComplained():
                mail.complained = True
            case _:
                return

    def _mail_of(self, fact: EmailFact) -> Mail | None:
        """By its key; a source that does not know it means the last such mail."""
        if fact.send_key:
            return self._by_key.get(fact.send_key)
        return next((mail for mail in reversed(self._of[fact.lead_id]) if fact.email in ("", mail.email)), None)

    def _decided(self, command: Command) -> None:
        match command:
            case SendContent():
                self._ordered[command.send_key] = command
            case Discount():
                for name in command.engagement:
                    if name in self._clicked:
                        self._clicked[name].clicks.discard(name)
            case MoveStage(why="earned"):
                if mail := self._credited(command.lead_id, command.seen):
                    mail.moved = True
            case HandOff():
                if mail := self._credited(command.lead_id, command.seen):
                    mail.handed_off = True
            case _:
                return

    def _credited(self, lead_id: str, seen: Millis) -> Mail | None:
        last = next((mail for mail in reversed(self._of[lead_id]) if mail.sent and mail.at <= seen), None)
        return last if last is not None and last.at >= seen - self._within else None
