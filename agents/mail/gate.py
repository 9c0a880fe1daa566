"""The sender's own gate: what may not leave now, whatever was decided earlier. It renders nothing and sends nothing."""

from collections.abc import Sequence

from agents.mail.port import one_address
from agents.suppression import SuppressionView
from schemas.commands import NotifyOwner, SendContent, SendOrder
from schemas.reason import Reason


class Gate:
    """Refuses by name: too late, no address, not on the allow-list, suppressed."""

    def __init__(self, suppressions: SuppressionView, allow_list: Sequence[str] = ()) -> None:
        self._suppressions = suppressions
        self._allowed = frozenset(entry.strip().casefold() for entry in allow_list)

    def refusal(self, order: SendOrder, now: int) -> Reason | None:
        """Why this order may not be claimed at ``now`` (ms), or None. SUPPRESSION_UNKNOWN means: wait, do not skip."""
        if now > order.not_after:
            return Reason.STALE
        if not one_address(order.to):
            return Reason.NO_ADDRESS
        if not self._allows(order.to):
            return Reason.NOT_ALLOWED
        return self.suppressed(order)

    def suppressed(self, order: SendOrder) -> Reason | None:
        """The part that is asked again right before the request. A rep cannot unsubscribe from handoffs."""
        match order:
            case NotifyOwner():
                return None
            case SendContent() if not self._suppressions.fresh():
                return Reason.SUPPRESSION_UNKNOWN
            case SendContent() if self._suppressions.holds(order.to):
                return Reason.SUPPRESSED
        return None

    def _allows(self, address: str) -> bool:
        """An empty list allows everybody; an entry is an address or ``@domain``."""
        known = address.casefold()
        return not self._allowed or known in self._allowed or f"@{known.rpartition('@')[2]}" in self._allowed
