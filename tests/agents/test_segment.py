"""The grammar of what comes in: tables of messages, and the law that no bytes at all make it raise."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.segment.grammar import EVENTS, to_fact
from agents.segment.properties import OURS, READERS
from agents.segment.traits import MOST_TRAITS
from schemas import facts as f
from schemas.codec import MOST_BYTES, decode_fact, encode, encode_lead
from schemas.lead import Lead
from schemas.problem import Refusal, Rejected
from schemas.units import DAY, from_iso

SEEN = from_iso("2024-03-06T00:00:00Z")
AT = "2024-03-05T10:00:00Z"
EXPORT = Path(__file__).with_name("data") / "segment-export.jsonl"


def hashed(address):
    return f"hash-of-{len(address)}"


def read(**message):
    return to_fact(
        json.dumps({"messageId": "m1", "userId": "lead-1", "timestamp": AT} | message).encode(), SEEN, hashed
    )


def track(event, **properties):
    return read(type="track", event=event, properties=properties)


def identify(**traits):
    return read(type="identify", traits=traits)


@pytest.mark.parametrize(
    ("event", "properties", "expected"),
    [
        ("Lead Created", {"firstName": "Ana"}, f.LeadCreated(id="", lead_id="", at=0, seen=0, traits={"first_name": "Ana"})),
        ("Signed Up", {"plan": "pro"}, f.LeadCreated(id="", lead_id="", at=0, seen=0, traits={"plan": "pro"})),
        ("Account Created", {}, f.LeadCreated(id="", lead_id="", at=0, seen=0)),
        ("Lawful Basis Given", {"basis": "Legitimate Interest", "form": "f", "wordingVersion": "v2", "expiresAt": "2025-01-01"}, f.BasisGiven(id="", lead_id="", at=0, seen=0, basis="legitimate_interest", form="f", wording="v2", expires=1_735_689_600_000)),
        ("Lawful Basis Withdrawn", {}, f.BasisWithdrawn(id="", lead_id="", at=0, seen=0)),
        ("Form Submitted", {"form_id": 12, "requested": "guide"}, f.FormSubmitted(id="", lead_id="", at=0, seen=0, form="12", requested="guide")),
        ("form_submitted", {"form": "demo"}, f.FormSubmitted(id="", lead_id="", at=0, seen=0, form="demo")),
        ("Content Downloaded", {"content": "guide"}, f.ContentDownloaded(id="", lead_id="", at=0, seen=0, content="guide")),
        ("Webinar Attended", {"webinar": "w", "minutes": 31.5}, f.WebinarAttended(id="", lead_id="", at=0, seen=0, webinar="w", minutes=31)),
        ("Pricing Viewed", {"url": "https://a.example/pricing?e=x@y.z"}, f.PricingViewed(id="", lead_id="", at=0, seen=0, path="/pricing")),
        ("Demo Requested", {"message": "Call me,\r\nplease"}, f.DemoRequested(id="", lead_id="", at=0, seen=0, message="Call me, please")),
        ("Engagement Retracted", {"messageIds": ["e1", 2, "e1"], "reason": "Merge undone"}, f.EngagementRetracted(id="", lead_id="", at=0, seen=0, engagement=("e1", "2"), why="unmerged")),
        ("Engagement Retracted", {"message_id": "e1", "why": "bot"}, f.EngagementRetracted(id="", lead_id="", at=0, seen=0, engagement=("e1",), why="bot")),
        ("Email Processed", {"send_key": "k"}, f.EmailProcessed(id="", lead_id="", at=0, seen=0, send_key="k")),
        ("Email Delivered", {"emailId": "welcome"}, f.EmailDelivered(id="", lead_id="", at=0, seen=0, email="welcome")),
        ("Email Deferred", {"reason": "450\nbusy"}, f.EmailDeferred(id="", lead_id="", at=0, seen=0, reason="450 busy")),
        ("Email Dropped", {"reason": "spam"}, f.EmailDropped(id="", lead_id="", at=0, seen=0, reason="spam")),
        ("Email Opened", {"email": "ana@a.example", "machine": True}, f.EmailOpened(id="", lead_id="", at=0, seen=0, machine=True)),
        ("Email Link Clicked", {"link_url": "https://a.example/x"}, f.EmailClicked(id="", lead_id="", at=0, seen=0, url="https://a.example/x")),
        ("Email Replied", {"asksForContact": "yes"}, f.EmailReplied(id="", lead_id="", at=0, seen=0, asks_for_contact=True)),
        ("Email Bounced", {"kind": "soft"}, f.EmailBounced(id="", lead_id="", at=0, seen=0, kind="soft")),
        ("Email Bounced", {"type": "blocked"}, f.EmailBounced(id="", lead_id="", at=0, seen=0, kind="soft")),
        ("Email Bounced", {}, f.EmailBounced(id="", lead_id="", at=0, seen=0, kind="hard")),
        ("Email Marked as Spam", {}, f.EmailComplained(id="", lead_id="", at=0, seen=0)),
        ("Unsubscribed", {}, f.EmailUnsubscribed(id="", lead_id="", at=0, seen=0)),
        ("Sales Accepted", {"handoffId": "lead-1:0", "rep": "marta"}, f.SalesAccepted(id="", lead_id="", at=0, seen=0, handoff_id="lead-1:0", by="marta")),
        ("Sales Rejected", {"reason": "too small"}, f.SalesRejected(id="", lead_id="", at=0, seen=0, reason="too small")),
        ("Sales Recycled", {}, f.SalesRecycled(id="", lead_id="", at=0, seen=0)),
        ("Sales Contacted", {}, f.SalesContacted(id="", lead_id="", at=0, seen=0)),
        ("Meeting Held", {}, f.MeetingHeld(id="", lead_id="", at=0, seen=0)),
        ("Opportunity Opened", {"amount": 1250, "expected_close": "2024-06-01"}, f.OpportunityOpened(id="", lead_id="", at=0, seen=0, amount=1250, expected_close=1_717_200_000_000)),
        ("Opportunity Moved", {"stage": "proposal"}, f.OpportunityMoved(id="", lead_id="", at=0, seen=0, stage="proposal")),
        ("Deal Won", {"revenue": 12.5, "currency": "EUR"}, f.DealWon(id="", lead_id="", at=0, seen=0, amount=1250, currency="EUR")),
        ("Deal Won", {"revenue": "1200", "currency": "JPY"}, f.DealWon(id="", lead_id="", at=0, seen=0, amount=1200, currency="JPY")),
        ("Deal Lost", {"reason": "price"}, f.DealLost(id="", lead_id="", at=0, seen=0, reason="price")),
        ("Invoiced", {"value": 10}, f.Invoiced(id="", lead_id="", at=0, seen=0, amount=1000)),
        ("Renewed", {}, f.Renewed(id="", lead_id="", at=0, seen=0)),
        ("Churned", {}, f.Churned(id="", lead_id="", at=0, seen=0)),
        ("Trial Started", {"plan": "pro", "email": "ana@a.example"}, f.Tracked(id="", lead_id="", at=0, seen=0, name="trial-started", properties={"plan": "pro"})),
    ],
)  # fmt: skip
def test_every_name_of_the_table_becomes_its_fact(event, properties, expected):
    """A track's name chooses the fact, and its properties fill the fields whatever their spelling."""
    stamped = msgspec.structs.replace(expected, id="m1", lead_id="lead-1", at=from_iso(AT), seen=SEEN)
    assert track(event, **properties) == stamped


