"""Who is in which part of an experiment: a pure function of a lead's id. It keeps no row, so it cannot change its mind.

Each part draws as many numbers as it weighs, and the highest number takes the lead (rendezvous hashing, Thaler and
Ravishankar 1998): another part takes leads from all, and moves none between those that were there.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

from schemas.program import Variant

EVERY_PROGRAM: Final = ""
"""The experiment of the holdout that ``sending.yaml`` asks for."""
_WHOLE: Final = 1 << 64


def chosen(experiment: str, variants: Iterable[Variant], lead_id: str) -> Variant:
    """The lead's variant. Shares are as weights; ``experiment`` parts leads unlike any other does."""
    return max(variants, key=lambda variant: (_best(experiment, variant, lead_id), variant.id))


def _best(experiment: str, variant: Variant, lead_id: str) -> int:
    return max(_drawn(experiment, variant.id, str(copy), lead_id) for copy in range(variant.weight))


def held_out(program: str, percent: int, lead_id: str) -> bool:
    """Whether a lead is among the ``percent`` that a program (or every one) is kept from. A higher one adds leads."""
    return percent > 0 and _drawn("holdout", program, lead_id) * 100 < percent * _WHOLE


def _drawn(*parts: str) -> int:
    """A number below 2^64, as good as drawn at random, and the same for the same words."""
    return int.from_bytes(blake2b("\0".join(parts).encode(), digest_size=8).digest(), "big")
