"""The template language: Jinja without calls, assignments, arithmetic, imports or objects. It renders no e-mail.

Two walls: what a template may say is decided on its syntax tree when it is loaded (``misuse``), and the sandbox reaches
nothing but keys of plain data when it runs. What is left is linear in the template and its values: it cannot run away.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, Final, NamedTuple

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from agents.render.plain import Hole, Plain, UnfitError
from schemas.words import one_of

_BLOCK_LINE: Final = re.compile(r"^[ \t]*(\{%(?:(?!%\}).)*%\})[ \t]*\n", re.MULTILINE)
# Any ASCII punctuation may mean something to Markdown or HTML; as a numeric reference it never does (CommonMark 6.2).
_LITERAL: Final = {ord(sign): f"&#{ord(sign)};" for sign in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"}


def _default(value: Any, otherwise: Any = "") -> Any:
    return value or otherwise if isinstance(value, Hole) else value


def over_holes(transform: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that leaves holes as they are."""

    @wraps(transform)
    def transformed(value: Any, *arguments: Any) -> Any:
        return value if isinstance(value, Hole) else transform(value, *arguments)

    return transformed


def _list(value: Any, filter_: str) -> list[Any]:
    if isinstance(value, list):
        return value
    raise UnfitError(f'"{filter_}" stands behind something that is no list; print it as it is')


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "default": _default,
    "upper": over_holes(lambda text: str(text).upper()),
    "lower": over_holes(lambda text: str(text).lower()),
    "title": over_holes(lambda text: str(text).title()),
    "capitalize": over_holes(lambda text: str(text).capitalize()),
    "join": over_holes(lambda items, between=", ": str(between).join(str(item) for item in _list(items, "join"))),
    "length": over_holes(lambda items: len(items if isinstance(items, str) else _list(items, "length"))),
    "first": over_holes(lambda items: _list(items, "first")[0] if items else ""),
    "last": over_holes(lambda items: _list(items, "last")[-1] if items else ""),
}
SPOKEN: Final = ("date", "number", "t")
"""The filters that a language has its own way with: ``agents.render.tongue``."""
KNOWN: Final = sorted({*FILTERS, *SPOKEN})
TESTS: Final = ("defined", "undefined")


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja that reaches keys of plain data, and nothing else of any value."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """``obj.attribute``: an entry of a mapping, or a hole with its full name."""
        return self._entry(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """``obj[argument]``: the same."""
        return self._entry(obj, argument)

    def _entry(self, obj: Any, name: Any) -> Any:
        if isinstance(obj, Plain):
            return obj[name] if name in obj else self.undefined(hint=obj.named(str(name)))
        around = obj.called if isinstance(obj, Hole) else "text"
        return self.undefined(hint=f"{around}.{name}")


def language(finalize: Callable[[Any], Any], filters: Mapping[str, Callable[..., Any]], *, escape: bool) -> Sandbox:
    """An environment whose printed values go through ``finalize``; ``escape`` for HTML."""
    sandbox = Sandbox(undefined=Hole, autoescape=escape, finalize=finalize, keep_trailing_newline=True)
    sandbox.globals.clear()
    sandbox.filters = dict(filters)
    sandbox.filters["d"] = _default
    sandbox.tests = {name: sandbox.tests[name] for name in TESTS}
    return sandbox


def printable(value: Any) -> Any:
    """A printed value as text. Raises UnfitError for lists and mappings, which nobody means to print."""
    match value:
        case bool():
            return "yes" if value else "no"
        case list() | dict():
            raise UnfitError("a list or a mapping is printed; print its parts")
        case _:
            return value


def literal(value: Any) -> Markup:
    """A printed value as Markdown that stands for just these characters."""
    text = str(printable(value))
    return Markup(text if isinstance(value, Hole) else text.translate(_LITERAL))  # noqa: S704 - escaped just now


def parsed(source: str) -> nodes.Template:
    """A template's syntax tree. Raises jinja2.TemplateSyntaxError, also for one that is too deep to be walked."""
    try:
        tree = _GRAMMAR.parse(prepared(source))
    except RecursionError:
        raise TemplateSyntaxError(_TOO_DEEP, 1) from None
    level: list[nodes.Node] = [tree]
    for _ in range(_DEEPEST):
        level = [child for node in level for child in node.iter_child_nodes()]
        if not level:
            return tree
    raise TemplateSyntaxError(_TOO_DEEP, level[0].lineno)


_DEEPEST: Final = 100
_TOO_DEEP: Final = "it is nested too deeply"
_GRAMMAR: Final = language(printable, FILTERS, escape=True)


def prepared(source: str) -> str:
    """The source with each line that is only a block tag hidden from Markdown; lines keep their numbers."""
    return _BLOCK_LINE.sub(r"\1{#\n#}", source)