def test_the_table_and_the_readers_cover_each_other():
    """Every field of every fact that may come in has a reader, and no reader is idle."""
    shapes = {*EVENTS.values(), f.PageViewed}
    fields = {name for shape in shapes for name in shape.__struct_fields__} - set(f.Happened.__struct_fields__)
    assert fields - {"traits", *OURS} == set(READERS)


@pytest.mark.parametrize(
    ("message", "path", "title"),
    [
        ({"type": "page", "properties": {"path": "/a?x=1#top", "title": "A\nB"}}, "/a", "A B"),
        ({"type": "page", "name": "Home", "properties": {"url": "https://w.example"}}, "/", "Home"),
        ({"type": "screen", "name": "Bills"}, "Bills", "Bills"),
    ],
)
def test_pages_and_screens_are_page_views(message, path, title):
    """A page has a path, out of its URL when need be and without a query; a screen has its name."""
    fact = read(**message)
    assert (type(fact), fact.path, fact.title) == (f.PageViewed, path, title)


@pytest.mark.parametrize(
    ("given_traits", "expected"),
    [
        ({"firstName": "Ana", "LastName": "Lima"}, {"first_name": "Ana", "last_name": "Lima"}),
        ({"email": " Ana@Contoso.EXAMPLE "}, {"email": "Ana@contoso.example"}),
        ({"email": "ana@bücher.example"}, {"email": "ana@xn--bcher-kva.example"}),
        ({"email": "ana@shop.test", "phone": None}, {"email": "ana@shop.test", "phone": None}),
        ({"email": "  ", "plan": "pro"}, {"plan": "pro"}),
        ({"address": {"country": "BR", "postalCode": "1"}}, {"country": "BR", "postal_code": "1"}),
        ({"address": {"country": "BR"}, "country": "PT"}, {"country": "PT"}),
        ({"company": {"name": "Rio", "employee_count": 9, "plan": "x"}}, {"company": "Rio", "employees": 9, "company_plan": "x"}),
        ({"company": "Rio", "title": "CFO"}, {"company": "Rio", "role": "CFO"}),
        ({"title": "Dr", "role": "CFO"}, {"title": "Dr", "role": "CFO"}),
        ({"timezone": "Europe/Berlin"}, {"time_zone": "Europe/Berlin"}),
        ({"tags": ["a"], "nested": {"a": 1}, "sites": 3, "score": 1.5, "vip": True}, {"sites": 3, "score": 1.5, "vip": True}),
        ({"note": "x" * 300}, {"note": "x" * 200}),
    ],
)  # fmt: skip
def test_traits_are_flat_bounded_and_spelled_our_way(given_traits, expected):
    """Traits become snake_case scalars; Segment's reserved ones are flattened; a null is kept, for it forgets."""
    assert identify(**given_traits).traits == expected


