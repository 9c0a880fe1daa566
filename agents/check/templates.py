"""Rules about what a template says: it parses, keeps to the language, names what is known. Nothing is rendered."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from jinja2 import TemplateSyntaxError, nodes
from msgspec import Struct

from agents.check.draft import Draft, plain_brand
from agents.check.variables import Known, faults, values_known
from agents.render import language
from agents.render.language import misuse
from schemas.convert import Place
from schemas.problem import Problem

_WITHIN: Final = r"\{[{%](?:(?!\}\}|%\}).)*?"
_BLOCK: Final = re.compile(r"\{%-?\s*(end)?(if|for)\b")
_LAYOUT_NAMES: Final = {name: Known() for name in ("subject", "preheader", "kind", "body", "locale")}


class Written(Struct, frozen=True):
    """A template where it stands: the lines of its file, the line of its first one, and the names that it may use.

    A ``head`` is what a mailbox shows of an e-mail before it is opened: a subject or a preheader.
    """

    path: str
    text: str
    line: int
    column: int
    lines: tuple[str, ...]
    names: dict[str, Known]
    head: bool = False

    def problem(self, line: int, word: str, rule: str, message: str, *, warning: bool = False) -> Problem:
        """A complaint at a word in a line of the template (from 1)."""
        return self.matching(line, re.escape(word), rule, message, warning=warning)

    def matching(self, line: int, like: str, rule: str, message: str, *, warning: bool = False) -> Problem:
        """A complaint at what looks like this in a line of the template (from 1), inside of braces if it is there."""
        at = self.line + line - 1
        written = self.lines[at - 1] if at <= len(self.lines) else ""
        start = self.column - 1 if line == 1 else 0
        ways = (rf"{_WITHIN}(?P<here>{like})", rf"(?P<here>{like})") if like else ()
        found = next(filter(None, (re.compile(way).search(written, start) for way in ways)), None)
        indented = start if line == 1 else len(written) - len(written.lstrip())
        return Problem(
            path=self.path,
            line=at,
            column=(found.start("here") if found else indented) + 1,
            message=message,
            rule=rule,
            severity="warning" if warning else "error",
        )


def template_syntax(draft: Draft) -> Iterator[Problem]:
    """What begins ends: braces, blocks, quotes.

    What is left open swallows what follows, so nothing of the e-mail could be written. Close it: {% if %} with {% endif
    %}, {{ with }}.
    """
    for written in templates(draft):
        tree = parsed(written.text)
        if not isinstance(tree, TemplateSyntaxError):
            continue
        if begun := _unclosed(written.text):
            line, block = begun
            message = f"found a block that is never closed, expected {{% end{block} %}} after it"
            yield written.matching(line, rf"\b{block}\b", "template-syntax", message)
        else:
            message = f"found a broken template ({tree.message}), expected each {{{{, {{% and quote to be closed"
            yield written.problem(tree.lineno, "", "template-syntax", message)


def _unclosed(text: str) -> tuple[int, str] | None:
    """The line and the kind of the innermost block that is open at the end of a template."""
    begun: list[tuple[int, str]] = []
    for found in _BLOCK.finditer(text):
        if not found[1]:
            begun.append((text.count("\n", 0, found.start()) + 1, found[2]))
        elif begun and begun[-1][1] == found[2]:
            begun.pop()
        else:
            return None
    return begun[-1] if begun else None


def template_language(draft: Draft) -> Iterator[Problem]:
    """Values, conditions, loops and a few filters: no calls, no assignments, no arithmetic.

    A letter needs values, conditions and a few filters. Whatever could call or compute could also reach what is none of
    its business.
    """
    for written in templates(draft):
        tree = parsed(written.text)
        if isinstance(tree, nodes.Template):
            for line, like, message in misuse(tree):
                yield written.matching(line, like, "template-language", message)


def unknown_variable(draft: Draft) -> Iterator[Problem]:
    """A template names fields of the catalogue and of the brand.

    A name that nothing is known of would be a hole in every letter. Fields stand in catalogue.yaml, the brand's in
    brand.yaml.
    """
    for written, line, name, message, missing in _faults(draft):
        if not missing:
            yield written.problem(line, name, "unknown-variable", message)


def missing_fallback(draft: Draft) -> Iterator[Problem]:
    """What may be unknown of a lead has something in its place. A warning: the send to that lead would be refused.

    For a lead without this field, the e-mail is refused rather than sent with a hole. Write {{ lead.first_name or
    "there" }}, or {% if lead.first_name %} around it.
    """
    for written, line, name, message, missing in _faults(draft):
        if missing:
            yield written.problem(line, name, "missing-fallback", message, warning=True)


def _faults(draft: Draft) -> Iterator[tuple[Written, int, str, str, bool]]:
    if draft.catalogue is None:
        return
    for written in templates(draft):
        tree = parsed(written.text)
        if isinstance(tree, nodes.Template) and not any(misuse(tree)):
            for fault in faults(tree, written.names):
                if draft.brand is None and fault.name.startswith("brand."):
                    continue  # what is wrong with brand.yaml has been told
                yield written, fault.line, fault.name, fault.message, fault.missing


@lru_cache(maxsize=1000)
def parsed(text: str) -> nodes.Template | TemplateSyntaxError:
    """A template's syntax tree, or what is wrong with it."""
    try:
        return language.parsed(text)
    except TemplateSyntaxError as error:
        return error


def templates(draft: Draft) -> Iterator[Written]:
    """Every template of the workplace."""
    fields = draft.catalogue.value.fields if draft.catalogue else {}
    brand = plain_brand(draft)
    kinds: dict[str, set[str]] = {}
    for email in draft.letters():
        source, meta = email.source, email.meta.value
        kinds.setdefault(meta.layout, set()).add(meta.kind)
        names = values_known(meta.kind, fields, brand)
        heads: dict[Place, str] = {("subject",): meta.subject, ("preheader",): meta.preheader}
        heads |= {("subjects", name): text for name, text in meta.subjects.items()}
        for at, text in heads.items():
            line, column = email.meta.places.get(at, (1, 1))
            yield Written(source.path, text, line, column, email.lines, names, head=True)
        yield Written(source.path, source.body, source.body_line, 1, email.lines, names)
    for layout in draft.layouts.values():
        names = dict(_LAYOUT_NAMES)
        for kind in kinds.get(layout.name, {"nurture"}):
            names |= values_known(kind, fields, brand)
        text_path = layout.path.removesuffix(".mjml") + ".txt"
        yield Written(layout.path, layout.mjml, 1, 1, tuple(layout.mjml.split("\n")), names)
        yield Written(text_path, layout.text, 1, 1, tuple(layout.text.split("\n")), names)
    for partial in draft.partials.values():
        names = _LAYOUT_NAMES | values_known("nurture", fields, brand)
        yield Written(partial.path, partial.mjml, 1, 1, tuple(partial.mjml.split("\n")), names)
