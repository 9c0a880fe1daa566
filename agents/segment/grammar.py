"""The one grammar of what comes in: Segment-spec messages as JSON, read into facts. It does no I/O and keeps nothing.

Field names may be camelCase or snake_case; a repeated key, a number that is none or an endless nesting is refused.
"""

import difflib
from collections.abc import Callable
from typing import Any, Final

from agents.segment.message import Message, read_message
from agents.segment.properties import fields_of
from agents.segment.traits import properties_of, traits_of
from agents.segment.values import (
    RefusedError,
    address,
    clean,
    happened,
    kind_of,
    looks_like_an_address,
    name,
    snake,
    wrong,
)
from schemas import facts as f
from schemas.facts import Fact
from schemas.problem import Refusal, Rejected

MOST_LEAD_ID: Final = 128
MOST_FACT_ID: Final = 200
MOST_NETWORK_ADDRESS: Final = 45  # IPv6, an IPv4 address inside
# what broken integrations send in place of an id: each would make one giant out of many leads ("-" is ours)
_NOBODY: Final = frozenset({"-", "null", "undefined", "none", "nan", "(null)", "anonymous", "0"})
_VERSIONS: Final = (None, 1, 2, "1", "2", "1.0", "1.1", "2.0")  # of the Segment spec; all have one shape
TYPES: Final = ("identify", "track", "page", "screen")

# The names that mean something here. Every other track is kept as `Tracked`.
EVENTS: Final[dict[str, type[f.Happened]]] = {
    "Lead Created": f.LeadCreated,
    "Signed Up": f.LeadCreated,
    "Account Created": f.LeadCreated,
    "Lawful Basis Given": f.BasisGiven,
    "Lawful Basis Withdrawn": f.BasisWithdrawn,
    "Form Submitted": f.FormSubmitted,
    "Content Downloaded": f.ContentDownloaded,
    "Webinar Attended": f.WebinarAttended,
    "Pricing Viewed": f.PricingViewed,
    "Demo Requested": f.DemoRequested,
    "Engagement Retracted": f.EngagementRetracted,
    "Email Processed": f.EmailProcessed,
    "Email Delivered": f.EmailDelivered,
    "Email Deferred": f.EmailDeferred,
    "Email Dropped": f.EmailDropped,
    "Email Opened": f.EmailOpened,
    "Email Link Clicked": f.EmailClicked,
    "Email Replied": f.EmailReplied,
    "Email Bounced": f.EmailBounced,
    "Email Marked as Spam": f.EmailComplained,
    "Unsubscribed": f.EmailUnsubscribed,
    "Sales Accepted": f.SalesAccepted,
    "Sales Rejected": f.SalesRejected,
    "Sales Recycled": f.SalesRecycled,
    "Sales Contacted": f.SalesContacted,
    "Meeting Held": f.MeetingHeld,
    "Opportunity Opened": f.OpportunityOpened,
    "Opportunity Moved": f.OpportunityMoved,
    "Deal Won": f.DealWon,
    "Deal Lost": f.DealLost,
    "Invoiced": f.Invoiced,
    "Renewed": f.Renewed,
    "Churned": f.Churned,
}
_BY_SNAKE: Final = {snake(event): shape for event, shape in EVENTS.items()}


def to_fact(message: bytes | None, seen: int, identify: Callable[[str], str]) -> Fact | Rejected:
    """The fact that a message tells of, or why it tells of none. Raises nothing: bad input is a value.

    ``seen`` is now, in milliseconds; ``identify`` makes an id of a normalised address (a keyed hash).
    """
    try:
        return _fact(read_message(message), seen, identify)
    except RefusedError as refused:
        return refused.rejected


def _fact(message: Message, seen: int, identify: Callable[[str], str]) -> Fact:
    shape, values = _meaning(message)
    fact_id = _fact_id(message.message_id)
    lead_id, known = _lead(message, identify)
    when = message.timestamp if message.timestamp is not None else message.original_timestamp
    if known and shape in (f.LeadCreated, f.LeadUpdated):
        values["traits"].setdefault("email", known)
    if shape is f.EmailClicked and (address := _network_address(message)):
        values["client"] = identify(address).removeprefix("mail-")
    at, source = happened(when, seen), _source(message)
    # every shape of the table is one of the union, which mypy cannot know
    return shape(id=fact_id, lead_id=lead_id, at=at, seen=seen, source=source, **values)  # type: ignore[return-value]


def _network_address(message: Message) -> str:
    """Where it came from, as the source saw it; the facts know a keyed hash of it only."""
    places = (message.context.ip if message.context else None, (message.properties or {}).get("ip"))
    return next((place[:MOST_NETWORK_ADDRESS] for place in places if type(place) is str and place), "")


