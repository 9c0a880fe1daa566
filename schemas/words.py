"""How we list and count what was found and expected. It knows no shape and no rule."""

import difflib
import re
from collections.abc import Iterable
from typing import Final

_MOST: Final = 12
_TO_IES: Final = re.compile("[^aeiou]y$")


def listed(names: Iterable[object], last: str = "and") -> str:
    """``"a", "b" and "c"``; long lists end in "…"."""
    quoted = [f'"{name}"' for name in names]
    if len(quoted) > _MOST:
        return ", ".join([*quoted[:_MOST], "…"])
    return f" {last} ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1]))) if quoted else "none"


def one_of(word: str, known: Iterable[object]) -> str:
    """The names to choose from, and the one that was probably meant."""
    names = [str(name) for name in known]
    close = difflib.get_close_matches(word, names, n=1)
    choice = f"one of {listed(names, 'or')}" if len(names) > 1 else listed(names)
    return choice + (f'; did you mean "{close[0]}"?' if close else "")


def counted(number: float, what: str) -> str:
    """``1 lead``, ``2,000 leads``, ``no leads``, ``1.5 days``, ``2 policies``."""
    shown = f"{number:,}" if isinstance(number, int) else f"{number:g}"
    several = f"{what[:-1]}ies" if _TO_IES.search(what) else f"{what}s"
    return f"{shown if number else 'no'} {what if number == 1 else several}"