# ── what a template may say ──────────────────────────────────────────────────────────────────────────────────

_ALLOWED: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const,
    nodes.Filter, nodes.Test, nodes.If, nodes.For, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or,
    nodes.Not, nodes.Concat, nodes.List, nodes.Tuple,
)  # fmt: skip
# by what a node is: how it is called, and what it looks like where it stands
_CALLED: Final[dict[type[nodes.Node], tuple[str, str]]] = {
    nodes.Call: ("a call", r"[\w.]+\s*\("),
    nodes.Assign: ('"set"', r"\bset\b"),
    nodes.AssignBlock: ('"set"', r"\bset\b"),
    nodes.Include: ('"include"', r"\binclude\b"),
    nodes.Import: ('"import"', r"\bimport\b"),
    nodes.FromImport: ('"import"', r"\bfrom\b"),
    nodes.Extends: ('"extends"', r"\bextends\b"),
    nodes.Block: ('"block"', r"\bblock\b"),
    nodes.Macro: ('"macro"', r"\bmacro\b"),
    nodes.CallBlock: ('"call"', r"\bcall\b"),
    nodes.FilterBlock: ('"filter"', r"\bfilter\b"),
    nodes.With: ('"with"', r"\bwith\b"),
    nodes.Mul: ('"*"', r"\*"),
    nodes.Pow: ('"**"', r"\*\*"),
    nodes.Add: ('"+"', r"\+"),
    nodes.Sub: ('"-"', r"(?<![%{])-(?![%}])"),
    nodes.Div: ('"/"', "/"),
    nodes.FloorDiv: ('"//"', "//"),
    nodes.Mod: ('"%"', r"(?<!\{)%(?!\})"),
    nodes.Slice: ("a slice", r"\["),
    nodes.Dict: ("a mapping", r"\{(?=\s*['\"}])"),
}


class Misuse(NamedTuple):
    """What a template says that it may not: its line, what it looks like there (a pattern), a sentence."""

    line: int
    like: str
    says: str


def misuse(tree: nodes.Node, *, looping: bool = False, around: int = 1) -> Iterator[Misuse]:
    """What a template says that it may not. Nothing is run to find out."""
    for node in tree.iter_child_nodes():
        line = node.lineno or around  # Jinja gives some blocks no line
        if misused := _misused(node, looping=looping):
            yield Misuse(line, *misused)
        else:
            yield from misuse(node, looping=looping or isinstance(node, nodes.For), around=line)


def _misused(node: nodes.Node, *, looping: bool) -> tuple[str, str] | None:  # noqa: C901, PLR0911 - a closed table
    match node:
        case nodes.Filter(name=name) if name not in KNOWN and name != "d":
            return rf"\b{re.escape(name)}\b", f'found the filter "{name}", expected {one_of(name, KNOWN)}'
        case nodes.Filter(name="t", node=said) if not isinstance(said, nodes.Const):
            return r"\bt\b", 'found "t" behind a value, expected it behind words: {{ "Good morning" | t }}'
        case nodes.Test(name=name) if name not in TESTS:
            return rf"\b{re.escape(name)}\b", f'found the test "{name}", expected {one_of(name, TESTS)}'
        case nodes.Filter(kwargs=[_, *_]) | nodes.Filter(dyn_args=nodes.Expr()) | nodes.Filter(dyn_kwargs=nodes.Expr()):
            return rf"\b{node.name}\b", "found a filter with named or starred arguments, expected plain ones"
        case nodes.Getattr(attr=name) if name.startswith("_"):
            return rf"{name}\b", f'found ".{name}", expected the name of a field'
        case nodes.Getitem(arg=argument) if not isinstance(argument, nodes.Const):
            return r"\[", 'found a computed name in brackets, expected a field such as lead.company or lead["company"]'
        case nodes.For() if looping:
            return r"\bfor\b(?!.*\bfor\b)", "found a loop inside a loop, expected one at a time"
        case nodes.For(recursive=True) | nodes.For(target=nodes.Tuple()):
            return r"\bfor\b", 'found a recursive or unpacking loop, expected "for reason in brief.reasons"'
        case nodes.For(iter=source) if not isinstance(source, nodes.Getattr):
            says = "found a loop over something else than a list field, expected brief.reasons or the like"
            return r"(?<=\bin )\s*\S", says
        case nodes.Call(node=nodes.Getattr(attr=name) | nodes.Name(name=name)):
            return rf"\b{name}\s*\(", "found a call, expected values, conditions, loops and filters only"
        case node if not isinstance(node, _ALLOWED):
            name, like = _CALLED.get(type(node), (type(node).__name__.lower(), r"\{"))
            return like, f"found {name}, expected values, conditions, loops and filters only"
    return None