def _meaning(message: Message) -> tuple[type[f.Happened], dict[str, Any]]:
    if message.version not in _VERSIONS:
        found = "found an unknown version of the Segment spec"
        raise RefusedError(Refusal.UNKNOWN_TYPE, f"{found}, expected 1 or 2, or none")
    match message.type:
        case "identify":
            return f.LeadUpdated, {"traits": _traits(message, message.traits or {})}
        case "page" | "screen":
            return f.PageViewed, _page(message)
        case "track":
            return _track(message)
        case other:
            raise RefusedError(Refusal.UNKNOWN_TYPE, _unknown(other))


def _unknown(found: object) -> str:
    if type(found) is not str:
        return f"found {kind_of(found)} as the type, expected one of {', '.join(TYPES)}"
    short = "".join(c for c in found[:40] if c.isprintable()) if "@" not in found else "…"
    close = difflib.get_close_matches(short.lower().split(".")[0], TYPES, n=1)
    hint = f', did you mean "{close[0]}"?' if close else ""
    return f'found the type "{short}", expected one of {", ".join(TYPES)}{hint}'


def _traits(message: Message, given: dict[str, Any]) -> f.Traits:
    traits = traits_of(given)
    if message.context and type(message.context.timezone) is str:
        traits.setdefault("time_zone", name(message.context.timezone, "context.timezone"))
    return traits


def _page(message: Message) -> dict[str, Any]:
    given = message.properties or {}
    if message.name is not None:  # a screen of an app has nothing but its name
        place = {} if "path" in given or "url" in given else {"path": message.name}
        given = {"title": message.name} | place | given
    return fields_of(f.PageViewed, given, "the page")


def _track(message: Message) -> tuple[type[f.Happened], dict[str, Any]]:
    if message.event is None:
        raise RefusedError(Refusal.WRONG_SHAPE, 'found a track without "event", expected the name of what happened')
    event = name(message.event, "the event's name")
    if not snake(event):
        raise wrong("the event's name", event, "letters or digits, such as Form Submitted")
    given = message.properties or {}
    shape = _BY_SNAKE.get(snake(event), f.Tracked)
    if shape is f.LeadCreated:
        return shape, {"traits": _traits(message, given | (message.traits or {}))}
    if shape is f.Tracked:
        slug = snake(event).replace("_", "-")  # as templates/catalogue.yaml and its rules spell it
        return shape, {"name": slug, "properties": properties_of(given)}
    return shape, fields_of(shape, given, event)


def _fact_id(found: object) -> str:
    text = str(found) if type(found) in (str, int) else ""
    if not text:
        raise RefusedError(Refusal.BAD_ID, f"found {kind_of(found)} as messageId, expected the source's own id")
    if len(text) > MOST_FACT_ID or not text.isprintable():
        expected = f"expected 1 to {MOST_FACT_ID} printable ones"
        raise RefusedError(Refusal.BAD_ID, f"found a messageId of {len(text):,} characters, {expected}")
    return text


def _lead(message: Message, identify: Callable[[str], str]) -> tuple[str, str]:
    """The lead's id, and the address that it was made of (empty when the source has an id of its own).

    The source's userId first, then an address, then the anonymousId: a visitor whom nobody knows yet is kept too, has
    no address and no lawful basis, and so is never written to.
    """
    if message.user_id not in (None, ""):
        return _own_id(message.user_id, "userId", identify)
    if found := _address_within(message):
        return identify(found), found
    if message.anonymous_id not in (None, ""):
        return _own_id(message.anonymous_id, "anonymousId", identify)
    raise RefusedError(
        Refusal.BAD_ID, "found nobody, expected a userId, an e-mail address among the traits or an anonymousId"
    )


def _own_id(found: object, what: str, identify: Callable[[str], str]) -> tuple[str, str]:
    if type(found) not in (str, int):
        raise RefusedError(Refusal.BAD_ID, f"found {kind_of(found)} as {what}, expected a text")
    text = str(found)
    if looks_like_an_address(text):  # personal data is no key
        valid = address(text, what)
        return identify(valid), valid
    if len(text) > MOST_LEAD_ID:
        raise RefusedError(Refusal.BAD_ID, f"found {len(text):,} characters as {what}, expected at most {MOST_LEAD_ID}")
    if not text.isprintable() or " " in text:
        raise RefusedError(Refusal.BAD_ID, f"found white space or a control character in {what}, expected none")
    if text.lower() in _NOBODY:
        raise RefusedError(Refusal.BAD_ID, f'found "{text}" as {what}, expected an id of one lead')
    return text, ""


def _address_within(message: Message) -> str:
    context = message.context.traits if message.context else None
    for place in (message.traits, message.properties, context):
        found = place.get("email") if place else None
        if _is_address(found):
            return address(str(found), "email")
    return ""


def _is_address(value: object) -> bool:
    return type(value) is str and looks_like_an_address(value)


def _source(message: Message) -> str:
    library = message.context.library if message.context else None
    found = library.name if library else None
    return clean(found[:64], "context.library.name") if type(found) is str else ""