@pytest.mark.parametrize(
    ("message", "lead_id"),
    [
        ({"userId": "lead-7"}, "lead-7"),
        ({"userId": 4711}, "4711"),
        ({"userId": "Ana@b.example"}, "hash-of-13"),
        ({"userId": None, "traits": {"email": "ana@b.example"}}, "hash-of-13"),
        ({"userId": "", "context": {"traits": {"email": "ana@b.example"}}}, "hash-of-13"),
        ({"userId": None, "anonymousId": "an-1", "traits": {"email": "ana@b.example"}}, "hash-of-13"),
        ({"userId": None, "anonymousId": "an-1"}, "an-1"),
    ],
)
def test_a_lead_is_the_sources_id_or_a_hash_of_the_address(message, lead_id):
    """The source's userId wins, then the address, hashed, then the anonymous id; an address is never a key."""
    assert read(type="identify", **message).lead_id == lead_id


def test_an_address_that_stands_for_the_id_is_a_trait_too():
    """Who is known by an address can be written to."""
    assert read(type="identify", userId="Ana@B.example").traits == {"email": "Ana@b.example"}


@pytest.mark.parametrize(
    ("when", "at"),
    [
        ("2024-03-05T10:00:00Z", "2024-03-05T10:00:00Z"),
        ("2024-03-05T07:00:00-03:00", "2024-03-05T10:00:00Z"),
        ("2024-03-05", "2024-03-05T00:00:00Z"),
        (1709632800, "2024-03-05T10:00:00Z"),
        (1709632800000, "2024-03-05T10:00:00Z"),
        ("1709632800", "2024-03-05T10:00:00Z"),
        (None, "2024-03-06T00:00:00Z"),
        ((SEEN + DAY) / 1000, "2024-03-07T00:00:00Z"),
    ],
)
def test_times_are_iso_or_epochs(when, at):
    """ISO 8601 with any zone, seconds or milliseconds; a silent message happened when we saw it."""
    assert read(type="identify", timestamp=when).at == from_iso(at)


