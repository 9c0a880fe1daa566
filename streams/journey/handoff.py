"""The contract with sales: who is handed over, with which brief, and what an answer does. It never queues or mails."""

import zlib
from typing import NamedTuple

from msgspec.structs import replace

from schemas import facts as f
from schemas.commands import HandOff, Outcome, SettleHandoff
from schemas.handoff import Agreement, Brief, Moment, Told, Why
from schemas.lead import Lead, OpenHandoff, Standing
from schemas.policy import Policy
from schemas.reason import Reason
from schemas.sales import Rep
from schemas.units import day_of
from streams.journey import gate
from streams.journey.calendar import add_business_days
from streams.journey.compiled import Compiled, Pauses
from streams.journey.model import Judge
from streams.journey.score import engagement_of, fit_of, leading
from streams.journey.stage import grade_of
from streams.journey.turn import Turn

_MOST_REASONS = 5
ENDINGS = frozenset((f.SalesRejected, f.SalesRecycled, f.DealWon, f.DealLost))
_WORK = (f.SalesAccepted, f.SalesContacted, f.MeetingHeld, f.OpportunityOpened, f.OpportunityMoved)


class Ending(NamedTuple):
    """How a qualification ended: when (ms), how long the lead cools off, since when interest counts as new."""

    outcome: Outcome
    at: int
    cool_off: int
    reason: str = ""
    new_since: int | None = None


def answer(lead: Lead, turn: Turn) -> Lead:
    """What sales said, or did not say in time, about the open handoff; a deal may end without one."""
    open_ = lead.handoff
    ending = _ending(turn.fact, turn.policy.pauses) if type(turn.fact) in ENDINGS else None
    if open_ is None:
        return lead if ending is None else _cool(lead, ending)
    if getattr(turn.fact, "handoff_id", "") not in ("", open_.id):
        return lead  # this answers an older handoff
    answers = ending is not None or isinstance(turn.fact, _WORK)
    if turn.seen >= open_.answer_by and not (answers and turn.fact.at < open_.answer_by):
        lapsed = _lapse(lead, open_, turn)
        return lapsed if ending is None else _cool(lapsed, ending)
    if ending is not None:
        return _end(lead, open_, turn, ending)
    return _working(lead, open_, turn) if answers else lead


def _lapse(lead: Lead, open_: OpenHandoff, turn: Turn) -> Lead:
    """Nobody answered: back to nurture, and what the lead did meanwhile is still news to sales."""
    cool_off = turn.policy.pauses.unanswered
    return _end(lead, open_, turn, Ending("unanswered", open_.answer_by, cool_off, new_since=open_.since))


def _ending(fact: f.Happened, pauses: Pauses) -> Ending | None:
    """The outcome that ends a qualification, when, and how long (ms) the lead then cools off."""
    match fact:
        case f.SalesRejected(reason=reason):
            return Ending("rejected", fact.at, pauses.rejected.get(reason, pauses.recycled), reason)
        case f.SalesRecycled(reason=reason):
            return Ending("recycled", fact.at, pauses.recycled, reason)
        case f.DealWon():
            return Ending("won", fact.at, pauses.won)
        case f.DealLost(reason=reason):
            return Ending("lost", fact.at, pauses.lost, reason)
        case _:
            return None


def _working(lead: Lead, open_: OpenHandoff, turn: Turn) -> Lead:
    """Sales is at it: the handoff is theirs until it has been silent for the declared time."""
    if not open_.accepted:
        _settle(turn, open_.id, "accepted")
    until = turn.seen + turn.policy.pauses.worked
    met = open_.met or isinstance(turn.fact, f.MeetingHeld)
    return replace(lead, handoff=replace(open_, accepted=True, met=met, answer_by=until))


def _end(lead: Lead, open_: OpenHandoff, turn: Turn, ending: Ending) -> Lead:
    """Ends the qualification; the lead may qualify again once it has cooled off and shown interest anew."""
    _settle(turn, open_.id, ending.outcome, ending.reason)
    return _cool(replace(lead, handoff=None, ended=lead.ended + 1), ending)


def _cool(lead: Lead, ending: Ending) -> Lead:
    cool_until = max(lead.cool_until, ending.at + ending.cool_off)
    since = ending.at if ending.new_since is None else ending.new_since
    return replace(lead, ended_at=max(lead.ended_at, since), cool_until=cool_until)


def _settle(turn: Turn, handoff_id: str, outcome: Outcome, reason: str = "") -> None:
    turn.say(SettleHandoff, handoff_id=handoff_id, outcome=outcome, reason=reason, by=getattr(turn.fact, "by", ""))


def hand_off(lead: Lead, turn: Turn) -> Lead:
    """Who raises a hand goes to sales at once; who is ready goes once per qualification. A veto stops both."""
    if _raised(turn.fact):
        refused = _unheard(lead, turn)
        if refused is None:
            return _handed(lead, turn, leading(lead), asked=True)
        turn.skip(refused)
        return lead
    ready = _ready(lead, turn)
    return _handed(lead, turn, leading(lead, ready), asked=False) if ready else lead


