"""The verifier is the judge of everything else here, so it is tested: each law, broken, is named, and no other is."""

import copy
import json

import pytest
from msgspec.structs import replace

from schemas import topics
from schemas.codec import decode_fact, decode_ledger, encode
from schemas.facts import EngagementRetracted
from tests.chaos import verifier
from tests.chaos.evidence import Seen
from tests.chaos.sound import ID_KEY, sound

SOUND = sound()


def complaints(evidence):
    """What is wrong, by law."""
    folded = {partition: verifier.fold(evidence, records) for partition, records in evidence.of(topics.FACTS).items()}
    found = {law.__name__: list(law(evidence, folded)) for law in verifier.LAWS}
    found["_suppressed_stay_so"] = list(verifier._suppressed_stay_so(evidence, ID_KEY))
    return {law: sentences for law, sentences in found.items() if sentences}


def drop(topic, which=lambda _: True):
    """The last record of a topic that fits is not there."""

    def tamper(e):
        records = e.records[topic, 0]
        records.remove([record for record in records if which(record)][-1])

    return tamper


def repeat(topic, which=lambda _: True):
    """The last record of a topic that fits is there twice, at its end."""

    def tamper(e):
        records = e.records[topic, 0]
        records.append([record for record in records if which(record)][-1])

    return tamper


def kind(name):
    return lambda record: verifier._kind(record) == name


def is_row(record):
    return not record.key.startswith(b"\0")


def row(topic, key, change):
    """One more record in a changelog, and the store has it as well."""

    def tamper(e):
        changelog = verifier.CHANGELOGS[topic]
        newest = e.rows((topic, 0))
        name = key if isinstance(key, bytes) else next(name for name, r in newest.items() if key(r))
        found = newest[name]
        changed = found._replace(value=change(found.value), offset=len(e.records[changelog, 0]))
        e.records[changelog, 0].append(changed)
        e.stores[topic, 0][name] = found.headers.get("due", bytes(8)) + changed.value

    return tamper


def without_row(topic, which):
    """A row is neither in the changelog nor in the store."""

    def tamper(e):
        gone = next(key for key, found in e.rows((topic, 0)).items() if which(found))
        changelog = verifier.CHANGELOGS[topic], 0
        e.records[changelog] = [record for record in e.records[changelog] if record.key != gone]
        del e.stores[topic, 0][gone]

    return tamper


def counting(topic, name, more):
    return row(
        topic,
        b"\0counts",
        lambda value: json.dumps({**(found := json.loads(value)), name: found[name] + more}).encode(),
    )


def in_state(*states):
    return lambda record: is_row(record) and decode_ledger(record.value).state in states


def now_in(state):
    """The entry with another state."""
    return lambda value: encode(replace(decode_ledger(value), state=state))


def of_state(e, state):
    """The send key of an entry in this state."""
    return next(decode_ledger(r.value).send_key for r in e.rows((topics.SENDS, 0)).values() if in_state(state)(r))


def accepted_again(e):
    e.taken.append(e.taken[0])


def accepted_unordered(e):
    e.taken.append(e.taken[0]._replace(send_key="nobody's"))


def never_accepted(e):
    e.taken = [taken for taken in e.taken if taken.send_key != of_state(e, "confirmed")]


def accepted_though_blocked(e):
    e.taken.append(e.taken[0]._replace(send_key=of_state(e, "blocked")))


def accepted_after_suppression(e):
    long_ago = Seen(10_000, 0, verifier.keyed(e.taken[0].to, ID_KEY), b"{}", {})
    e.records[topics.SUPPRESSIONS, 0].append(long_ago)


def message_without_a_fact(e):
    e.records[topics.LEADS, 0].append(e.records[topics.LEADS, 0].pop()._replace(value=b'{"messageId":"m-lost"}'))


def fact_not_counted(e):
    counting(topics.FACTS, "applied", -1)(e)


def stored_otherwise(e):
    e.stores[topics.FACTS, 0].popitem()


def decided_in_another_order(e):
    e.records[topics.DECISIONS, 0][:2] = reversed(e.records[topics.DECISIONS, 0][:2])


def committed_less(e):
    e.committed[topics.FACTS, 0] -= 1


def left_open(e):
    stable, written = e.open_ends[topics.FACTS, 0]
    e.open_ends[topics.FACTS, 0] = stable, written + 1


def row_due_otherwise(e):
    changelog = e.records[topics.LEAD_ROWS, 0]
    found = next(record for record in changelog if "due" in record.headers)
    later = found._replace(headers={"due": (1 << 40).to_bytes(8, "big")}, offset=len(changelog))
    changelog.append(later)
    e.stores[topics.FACTS, 0][found.key] = later.headers["due"] + later.value