ODD = {
    "empty": (b"", Refusal.EMPTY),
    "null bytes": (None, Refusal.EMPTY),
    "not JSON": (b"{oops", Refusal.NOT_JSON),
    "not UTF-8": (b'{"type":"\xff"}', Refusal.NOT_JSON),
    "UTF-8 broken where nobody looks": (b'{"type":"identify","x":"\xff"}', Refusal.NOT_JSON),
    "NaN": (b'{"type":"identify","traits":{"a":NaN}}', Refusal.NOT_JSON),
    "a number beyond all bounds": (b'{"type":"identify","traits":{"a":1e999}}', Refusal.NOT_JSON),
    "a number of 5,000 digits": (b'{"type":' + b"1" * 5000 + b"}", Refusal.NOT_JSON),
    "a deep nesting": (b'{"type":' * 50_000, Refusal.NOT_JSON),
    "a deep list": (b"[" * 50_000 + b"]" * 50_000, Refusal.NOT_JSON),
    "a key twice": (b'{"type":"identify","userId":"a","userId":"b"}', Refusal.NOT_JSON),
    "a key twice, deep inside": (b'{"type":"identify","traits":{"a":1,"a":1}}', Refusal.NOT_JSON),
    "a key twice, hidden by an escape": (b'{"type":"\\u0022\\u0022","a":1,"a":1}', Refusal.NOT_JSON),
    "JSON null": (b"null", Refusal.WRONG_SHAPE),
    "a list": (b"[]", Refusal.WRONG_SHAPE),
    "traits that are a text": (b'{"type":"identify","traits":"x"}', Refusal.WRONG_SHAPE),
    "oversize": (b'"' + b"x" * MOST_BYTES + b'"', Refusal.OVERSIZE),
}


@pytest.mark.parametrize(("message", "reason"), ODD.values(), ids=ODD)
def test_bytes_that_are_no_message_are_refused(message, reason):
    """What cannot be read is a value that says why, never an exception."""
    assert to_fact(message, SEEN, hashed).reason == reason


