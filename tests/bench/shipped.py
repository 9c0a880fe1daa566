"""The policy that we ship in ``templates/``, which every side decides by. It reads no other."""

from pathlib import Path
from typing import Final

from agents.workplace import Workplace, load_workplace

ROOT: Final = Path(__file__).parents[2]


def workplace() -> Workplace:
    """Marketing's workplace as it is. Raises ValueError with its mistakes."""
    match load_workplace(ROOT / "templates"):
        case list() as mistakes:
            raise ValueError("\n".join(map(str, mistakes)))
        case found:
            return found
