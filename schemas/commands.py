"""What we decided, in the imperative: the closed union of everything that ``decide`` may ask for. Nothing acts here."""

from typing import Literal, get_args

from msgspec import Struct

from schemas.facts import FactId, LeadId, Traits, tag_of
from schemas.handoff import Brief
from schemas.model import MAIN
from schemas.reason import Reason, Verdict
from schemas.units import Millis

Crossing = Literal["earned", "faded", "unfit", "left", "overstayed", "redefined"]
Outcome = Literal["accepted", "rejected", "recycled", "won", "lost", "unanswered"]


class Decided(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """What every command says: its derived id, the fact that led to it, the policy that it was decided under."""

    id: str
    lead_id: LeadId
    because: str
    seen: Millis
    policy: str


class SendContent(Decided, frozen=True, kw_only=True, tag="send_content.v1"):
    """Send this e-mail to this lead, once, before ``not_after``. ``traits`` are the lead's at the decision.

    ``variant`` is the lead's part of the step's experiment, ``subject`` names one of the e-mail's other subjects.
    """

    send_key: str
    email: str
    kind: Literal["nurture", "requested"]
    not_after: Millis
    program: str = ""
    step: str = ""
    variant: str = ""
    subject: str = ""
    to: str = ""
    traits: Traits = {}
    zone: str = ""
    zone_source: str = ""


class CancelContent(Decided, frozen=True, kw_only=True, tag="cancel_content.v1"):
    """Do not send this e-mail after all, should it still wait: its program has ended for the lead."""

    send_key: str
    email: str
    program: str
    step: str


class NotifyOwner(Decided, frozen=True, kw_only=True, tag="notify_owner.v1"):
    """Tell a rep by mail that a handoff waits in the queue."""

    send_key: str
    handoff_id: str
    to: str
    answer_by: Millis
    not_after: Millis
    brief: Brief


class HandOff(Decided, frozen=True, kw_only=True, tag="hand_off.v1"):
    """This lead is ready for sales, says ``model``; ``handoff_id`` is ``lead:n``, once per qualification."""

    handoff_id: str
    model: str = MAIN
    owner: str
    answer_by: Millis
    brief: Brief


class SettleHandoff(Decided, frozen=True, kw_only=True, tag="settle_handoff.v1"):
    """What became of a handoff; every outcome but ``accepted`` ends the qualification."""

    handoff_id: str
    outcome: Outcome
    reason: str = ""
    by: str = ""


class MoveStage(Decided, frozen=True, kw_only=True, tag="move_stage.v1"):
    """The lead crossed from one buying-journey stage of a model to another: forward, or back, and why.

    Back since interest faded, since it does not fit, since the stage's ``leave`` holds (left) or since it overstayed;
    ``days`` is how long it had been in the stage before.
    """

    model: str = MAIN
    before: str
    after: str
    why: Crossing
    days: int = 0
    fit: int
    engagement: int
    grade: str


class MoveLifecycle(Decided, frozen=True, kw_only=True, tag="move_lifecycle.v1"):
    """The firm calls the lead something else now; ``why`` is the kind of fact that did it, or ``redefined``."""

    before: str
    after: str
    why: str


class FlagOverstay(Decided, frozen=True, kw_only=True, tag="flag_overstay.v1"):
    """The lead has been in a stage for longer than was agreed. Said once a stay, when no stage is named to move to."""

    model: str = MAIN
    stage: str
    days: int


class EnterProgram(Decided, frozen=True, kw_only=True, tag="enter_program.v1"):
    """The lead begins a nurture program, for the ``ordinal``-th time."""

    program: str
    ordinal: int


class LeaveProgram(Decided, frozen=True, kw_only=True, tag="leave_program.v1"):
    """The lead's time in a program is over, and why; ``ending`` names the goal that it reached or the exit it took."""

    program: str
    ordinal: int
    why: Literal["goal", "exit", "exhausted", "stage", "sales", "forbidden", "changed", "sunset"]
    ending: str = ""


class Suppress(Decided, frozen=True, kw_only=True, tag="suppress.v1"):
    """Never mail this address again. The decisions hold it without the address."""

    reason: Reason
    address: str = ""


class Skip(Decided, frozen=True, kw_only=True, tag="skip.v1"):
    """We chose silence, and say why; ``until`` is when we look again, 0 when only a fact can change it."""

    reason: Reason
    program: str = ""
    email: str = ""
    until: Millis = 0


class Discount(Decided, frozen=True, kw_only=True, tag="discount.v1"):
    """These facts (by id) weigh nothing, and why: they did not count, or their points were taken back."""

    engagement: tuple[FactId, ...]
    why: Verdict


Command = (
    SendContent
    | CancelContent
    | NotifyOwner
    | HandOff
    | SettleHandoff
    | MoveStage
    | FlagOverstay
    | MoveLifecycle
    | EnterProgram
    | LeaveProgram
    | Suppress
    | Skip
    | Discount
)
SendOrder = SendContent | NotifyOwner
HandoffOrder = HandOff | SettleHandoff
COMMANDS: dict[str, type[Decided]] = {tag_of(shape): shape for shape in get_args(Command)}


class Feedback(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """What every word about an earlier send says; not an order by itself. It travels in ``nurture.sends``."""

    id: FactId
    lead_id: LeadId
    send_key: str
    seen: Millis


Proof = Literal["processed", "delivered", "deferred", "dropped", "bounced", "opened", "clicked"]


class ConfirmSend(Feedback, frozen=True, kw_only=True, tag="confirm_send.v1"):
    """The provider told of this send, so it took it. Means something only while the outcome is unknown."""

    event: Proof


class ResendSend(Feedback, frozen=True, kw_only=True, tag="resend_send.v1"):
    """An operator takes it upon himself to send again what may have been sent: the only way to a second request."""

    by: str
    why: str
    order: SendOrder


class DropSend(Feedback, frozen=True, kw_only=True, tag="drop_send.v1"):
    """An operator ends a send that waits or is in doubt: it will never be sent."""

    by: str
    why: str


SendFeedback = ConfirmSend | ResendSend | DropSend
ToSender = SendOrder | CancelContent | SendFeedback
"""One record of ``nurture.sends``."""
