"""``python -m agents.cli``: the same as ``nurture``."""

from agents.cli import main

main()
