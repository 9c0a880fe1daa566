"""What an e-mail may name, for a sample lead: their traits, and a handoff as it could be. The same every day."""

from typing import Any, Final

import msgspec

from schemas.handoff import Agreement, Brief, Moment, Told, Why
from schemas.sample import SampleLead

UNSUBSCRIBE_URL: Final = "https://unsubscribe.invalid/preview"
_WHEN: Final = 1_795_392_000_000  # 23 November 2026


def values_for(lead: SampleLead, locale: str = "") -> dict[str, Any]:
    """What an e-mail may name, for a sample lead (that reads ``locale``): traits, and a handoff as it could be."""
    return {
        "lead": {**lead.traits, "locale": locale} if locale else lead.traits,
        "unsubscribe_url": UNSUBSCRIBE_URL,
        "brief": msgspec.to_builtins(_brief(lead)),
        "handoff_id": "sample:0",
        "answer_by": _WHEN,
    }


def _brief(lead: SampleLead) -> Brief:
    traits = {name: str(value) for name, value in lead.traits.items() if value is not None}
    who = traits.get("first_name") or traits.get("email", "Somebody")
    return Brief(
        lead_id="sample",
        headline=f"{who} has looked at pricing twice this week",
        stage="ready",
        grade="A1",
        fit=80,
        engagement=74,
        since=_WHEN,
        name=" ".join(filter(None, (traits.get("first_name"), traits.get("last_name")))),
        email=traits.get("email", ""),
        company=traits.get("company", ""),
        role=traits.get("role", ""),
        country=traits.get("country", ""),
        phone=traits.get("phone", ""),
        reasons=(
            Why(rule="looks-at-pricing", says="Looked at pricing", points=24, last=_WHEN),
            Why(rule="answers-for-energy", says="Answers for energy", points=30),
        ),
        moments=(Moment(what="Looked at pricing", at=_WHEN, label="/pricing"),),
        told=(Told(email="one-page-case", at=_WHEN, subject="The business case on one page"),),
        policy="0123456789abcdef",
        agreed=tuple(Agreement(what=what, on="2026-03-02", by="marketing, sales") for what in ("stages", "lifecycle")),
    )