SPOILT = [  # what is done to the evidence, what the verifier says, and the laws that say so
    (
        message_without_a_fact,
        "message m-lost came 1 times and never became a fact",
        {"_every_input_is_one_fact_or_one_dead_letter"},
    ),
    (
        drop(topics.LEADS),
        "is there 1 times too often",
        {"_every_input_is_one_fact_or_one_dead_letter", "_every_lane_counts_its_source"},
    ),
    (repeat(topics.DEAD_LETTERS), "is a dead letter 2 times", {"_every_input_is_one_fact_or_one_dead_letter"}),
    (drop(topics.DEAD_LETTERS), "never became a fact", {"_every_input_is_one_fact_or_one_dead_letter"}),
    (fact_not_counted, "the lane counts", {"_facts_are_counted_once"}),
    (without_row(topics.FACTS, is_row), "has no row", {"_rows_are_the_fold"}),
    (row_due_otherwise, "is due at another time than its lead", {"_rows_are_the_fold"}),
    (stored_otherwise, "rows differ from the changelog", {"_stores_are_the_changelogs"}),
    (drop(topics.DECISIONS), "is missing 1 times", {"_every_decision_is_said_once"}),
    (repeat(topics.DECISIONS), "is there 1 times too often", {"_every_decision_is_said_once"}),
    (decided_in_another_order, "in another order than decided", {"_every_decision_is_said_once"}),
    (repeat(topics.SENDS, kind("send_content.v1")), "is there 1 times too often", {"_every_command_is_carried_once"}),
    (
        drop(topics.HANDOFFS, kind("hand_off.v1")),
        "is missing 1 times",
        {"_every_command_is_carried_once", "_every_lane_counts_its_source"},
    ),
    (without_row(topics.HANDOFFS, is_row), "queue: ", {"_every_handoff_is_queued_and_told_once"}),
    (repeat(topics.SENDS, kind("notify_owner.v1")), "notices: ", {"_every_handoff_is_queued_and_told_once"}),
    (
        row(topics.SENDS, in_state("accepted"), now_in("claimed")),
        "is still claimed",
        {"_every_order_has_one_visible_state"},
    ),
    (without_row(topics.SENDS, in_state("held")), "is nowhere in the ledger", {"_every_order_has_one_visible_state"}),
    (
        row(topics.SENDS, in_state("blocked"), now_in("held")),
        "is held, and 0 facts say so",
        {"_every_order_has_one_visible_state"},
    ),
    (accepted_again, "was accepted 2 times", {"_at_most_one_request_is_accepted"}),
    (never_accepted, "but the provider never took it", {"_at_most_one_request_is_accepted"}),
    (accepted_though_blocked, "but the provider took it", {"_at_most_one_request_is_accepted"}),
    (accepted_unordered, "was sent and never ordered", {"_at_most_one_request_is_accepted"}),
    (accepted_after_suppression, "after its address was suppressed", {"_suppressed_stay_so"}),
    (row(topics.FACTS, b"\0position", lambda _: b"3"), "the lane has read to 3", {"_lag_is_zero"}),
    (committed_less, "the group has committed", {"_lag_is_zero"}),
    (left_open, "a transaction is open", {"_no_transaction_is_left_open"}),
    (counting(topics.ENGAGEMENT, "in", 1), "records, but the lane counts", {"_every_lane_counts_its_source"}),
    (counting(topics.HANDOFFS, "handed_off", -1), "records, but the lane counts", {"_every_lane_counts_its_source"}),
]


def test_sound_evidence_is_sound():
    """Nothing is wrong with a pipeline that kept its promises, and it did something of every kind."""
    verdict = verifier.judge(SOUND, ID_KEY)
    assert verdict.wrong == []
    assert all(verdict.seen.values()), verdict.seen
    assert SOUND.records[topics.SUPPRESSIONS, 0]
    assert {
        decode_ledger(r.value).state for r in SOUND.rows((topics.SENDS, 0)).values() if is_row(r)
    } > verifier.NOT_SENT


@pytest.mark.parametrize(("tamper", "sentence", "laws"), SPOILT, ids=[sentence for _, sentence, _ in SPOILT])
def test_a_broken_law_is_named(tamper, sentence, laws):
    """One thing is spoilt: exactly its laws complain, and say what is wrong."""
    spoilt = copy.deepcopy(SOUND)
    tamper(spoilt)
    found = complaints(spoilt)
    assert set(found) == laws, found
    assert any(sentence in said for sentences in found.values() for said in sentences), found
    assert verifier.judge(spoilt, ID_KEY).wrong


def test_every_law_is_broken_here():
    """No law is without a test that breaks it."""
    assert {law for _, _, laws in SPOILT for law in laws} == {
        *(law.__name__ for law in verifier.LAWS),
        "_suppressed_stay_so",
    }


def test_what_is_taken_back_was_never_done():
    """The fold refolds a lead's past as the lane does: what a retraction names weighs nothing."""
    facts = SOUND.records[topics.FACTS, 0]
    [done] = [record for record in facts if decode_fact(record.value).id == "sound-lead-1-0"]
    fact = decode_fact(done.value)
    about = {"lead_id": fact.lead_id, "at": fact.at, "seen": fact.seen, "source": "shop"}
    taken = EngagementRetracted(id="taken", engagement=(fact.id,), why="bot", **about)
    before, after, never = (
        verifier.fold(SOUND, records).leads[done.key].counts
        for records in (
            facts,
            [*facts, Seen(len(facts), 0, done.key, encode(taken), {})],
            [each for each in facts if each is not done],
        )
    )
    assert after == never != before
