"""What a change of policy would move, in words for authors and operators. No command of its own."""

from collections.abc import Iterable, Mapping

from schemas.lead import Lead
from schemas.words import counted
from streams.journey.compiled import Compiled
from streams.journey.shift import Shift, shift

_MOST_SHOWN = 5


def told(rows: Iterable[Lead], policy: Compiled, before: Mapping[str, Compiled]) -> tuple[str, bool]:
    """What would move, and whether that is more than the policy's own ``most_moved`` of 100."""
    found, most = shift(rows, policy, before), policy.policy.lifecycle.most_moved
    return _sentence(found), found.percent > most


def _sentence(found: Shift) -> str:
    moves = [f"{count:,} {before or 'nowhere'} → {after}" for (before, after), count in found.moves.most_common()]
    more = [f"{len(moves) - _MOST_SHOWN} other ways"] if len(moves) > _MOST_SHOWN else []
    listed = ", ".join(moves[:_MOST_SHOWN] + more)
    share = f"{found.moves.total():,} of {counted(found.leads, 'lead')} ({found.percent:.1f} %)"
    return f"a change that moves {share}{': ' if listed else ''}{listed}"
