"""May an e-mail be sent to anybody at all? Approvals, claims and review dates say so; it knows no lead and no text."""

from schemas.policy import Policy
from schemas.reason import Reason
from streams.journey.calendar import end_of


def withheld(policy: Policy, email: str, at: int) -> Reason | None:
    """Why the e-mail may not be sent at ``at`` (ms), or None. Its days end where the brand is."""
    content = policy.emails.get(email)
    if content is None:
        return None
    if content.withheld:
        return Reason(content.withheld)
    outdated = bool(content.good_until) and at > end_of(content.good_until, policy.brand.time_zone)
    return Reason.OUTDATED if outdated else None
