"""A sample lead: a character with a name and a short past, for previews, tests and the demo. Never a real person."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from schemas.authored import Authored
from schemas.facts import FACTS, BasisGiven, Fact, LeadCreated, Traits
from schemas.units import Duration, millis


class Happening(Authored, frozen=True, kw_only=True):
    """Something the lead did, ``after`` so much time since we first heard of it."""

    after: Duration
    fact: Annotated[str, Meta(description='As in scoring rules: "pricing.viewed" or "tracked:trial-started".')]
    says: Traits = msgspec.field(default_factory=dict)


class SampleLead(Authored, frozen=True, kw_only=True):
    """A character: who they are, whether we may write, and what they did."""

    about: str
    traits: Traits
    basis: Literal["consent", "legitimate_interest", "none"] = "consent"
    history: tuple[Happening, ...] = ()


def history_of(lead: SampleLead, name: str, start: int) -> list[Fact]:
    """The lead's facts in order, the first at ``start`` (ms). Raises msgspec.ValidationError when one is none."""
    facts: list[Fact] = [LeadCreated(id=f"{name}:created", lead_id=name, at=start, seen=start, traits=lead.traits)]
    if lead.basis != "none":
        basis = BasisGiven(
            id=f"{name}:basis", lead_id=name, at=start, seen=start, basis=lead.basis, form="sample", wording="sample"
        )
        facts.append(basis)
    happened = [happening_of(happening, f"{name}:{n}", name, start) for n, happening in enumerate(lead.history, 1)]
    return facts + sorted(happened, key=lambda fact: fact.at)


def happening_of(happening: Happening, fact_id: str, lead_id: str, start: int) -> Fact:
    """One happening as a fact. Raises msgspec.ValidationError when it is none."""
    at = start + millis(happening.after)
    record = {"id": fact_id, "lead_id": lead_id, "at": at, "seen": at, "source": "sample"}
    kind, _, name = happening.fact.partition(":")
    if kind == "tracked":
        record |= {"type": "tracked.v1", "name": name, "properties": happening.says}
    else:
        record |= {"type": f"{kind}.v1", **happening.says}
    unknown = set(record) - {"type"} - set(FACTS.get(str(record["type"]), LeadCreated).__struct_fields__)
    if unknown and record["type"] in FACTS:
        raise msgspec.ValidationError(f"{happening.fact} has no {', '.join(sorted(unknown))}")
    fact: Fact = msgspec.convert(record, Fact)
    return fact
