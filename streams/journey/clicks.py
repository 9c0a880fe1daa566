"""Whose clicks count: a machine's weigh nothing. It knows one lead's clicks, and nothing of other leads."""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from schemas.commands import Discount
from schemas.facts import EmailClicked, EmailDelivered, Happened
from schemas.lead import MOST_CLICKS, MOST_DELIVERIES, MOST_URL, Click, Lead
from schemas.reason import Verdict
from schemas.units import day_of
from streams.journey.compiled import Bots, bare
from streams.journey.memory import fed, hit_by, label_of
from streams.journey.turn import Turn

OF_MAIL: Final = frozenset((EmailClicked, EmailDelivered))


def sift(lead: Lead, turn: Turn) -> Lead:
    """Takes in a click or a delivery, and judges the clicks that can be judged.

    A machine's is discounted at once, even when it has counted before; the others count when they have waited.
    """
    news = type(turn.fact) in OF_MAIL
    if news:
        lead = _noted(lead, turn.fact, turn)
    if not lead.clicks or not (news or _waited(lead.clicks, turn.seen)):
        return lead
    crowded = len(lead.clicks) - MOST_CLICKS
    judged: list[Click] = []
    for number, click in enumerate(lead.clicks):
        verdict = verdict_on(click, lead, turn.policy.bots)
        if verdict is not None and click.state != "void":
            lead, after = _discounted(lead, click, verdict, turn)
        elif click.state == "waits" and (click.due <= turn.seen or number < crowded):
            lead, after = counted(lead, click, turn), replace(click, state="counts", due=0)
            turn.heard += (_again(click, lead.id, turn),)
        else:
            after = click
        judged.append(after)
    return replace(lead, clicks=tuple(judged[-MOST_CLICKS:]))


def _noted(lead: Lead, fact: Happened, turn: Turn) -> Lead:
    if isinstance(fact, EmailClicked):
        turn.heard = ()
        return replace(lead, clicks=(*lead.clicks, _click(lead, fact, turn)))
    if isinstance(fact, EmailDelivered) and (mail := _mail(fact)):
        kept = [*((name, at) for name, at in lead.delivered.items() if name != mail), (mail, fact.at)]
        return replace(lead, delivered=dict(kept[-MOST_DELIVERIES:]))
    return lead


def _click(lead: Lead, fact: EmailClicked, turn: Turn) -> Click:
    rules = tuple(rule.key for rule in hit_by(lead, fact, turn.policy))
    return Click(
        id=fact.id,
        at=fact.at,
        due=turn.seen + turn.policy.bots.wait,
        state="waits",
        mail=_mail(fact),
        url=bare(fact.url)[:MOST_URL],
        label=label_of(fact),
        rules=rules,
    )


def _again(click: Click, lead_id: str, turn: Turn) -> EmailClicked:
    """The fact of a click, as far as it is remembered, for those who wait for one."""
    key = "" if click.mail == click.label else click.mail
    return EmailClicked(
        id=click.id, lead_id=lead_id, at=click.at, seen=turn.seen, send_key=key, email=click.label, url=click.url
    )


def _mail(fact: EmailClicked | EmailDelivered) -> str:
    return fact.send_key or fact.email


def _waited(clicks: Sequence[Click], seen: int) -> bool:
    return any(click.state == "waits" and click.due <= seen for click in clicks)


def verdict_on(click: Click, lead: Lead, bots: Bots) -> Verdict | None:
    """Why the click is a machine's, or None as far as is known by now."""
    beside = [other for other in lead.clicks if other.mail == click.mail]
    trap = bots.honeypot
    if trap and any(other.url == trap and abs(other.at - click.at) <= bots.wait for other in beside):
        return Verdict.HONEYPOT
    if any(len(links) >= bots.links for links in _bursts(click, beside, bots.within)):
        return Verdict.MANY_LINKS
    delivered = lead.delivered.get(click.mail)
    if delivered is not None and abs(click.at - delivered) <= bots.within:
        return Verdict.AT_DELIVERY
    return None


def _bursts(click: Click, beside: Sequence[Click], within: int) -> list[set[str]]:
    """The links followed in each stretch of time, that long, that begins with a click and holds this one."""
    starts = [other.at for other in beside if 0 <= click.at - other.at <= within]
    return [{other.url for other in beside if 0 <= other.at - start <= within} for start in starts]


def _discounted(lead: Lead, click: Click, verdict: Verdict, turn: Turn) -> tuple[Lead, Click]:
    """What a rule has forgotten cannot come back here, so such a late verdict comes too late."""
    if click.state == "counts":
        if not expressible(lead, click, turn):
            return lead, click
        lead = taken_back(lead, click)
    turn.say(Discount, engagement=(click.id,), why=verdict)
    return lead, replace(click, state="void", due=0)


def counted(lead: Lead, click: Click, turn: Turn) -> Lead:
    """The click's points and moment; what its rules forget for it is noted."""
    after = replace(lead, **fed(lead, click.rules, click.at, click.label, turn))
    forgotten = dict(lead.forgotten)
    for rule in click.rules:
        gone = {day_of(click.at), *lead.counts.get(rule, ())} - set(after.counts[rule])
        if gone:
            forgotten[rule] = max(forgotten.get(rule, 0), *gone)
    return after if forgotten == lead.forgotten else replace(after, forgotten=forgotten)


def expressible(lead: Lead, click: Click, turn: Turn) -> bool:
    """Whether counts can say that the click never happened: none of its rules forgot a day that would count again."""
    today, rules = day_of(turn.seen), turn.policy.rules
    forgotten = [(rule, lead.forgotten[rule]) for rule in click.rules if rule in lead.forgotten]
    return all(rule in rules and today - day > rules[rule].horizon for rule, day in forgotten)


def taken_back(lead: Lead, click: Click) -> Lead:
    """The lead as if a click that counted had not: points, moment, interest. Judged anew by whoever judges."""
    counts, day = dict(lead.counts), day_of(click.at)
    for rule in click.rules:
        days = {at: n - (at == day) for at, n in counts.get(rule, {}).items() if n > (at == day)}
        if days:
            counts[rule] = days
        else:
            counts.pop(rule, None)
    moments = list(lead.moments)
    told = next((m for m in moments if (m.at, m.label) == (click.at, click.label) and m.what in click.rules), None)
    if told is not None:
        moments.remove(told)
    interest_at = moments[-1].at if moments else 0
    return replace(lead, counts=counts, moments=tuple(moments), interest_at=interest_at, judged_by="")