@pytest.mark.parametrize(
    ("message", "reason", "says"),
    [
        ({"type": "trak"}, Refusal.UNKNOWN_TYPE, 'did you mean "track"?'),
        ({"type": "page.viewed.v1"}, Refusal.UNKNOWN_TYPE, 'did you mean "page"?'),
        ({"type": "group"}, Refusal.UNKNOWN_TYPE, "expected one of identify, track, page, screen"),
        ({"type": None}, Refusal.UNKNOWN_TYPE, "found null as the type"),
        ({"type": "identify", "version": 3}, Refusal.UNKNOWN_TYPE, "expected 1 or 2"),
        ({"type": "identify", "messageId": ""}, Refusal.BAD_ID, "expected the source's own id"),
        ({"type": "identify", "messageId": "m" * 201}, Refusal.BAD_ID, "found a messageId of 201 characters"),
        ({"type": "identify", "messageId": "m\n1"}, Refusal.BAD_ID, "printable"),
        ({"type": "identify", "messageId": {"a": 1}}, Refusal.BAD_ID, "found an object as messageId"),
        ({"type": "identify", "userId": None}, Refusal.BAD_ID, "found nobody"),
        ({"type": "identify", "userId": "x" * 129}, Refusal.BAD_ID, "found 129 characters as userId"),
        ({"type": "identify", "userId": "a b"}, Refusal.BAD_ID, "white space"),
        ({"type": "identify", "userId": "a\x00b"}, Refusal.BAD_ID, "control character"),
        ({"type": "identify", "userId": "undefined"}, Refusal.BAD_ID, 'found "undefined"'),
        ({"type": "identify", "userId": "-"}, Refusal.BAD_ID, 'found "-"'),
        ({"type": "identify", "userId": True}, Refusal.BAD_ID, "found yes or no as userId"),
        ({"type": "identify", "userId": "ana@b@c"}, Refusal.BAD_ADDRESS, "found 7 characters as userId"),
        ({"type": "identify", "traits": {"email": "ana at home"}}, Refusal.BAD_ADDRESS, "found 11 characters as email"),
        ({"type": "identify", "traits": {"email": "a@b.example\r\nBcc: c@d.example"}}, Refusal.BAD_ADDRESS, "email"),
        ({"type": "identify", "traits": {"email": "a@localhost"}}, Refusal.BAD_ADDRESS, "expected an e-mail address"),
        ({"type": "identify", "traits": {"email": "a@" + "b" * 300 + ".example"}}, Refusal.BAD_ADDRESS, "310 characters"),
        ({"type": "identify", "traits": {"firstName": "Ana\r\nBcc: x"}}, Refusal.CONTROL_CHARACTER, 'U+000D in the trait "first_name"'),
        ({"type": "identify", "traits": {"company": {"name": "A\u2028B"}}}, Refusal.CONTROL_CHARACTER, "U+2028"),
        ({"type": "identify", "traits": {"company": "A\u202eB"}}, Refusal.CONTROL_CHARACTER, "U+202E"),
        ({"type": "identify", "traits": {"a\nb": 1}}, Refusal.CONTROL_CHARACTER, "the name of a trait"),
        ({"type": "identify", "traits": {"🎉": 1}}, Refusal.WRONG_SHAPE, "has 0 letters"),
        ({"type": "identify", "traits": {f"t{n}": n for n in range(51)}}, Refusal.WRONG_SHAPE, "found 51 traits, expected at most 50"),
        ({"type": "identify", "traits": {"big": 2**70}}, Refusal.WRONG_SHAPE, "63 bits"),
        ({"type": "identify", "timestamp": "1999-12-31"}, Refusal.BAD_TIME, "the years 2000 and 2100"),
        ({"type": "identify", "timestamp": "soon"}, Refusal.BAD_TIME, "ISO 8601"),
        ({"type": "identify", "timestamp": [1]}, Refusal.BAD_TIME, "found a list"),
        ({"type": "identify", "timestamp": "2024-03-08"}, Refusal.BAD_TIME, "2.0 days in the future"),
        ({"type": "page"}, Refusal.WRONG_SHAPE, 'found no property "path"'),
        ({"type": "track"}, Refusal.WRONG_SHAPE, 'found a track without "event"'),
        ({"type": "track", "event": "!!!"}, Refusal.WRONG_SHAPE, "letters or digits"),
        ({"type": "track", "event": "Form\nSubmitted"}, Refusal.CONTROL_CHARACTER, "the event's name"),
        ({"type": "track", "event": "Form Submitted"}, Refusal.WRONG_SHAPE, 'found no property "form"'),
        ({"type": "track", "event": "Form Submitted", "properties": {"form": " "}}, Refusal.WRONG_SHAPE, 'found no property "form"'),
        ({"type": "track", "event": "Form Submitted", "properties": {"form": {}}}, Refusal.WRONG_SHAPE, "found an object as the property"),
        ({"type": "track", "event": "Form Submitted", "properties": {"form": "f" * 201}}, Refusal.WRONG_SHAPE, "found 201 characters"),
        ({"type": "track", "event": "Engagement Retracted", "properties": {"message_ids": [], "why": "bot"}}, Refusal.WRONG_SHAPE, "found 0 ids"),
        ({"type": "track", "event": "Engagement Retracted", "properties": {"message_ids": list(range(101)), "why": "bot"}}, Refusal.WRONG_SHAPE, "expected 1 to 100"),
        ({"type": "track", "event": "Engagement Retracted", "properties": {"message_ids": ["e1", ""], "why": "bot"}}, Refusal.WRONG_SHAPE, "messageId of what"),
        ({"type": "track", "event": "Engagement Retracted", "properties": {"message_ids": [{}], "why": "bot"}}, Refusal.WRONG_SHAPE, "found an object"),
        ({"type": "track", "event": "Engagement Retracted", "properties": {"message_id": "e1", "why": "mood"}}, Refusal.WRONG_SHAPE, "one of bot, corrected, unmerged, erased"),
        ({"type": "track", "event": "Email Bounced", "properties": {"kind": "bouncy"}}, Refusal.WRONG_SHAPE, "one of hard, soft"),
        ({"type": "track", "event": "Email Opened", "properties": {"machine": "maybe"}}, Refusal.WRONG_SHAPE, "expected yes or no"),
        ({"type": "track", "event": "Deal Won", "properties": {"amount": 12.5}}, Refusal.WRONG_SHAPE, "for 12.50 write 1250"),
        ({"type": "track", "event": "Deal Won", "properties": {"revenue": "a lot"}}, Refusal.WRONG_SHAPE, "such as 12.50"),
        ({"type": "track", "event": "Invoiced"}, Refusal.WRONG_SHAPE, 'found no property "amount"'),
    ],
)  # fmt: skip
def test_a_refusal_says_what_was_found_and_expected(message, reason, says):
    """Each kind of nonsense has its reason and a sentence, and no sentence repeats an address."""
    refused = read(**message)
    assert refused.reason == reason
    assert says in refused.detail
    assert "expected" in refused.detail
    assert not any(secret in refused.detail for secret in ("ana@", "@b.example", "Ana"))


