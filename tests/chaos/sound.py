"""Evidence of a pipeline that kept every promise, made in memory: what the verifier's own tests spoil, law by law."""

import json
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Final

from agents.sales import _notice, _queued
from agents.segment.grammar import to_fact
from agents.workplace import load_workplace
from schemas import commands as c
from schemas import topics
from schemas.codec import decode_send, encode, encode_lead
from schemas.facts import PolicyApplied, SendSettled, tag_of
from schemas.ledger import LedgerEntry
from schemas.policy import policy_hash
from schemas.problem import Rejected
from tests.chaos.evidence import CHANGELOGS, Evidence, Seen, Taken
from tests.chaos.load import Load, quick
from tests.chaos.verifier import Folded, fold, keyed

ID_KEY: Final = b"a key for hashes of addresses, 32+"
_TEMPLATES: Final = Path(__file__).parents[2] / "templates"
_STATES: Final = ("accepted", "accepted", "held", "accepted", "blocked", "confirmed", "rejected")
_TOLD: Final = {"held": "held", "blocked": "skipped", "rejected": "rejected"}
_EVERYTHING: Final = (*CHANGELOGS, *CHANGELOGS.values(), topics.DECISIONS, topics.DEAD_LETTERS, topics.SUPPRESSIONS)


def sound(seed: int = 7, leads: int = 40) -> Evidence:
    """One partition, no worker: each record is what the lanes would have written, in the order of its topic."""
    return _Maker(seed, leads).evidence


class _Maker:
    def __init__(self, seed: int, leads: int) -> None:
        records: dict[tuple[str, int], list[Seen]] = {(topic, 0): [] for topic in _EVERYTHING}
        self.evidence = Evidence(records, [], {}, {})
        self._counts: dict[str, Counter[str]] = {topic: Counter() for topic in CHANGELOGS}
        self._now = time.time_ns() // 1_000_000
        self._policy()
        load = Load("sound", Random(seed))
        for topic, key, value in [*load.some(leads), *load.poison()]:
            self._intake(topic, key.encode(), value)
        self._decide()
        self._lanes()
        self.evidence.open_ends = {lane: (len(found), len(found)) for lane, found in records.items()}
        self.evidence.stores = {(topic, 0): _stored(self.evidence, topic) for topic in CHANGELOGS}

    def _policy(self) -> None:
        policy = quick(load_workplace(_TEMPLATES).policy)
        name = policy_hash(policy)
        self.evidence.policies = [Seen(0, 0, name.encode(), encode(policy), {})]
        self._write(
            topics.FACTS,
            b"-",
            encode(
                PolicyApplied(id="p", lead_id="-", at=self._now, seen=self._now, source="nurture/apply", policy=name)
            ),
        )

    def _intake(self, topic: str, key: bytes, value: bytes) -> None:
        offset = self._write(topic, key, value)
        fact = to_fact(value, self._now, str)
        if isinstance(fact, Rejected):
            self._write(topics.DEAD_LETTERS, f"{topic}:0:{offset}".encode(), value)
        else:
            self._write(topics.FACTS, fact.lead_id.encode(), encode(fact))
        self._counts[topic]["in"] += 1

    def _decide(self) -> None:
        """What is settled is a fact, and a fact may lead to more: until nothing is left to send."""
        settled: set[str] = set()
        while True:
            folded = fold(self.evidence, self.evidence.records[topics.FACTS, 0])
            orders = [x for x in folded.commands if isinstance(x, c.SendContent) and x.send_key not in settled]
            if not orders:
                break
            for order in orders:
                settled.add(order.send_key)
                self._settle(order, _STATES[len(settled) % len(_STATES)])
        self._journey(folded)
        self._sales(folded)

    def _settle(self, order: c.SendOrder, state: str) -> None:
        about = {"send_key": order.send_key, "lead_id": order.lead_id, "email": getattr(order, "email", "notice")}
        entry = LedgerEntry(state=state, begun_at=1, **about)
        self._write(topics.EMAIL_LEDGER, order.send_key.encode(), encode(entry))
        if state not in _TOLD or state == "held":
            self.evidence.taken.append(Taken(order.seen / 1000, order.send_key, order.to))
        if isinstance(order, c.SendContent):
            told = {
                "at": order.seen,
                "seen": order.seen,
                "source": "nurture/sender",
                "outcome": _TOLD.get(state, "accepted"),
            }
            fact = SendSettled(id=f"settled:{order.send_key}", **about, **told)
            self._write(topics.FACTS, order.lead_id.encode(), encode(fact))

    def _journey(self, folded: Folded) -> None:
        self._counts[topics.FACTS] = folded.counts
        for key, lead in folded.leads.items():
            due = {"due": lead.due.to_bytes(8, "big")} if lead.due else {}
            self._write(topics.LEAD_ROWS, key, encode_lead(lead), due)
        for command in folded.commands:
            key = command.lead_id.encode()
            about = {"ce_type": tag_of(type(command)).encode(), "ce_id": command.id.encode()}
            self._write(topics.DECISIONS, key, b"{}", about)
            if isinstance(command, c.SendContent | c.CancelContent):
                self._write(topics.SENDS, key, encode(command), about)
            elif isinstance(command, c.HandOff | c.SettleHandoff):
                self._write(topics.HANDOFFS, key, encode(command), about)
            elif isinstance(command, c.Suppress):
                self._write(topics.SUPPRESSIONS, keyed(command.address, ID_KEY), b"{}", at=command.seen)

    def _sales(self, folded: Folded) -> None:
        for command in folded.commands:
            if isinstance(command, c.HandOff):
                self._counts[topics.HANDOFFS]["handed_off"] += 1
                self._write(topics.SALES_QUEUE, command.handoff_id.encode(), encode(_queued(None, command)))
                notice = _notice(command, 0)
                self._write(topics.SENDS, notice.key, notice.value, dict(notice.headers))
                self._settle(decode_send(notice.value), "accepted")

    def _lanes(self) -> None:
        for topic, changelog in CHANGELOGS.items():
            read = len(self.evidence.records[topic, 0])
            self._write(changelog, b"\0position", b"%d" % read)
            self._write(changelog, b"\0counts", json.dumps(self._counts[topic]).encode())
            self.evidence.committed[topic, 0] = read

    def _write(self, topic: str, key: bytes, value: bytes, headers: dict[str, bytes] | None = None, at: int = 0) -> int:
        records = self.evidence.records[topic, 0]
        records.append(Seen(len(records), at, key, value, headers or {}))
        return len(records) - 1


def _stored(evidence: Evidence, topic: str) -> dict[bytes, bytes]:
    rows = evidence.rows((topic, 0))
    return {key: row.headers.get("due", bytes(8)) + row.value for key, row in rows.items()}
