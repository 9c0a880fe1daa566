"""What the journey decided and passes on, as records and counts: who is told, by which key. It folds nothing."""

from collections import Counter
from collections.abc import Sequence
from typing import Final, assert_never

from msgspec.structs import replace

from agents.suppression import keyed_address
from schemas import topics
from schemas.codec import encode
from schemas.commands import (
    CancelContent,
    Command,
    ConfirmSend,
    Discount,
    EnterProgram,
    FlagOverstay,
    HandOff,
    LeaveProgram,
    MoveLifecycle,
    MoveStage,
    NotifyOwner,
    Proof,
    SendContent,
    SettleHandoff,
    Skip,
    Suppress,
)
from schemas.envelope import headers
from schemas.facts import (
    EmailBounced,
    EmailClicked,
    EmailDeferred,
    EmailDelivered,
    EmailDropped,
    EmailOpened,
    EmailProcessed,
    Fact,
    Tick,
    tag_of,
)
from schemas.lead import Lead
from streams.engine.record import Out
from streams.journey.compiled import Compiled
from streams.journey.crowd import sighted

SOURCE: Final = "nurture/journey"
_NOBODY: Final = dict.fromkeys(("name", "email", "company", "phone", "message"), "")
# What proves that the provider took a mail (RELIABILITY 1.3).
_PROOFS: Final[dict[type[Fact], Proof]] = {
    EmailProcessed: "processed",
    EmailDelivered: "delivered",
    EmailDeferred: "deferred",
    EmailDropped: "dropped",
    EmailBounced: "bounced",
    EmailOpened: "opened",
    EmailClicked: "clicked",
}


def outs_of(command: Command, partition: int, id_key: bytes) -> list[Out]:
    """What a command is on the wire: always a decision, and for some an order to somebody."""
    match command:
        case SendContent() | CancelContent():
            return [_out(topics.DECISIONS, _nobody(command), partition), _out(topics.SENDS, command, partition)]
        case HandOff() | SettleHandoff():
            return [_out(topics.DECISIONS, _nobody(command), partition), _out(topics.HANDOFFS, command, partition)]
        case Suppress():
            key = keyed_address(command.address, id_key).encode()
            kept = Out(topics.SUPPRESSIONS, key, encode(_nobody(command)), _headers(command))
            return [_out(topics.DECISIONS, _nobody(command), partition), kept]
        case MoveStage() | FlagOverstay() | MoveLifecycle() | Discount():
            return [_out(topics.DECISIONS, command, partition)]
        case EnterProgram() | LeaveProgram() | Skip() | NotifyOwner():
            return [_out(topics.DECISIONS, command, partition)]
        case _:
            assert_never(command)


def tally(commands: Sequence[Command]) -> Counter[str]:
    """What the demo's summary and an operator want to know, as flat names."""
    found: Counter[str] = Counter()
    for command in commands:
        found["decisions"] += 1
        if isinstance(command, Skip):
            found[f"skips:{command.reason}"] += 1
            continue
        found[tag_of(type(command)).removesuffix(".v1")] += 1
        if isinstance(command, Discount):
            found[f"discounts:{command.why}"] += len(command.engagement)
    return found


def _nobody(command: Command) -> Command:
    """The command without its person: decisions keep reasons and points, no name and no address."""
    match command:
        case SendContent():
            return replace(command, to="", traits={})
        case Suppress():
            return replace(command, address="")
        case HandOff():
            return replace(command, brief=replace(command.brief, **_NOBODY))
        case _:
            return command


def _headers(command: Command) -> list[tuple[str, bytes]]:
    return headers(tag_of(type(command)), command.id, SOURCE, command.seen)


def _out(topic: str, command: Command, partition: int) -> Out:
    return Out(topic, command.lead_id.encode(), encode(command), _headers(command), partition)


def tick_out(lead_id: str, due: int, now: int, partition: int) -> Out:
    """A lead's time has come."""
    fact = Tick(id=f"tick:{lead_id}:{due}", lead_id=lead_id, at=due, seen=now, source=SOURCE, due=due)
    event = headers(tag_of(Tick), fact.id, SOURCE, now)
    return Out(topics.FACTS, lead_id.encode(), encode(fact), event, partition)


def confirmation(fact: Fact, partition: int) -> list[Out]:
    """The provider's word on a send goes on to the sender, who knows whether its outcome is in doubt."""
    proof, key = _PROOFS.get(type(fact)), getattr(fact, "send_key", "")
    if proof is None or not key:
        return []
    word = ConfirmSend(id=fact.id, lead_id=fact.lead_id, send_key=key, seen=fact.seen, event=proof)
    about = headers(tag_of(ConfirmSend), word.id, SOURCE, word.seen)
    return [Out(topics.SENDS, word.lead_id.encode(), encode(word), about, partition)]


def sighting(fact: Fact, lead: Lead, policy: Compiled) -> list[Out]:
    """A click goes to those who watch where clicks come from."""
    click = sighted(lead, fact, policy) if isinstance(fact, EmailClicked) else None
    if click is None:
        return []
    about = headers(tag_of(type(click)), click.id, SOURCE, click.seen)
    return [Out(topics.CLICKS, click.client.encode(), encode(click), about)]
