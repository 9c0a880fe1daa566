"""The sender's own gate: what may not leave now, whatever was decided earlier. It renders nothing and sends nothing."""

from collections.abc import Sequence

from agents.controls import ControlsView
from agents.mail.port import one_address
from agents.suppression import SuppressionView
from schemas.commands import NotifyOwner, SendContent, SendOrder
from schemas.reason import Reason


class Gate:
    """Refuses by name (too late, no address, not on the allow-list, suppressed), or says what must be waited for."""

    def __init__(self, suppressions: SuppressionView, controls: ControlsView, allow_list: Sequence[str] = ()) -> None:
        self._suppressions = suppressions
        self._controls = controls
        self._allowed = frozenset(entry.strip().casefold() for entry in allow_list)

    def ready(self) -> bool:
        """Whether both views are complete and fresh."""
        return self._suppressions.fresh() and self._controls.fresh()

    def refusal(self, order: SendOrder, now: int) -> Reason | None:
        """Why this order may never be sent, as of ``now`` (ms), whatever the views say; or None."""
        if now > order.not_after:
            return Reason.STALE
        if not one_address(order.to):
            return Reason.NO_ADDRESS
        return None if self._allows(order.to) else Reason.NOT_ALLOWED

    def open(self) -> bool:
        """Whether no order must wait for anything here."""
        return self.ready() and self._controls.stopped() is None

    def waits(self, order: SendOrder) -> str:
        """What this order must wait for, "" for nothing. Asked again right before the request."""
        if not self._controls.fresh():
            return "the view of the kill switch is too old to trust"
        if (switch := self._controls.stopped()) is not None:
            return f'{switch.by} stopped sending ({switch.why}); "nurture ledger go" starts it again'
        if isinstance(order, SendContent) and not self._suppressions.fresh():
            return "the view of the suppression list is too old to trust"
        return self.paused(order)

    def paused(self, order: SendOrder) -> str:
        """Why an order of a program or an e-mail that is paused must wait, "" when it need not."""
        found = self._controls.paused(order.program, order.email) if isinstance(order, SendContent) else None
        return f'{found[1].by} paused {found[0]} ({found[1].why}); "nurture resume" lets it go on' if found else ""

    def turned(self) -> int:
        """How often a switch was turned: what is paused need not be looked at before it is turned again."""
        return self._controls.turned

    def suppressed(self, order: SendOrder) -> Reason | None:
        """Asked again right before the request. A rep cannot unsubscribe from handoffs."""
        match order:
            case NotifyOwner():
                return None
            case SendContent():
                return Reason.SUPPRESSED if self._suppressions.holds(order.to) else None

    def _allows(self, address: str) -> bool:
        """An empty list allows everybody; an entry is an address or ``@domain``."""
        known = address.casefold()
        return not self._allowed or known in self._allowed or f"@{known.rpartition('@')[2]}" in self._allowed
