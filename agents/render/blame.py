"""Why a letter could not be written: which part, which line, and a sentence of ours, never Python's. It runs nothing.

A sentence names fields, never their values: it stands in ledgers and logs.
"""

from collections.abc import Iterator
from typing import Final, Literal

from jinja2 import TemplateSyntaxError, UndefinedError, nodes

from agents.render.language import parsed
from agents.render.plain import UnfitError

Part = Literal["", "subject", "preheader", "body", "layout"]
"""Of a letter; "" is the whole of it."""

_ORDERED: Final = frozenset({"gt", "gteq", "lt", "lteq"})


class BrokenError(Exception):
    """A part that could not be written: its line (from 1; 0: nobody knows), and why, for people."""

    def __init__(self, part: Part, line: int, says: str) -> None:
        super().__init__(says)
        self.part, self.line = part, line


def broken(error: Exception, part: Part, source: str) -> BrokenError:
    """What happened while a part was written from ``source`` ("" where its lines are not the author's)."""
    line = _line(error) if source else 0
    tree = _tree(source)
    around = [node for node in tree.find_all(nodes.Node) if node.lineno == line] if tree and line else []
    names = ", ".join(dict.fromkeys(name for node in around for name in _named(node)))
    match error:
        case UndefinedError():
            says = str(error)
        case UnfitError():
            says = f"{names}: {error}" if names else str(error)
        case ArithmeticError():
            says = "found a number that cannot be written, expected one of a usual size"
        case _:
            says = f"{names or 'a value'}: {_misused(around)}"
    return BrokenError(part, line, says)


def unforeseen(error: Exception) -> str:
    """What happened outside of any template."""
    return f"it cannot be made into a letter, and nobody foresaw why ({type(error).__name__})"


def _misused(around: list[nodes.Node]) -> str:
    for node in around:
        match node:
            case nodes.Compare(ops=ops) if _ORDERED & {one.op for one in ops}:
                return "values of different kinds are compared; compare numbers with numbers, and texts with texts"
            case nodes.Compare():
                return '"in" looks into something that is neither a list nor a text; compare with == instead'
            case nodes.For():
                return "a loop goes over something that is no list; print it as it is"
    return "something is done with it that its kind of value does not allow; print it as it is"


def _named(node: nodes.Node) -> Iterator[str]:
    """What an expression is about, as templates call it."""
    match node:
        case nodes.Filter(node=nodes.Getattr() as inner) | nodes.For(iter=nodes.Getattr() as inner):
            yield _path(inner)
        case nodes.Compare(expr=first, ops=others):
            yield from (_path(one) for one in (first, *(other.expr for other in others)) if _path(one))


def _path(node: nodes.Node) -> str:
    match node:
        case nodes.Getattr(node=around, attr=name):
            return f"{_path(around)}.{name}"
        case nodes.Name(name=name):
            return name
        case nodes.Filter(node=nodes.Node() as inner):
            return _path(inner)
    return ""


def _tree(source: str) -> nodes.Template | None:
    try:
        return parsed(source)
    except TemplateSyntaxError:
        return None


def _line(error: Exception) -> int:
    """The template's line in which it happened, as Jinja notes it in the traceback."""
    found, at = 0, error.__traceback__
    while at is not None:
        if at.tb_frame.f_code.co_filename in ("<template>", "<unknown>"):
            found = at.tb_lineno
        at = at.tb_next
    return found