def test_the_limit_of_traits_itself_is_allowed():
    """Fifty traits are not too many."""
    assert len(identify(**{f"t{n}": n for n in range(MOST_TRAITS)}).traits) == MOST_TRAITS


@pytest.mark.parametrize(
    ("given", "client"),
    [
        ({"context": {"ip": "203.0.113.7"}}, hashed("203.0.113.7").removeprefix("mail-")),
        ({"properties": {"ip": "203.0.113.7"}}, hashed("203.0.113.7").removeprefix("mail-")),
        ({"context": {"ip": 7}}, ""),
        ({"properties": {"client": "mine"}}, ""),
    ],
)
def test_where_a_click_came_from_is_known_by_a_keyed_hash_only(given, client):
    """A source cannot choose the hash, and the address itself is nowhere in the fact."""
    fact = read(type="track", event="Email Link Clicked", **given)
    assert fact.client == client
    assert "203.0.113.7" not in str(fact)


def test_an_export_of_segment_reads_as_it_came():
    """A real export: one fact a line, and the call that we do not know is refused with a hint."""
    results = [to_fact(line, from_iso("2024-05-01"), hashed) for line in EXPORT.read_bytes().splitlines()]
    assert [type(result).__name__ for result in results] == [
        "LeadUpdated", "PageViewed", "Tracked", "FormSubmitted", "EmailClicked", "DealWon", "Rejected",
    ]  # fmt: skip
    assert results[0].traits["time_zone"] == "America/Sao_Paulo"
    assert results[0].source == "analytics.js"
    assert (results[5].amount, results[5].opportunity, results[5].by) == (1_250_050, "88121", "marta")


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
anything = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8)  # fmt: skip
names = st.sampled_from([*EVENTS, "Trial Started"])
keys = st.sampled_from([*READERS, "revenue", "linkUrl", "firstName", "company", "address", "title", "name"])
messages = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["identify", "track", "page", "screen"]) | anything,
        "messageId": st.just("m1") | anything,
        "userId": st.just("lead-1") | st.just("ana@b.example") | anything,
        "anonymousId": anything,
        "timestamp": st.just(AT) | anything,
        "version": st.just(2) | anything,
        "event": names | anything,
        "name": anything,
        "traits": st.dictionaries(keys | st.text(), anything, max_size=5) | anything,
        "properties": st.dictionaries(keys, anything, max_size=5) | anything,
        "context": st.fixed_dictionaries({}, optional={"traits": anything, "library": anything, "timezone": anything}) | anything,
    },
)  # fmt: skip
likely = st.fixed_dictionaries(
    {"type": st.just("track"), "messageId": st.just("m1"), "userId": st.just("lead-1"), "event": names},
    optional={"properties": st.dictionaries(keys, st.text(max_size=5) | st.integers() | st.booleans(), max_size=8)},
)


@given(st.binary() | st.text().map(str.encode))
def test_no_bytes_make_it_raise(message):
    """Whatever bytes a source sends, the answer is a value."""
    assert isinstance(to_fact(message, SEEN, hashed), Rejected)


@given(messages | likely | anything)
def test_no_json_makes_it_raise_and_every_fact_can_be_written_and_read(message):
    """Whatever JSON a source sends: a refusal with a sentence, or a fact that survives both our encodings."""
    result = to_fact(json.dumps(message).encode("utf-8", "surrogatepass"), SEEN, hashed)
    if isinstance(result, Rejected):
        assert result.detail
    else:
        assert decode_fact(encode(result)) == result
        assert encode_lead(Lead(id=result.lead_id, traits=getattr(result, "traits", {})))
        assert result.at <= SEEN + DAY
