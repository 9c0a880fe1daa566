"""A decision in words, for terminals and reports. It decides nothing and knows no lead."""

from schemas.commands import CancelContent, Command, Discount, Skip
from schemas.facts import tag_of
from schemas.model import MAIN
from schemas.reason import SENTENCES, VERDICTS
from schemas.units import iso

_TELLING = ("email", "program", "variant", "stage", "before", "after", "outcome", "owner", "why", "ending", "reason")


def said(command: Command) -> str:
    """A decision in words: its kind, and what sets it apart."""
    if isinstance(command, Skip):
        until = f", until {iso(command.until)[:16]}" if command.until else ""
        return f"silent: {SENTENCES[command.reason]}{f' ({command.email})' if command.email else ''}{until}"
    if isinstance(command, Discount):
        return f"weighs nothing: {VERDICTS[command.why]} ({', '.join(command.engagement)})"
    if isinstance(command, CancelContent):
        return f"called back, should it still wait: {command.email}"
    told = " ".join(str(value) for name in _TELLING if (value := getattr(command, name, "")))
    model = getattr(command, "model", MAIN)
    told = told if model == MAIN else f"{told} in {model}"
    return f"{tag_of(type(command)).removesuffix('.v1').replace('_', ' ')}: {told}"
