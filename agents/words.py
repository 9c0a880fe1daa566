"""A decision in words, for terminals and reports. It decides nothing and knows no lead."""

from typing import assert_never

from schemas import commands as c
from schemas.model import MAIN
from schemas.reason import SENTENCES, VERDICTS
from schemas.units import iso
from schemas.words import counted


def said(command: c.Command) -> str:  # noqa: C901, PLR0911, PLR0912  (one arm for each kind)
    """A decision in words: what is done, from where to where, and why."""
    match command:
        case c.SendContent():
            return f"send {command.email}, {_by(command)}"
        case c.CancelContent():
            return f"drop what may still wait of {command.program}: {command.email}"
        case c.NotifyOwner():
            return f"notify {command.to}"
        case c.HandOff():
            return f"hand off to {command.owner}{_in(command.model)}"
        case c.SettleHandoff():
            return f"handoff {command.outcome}{_why(command.reason)}"
        case c.MoveStage():
            return _moved("stage", command.before, command.after, command.why) + _in(command.model)
        case c.MoveLifecycle():
            return _moved("lifecycle", command.before, command.after, command.why)
        case c.FlagOverstay():
            return f"overstays: {counted(command.days, 'day')} in {command.stage}{_in(command.model)}"
        case c.EnterProgram():
            return f"enter {command.program}"
        case c.LeaveProgram():
            return f"leave {command.program}{_why(': '.join(filter(None, (command.why, command.ending))))}"
        case c.Suppress():
            return f"suppress the address: {SENTENCES[command.reason]}"
        case c.Skip():
            until = f", until {iso(command.until)[:16]}" if command.until else ""
            return f"silent: {SENTENCES[command.reason]}{_why(command.email)}{until}"
        case c.Discount():
            return f"weighs nothing: {VERDICTS[command.why]} ({', '.join(command.engagement)})"
        case _:
            assert_never(command)


def _moved(what: str, before: str, after: str, why: str) -> str:
    """A lead that comes from nowhere has not moved, and needs no reason."""
    return f"{what} {before} → {after}{_why(why)}" if before else f"{what}: {after}"


def _by(command: c.SendContent) -> str:
    if not command.program:
        return "as was asked for"
    return f"by {command.program}" + (f", variant {command.variant}" if command.variant else "")


def _in(model: str) -> str:
    return "" if model == MAIN else f", in {model}"


def _why(reason: str) -> str:
    return f" ({reason})" if reason else ""