def _raised(fact: f.Happened) -> bool:
    return isinstance(fact, f.DemoRequested) or (isinstance(fact, f.EmailReplied) and fact.asks_for_contact)


def _unheard(lead: Lead, turn: Turn) -> Reason | None:
    if all(standing.veto for standing in lead.standings.values()):
        return Reason.DISQUALIFIED
    old = turn.seen - turn.fact.at > turn.policy.pauses.raised or turn.fact.at <= lead.ended_at
    return Reason.STALE if old else None


def _ready(lead: Lead, turn: Turn) -> list[str]:
    """The models that say so; none while the lead cools off, has an opportunity, or shows no interest anew."""
    if lead.interest_at <= lead.ended_at or turn.seen < lead.cool_until or lead.opportunity_until > turn.seen:
        return []
    return gate.ready_in(lead, turn.policy)


def _handed(lead: Lead, turn: Turn, model: str, *, asked: bool) -> Lead:
    sales, zone = turn.policy.policy.sales, turn.policy.policy.brand.time_zone
    answer_by = add_business_days(turn.seen, sales.answer_within_business_days, zone)
    open_ = OpenHandoff(id=f"{lead.id}:{lead.ended}", since=turn.seen, answer_by=answer_by)
    owner = owner_of(lead, sales.reps)
    brief = brief_of(lead, turn.policy, turn.policy.models[model], turn.seen, asked=asked)
    if isinstance(turn.fact, f.DemoRequested):
        brief = replace(brief, message=turn.fact.message)
    turn.say(HandOff, handoff_id=open_.id, model=model, owner=owner, answer_by=answer_by, brief=brief)
    return replace(lead, handoff=open_)


def owner_of(lead: Lead, reps: tuple[Rep, ...]) -> str:
    """The lead's own rep when there is one, else one for its country, else any: always the same for the same lead."""
    own, country = lead.traits.get("owner"), str(lead.traits.get("country", "")).upper()
    if any(rep.email == own for rep in reps):
        return str(own)
    local = [rep for rep in reps if country in (place.upper() for place in rep.countries)]
    pool = local or [rep for rep in reps if not rep.countries] or list(reps)
    return pool[zlib.crc32(lead.id.encode()) % len(pool)].email


def brief_of(lead: Lead, policy: Compiled, model: Judge, seen: int, *, asked: bool) -> Brief:
    """What the rep reads: who, why (the model's heaviest reasons first), what they did, what we told them."""
    standing = lead.standings[model.name]
    text = {name: str(lead.traits.get(name, "")) for name in ("email", "company", "role", "country", "phone")}
    name = " ".join(str(lead.traits[part]) for part in ("first_name", "last_name") if lead.traits.get(part))
    did = [*engagement_of(lead, model, day_of(seen))]
    reasons = _heaviest([*fit_of(lead, model), *did])
    return Brief(
        lead_id=lead.id,
        headline=_headline(standing, _heaviest(did), asked=asked),
        stage=standing.stage,
        grade=grade_of(standing, model.grades),
        fit=standing.fit,
        engagement=standing.engagement,
        since=standing.stage_since,
        model=model.name,
        asked=asked,
        name=name,
        **text,
        reasons=reasons,
        moments=tuple(_in_words(moment, policy) for moment in lead.moments),
        told=tuple(_told(email, at, policy) for email, at in sorted(lead.received.items(), key=lambda item: item[1])),
        policy=policy.hash,
        agreed=_agreed(model, policy.policy),
    )


def _agreed(model: Judge, policy: Policy) -> tuple[Agreement, ...]:
    """The firm's common language as it was when the lead was handed over."""
    files = {"stages": model.agreed, "lifecycle": policy.lifecycle}
    return tuple(Agreement(what=what, on=file.agreed_on, by=", ".join(file.agreed_by)) for what, file in files.items())


def _heaviest(reasons: list[Why]) -> tuple[Why, ...]:
    return tuple(sorted(reasons, key=lambda why: (-why.points, why.rule))[:_MOST_REASONS])


def _headline(standing: Standing, reasons: tuple[Why, ...], *, asked: bool) -> str:
    if asked:
        return "Asked to be contacted"
    return reasons[0].says if reasons else f"Reached the stage {standing.stage}"


def _in_words(moment: Moment, policy: Compiled) -> Moment:
    """A row remembers the rule that a deed fed; a rep reads what the rule says."""
    fed = policy.rules.get(moment.what)
    return moment if fed is None else replace(moment, what=fed.rule.says)


def _told(email: str, at: int, policy: Compiled) -> Told:
    known = policy.policy.emails.get(email)
    return Told(email=email, at=at, subject=known.subject if known else "")
