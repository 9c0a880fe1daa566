"""The registry of topics, read from ``topics.yaml`` once. It talks to no broker."""

from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct
from ruamel.yaml import YAML

LEADS: Final = "nurture.leads"
ENGAGEMENT: Final = "nurture.engagement"
SALES_FEEDBACK: Final = "nurture.sales-feedback"
FACTS: Final = "nurture.facts"
DECISIONS: Final = "nurture.decisions"
SENDS: Final = "nurture.sends"
HANDOFFS: Final = "nurture.handoffs"
DEAD_LETTERS: Final = "nurture.dead-letters"
DEAD_LETTER_MARKS: Final = "nurture.dead-letter-marks"
CLICKS: Final = "nurture.clicks"
SUPPRESSIONS: Final = "nurture.suppressions"
POLICIES: Final = "nurture.policies"
CLOCK: Final = "nurture.clock"
CONTROLS: Final = "nurture.controls"
LEAD_ROWS: Final = "nurture.lead-rows"
EMAIL_LEDGER: Final = "nurture.email-ledger"
CLIENTS: Final = "nurture.clients"
SALES_QUEUE: Final = "nurture.sales-queue"
INTAKE_LEADS: Final = "nurture.intake-leads"
INTAKE_ENGAGEMENT: Final = "nurture.intake-engagement"
INTAKE_SALES: Final = "nurture.intake-sales"

_DAY_MS: Final = 86_400_000
TOMBSTONES_MS: Final = 7 * _DAY_MS
"""How long a compacted topic keeps what was deleted: rows that are older may have missed it (RELIABILITY 4.4)."""


class Topic(Struct, frozen=True, forbid_unknown_fields=True):
    """One topic; ``keep`` is days, forever, or compact."""

    partitions: int | Literal["keyed"]
    keep: int | Literal["forever", "compact"]
    key: str
    owner: str
    holds: str

    def count(self, keyed: int) -> int:
        """Partitions, given the one count for everything keyed by lead."""
        return keyed if self.partitions == "keyed" else self.partitions

    def config(self) -> dict[str, str]:
        """The topic's settings at the broker."""
        if self.keep == "compact":
            return {
                "cleanup.policy": "compact",
                "delete.retention.ms": str(TOMBSTONES_MS),
                "max.compaction.lag.ms": str(_DAY_MS),
            }
        kept = -1 if self.keep == "forever" else int(self.keep) * _DAY_MS
        # A cluster's own limit on bytes would delete sooner than we say: the system of record, of all things.
        return {"cleanup.policy": "delete", "retention.ms": str(kept), "retention.bytes": "-1"}


@cache
def registry() -> dict[str, Topic]:
    """Every topic by name, in the order of the file."""
    with Path(__file__).with_name("topics.yaml").open(encoding="utf-8") as file:
        return msgspec.convert(YAML(typ="safe", pure=True).load(file)["topics"], dict[str, Topic])
