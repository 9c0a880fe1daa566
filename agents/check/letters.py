"""Rules about the finished letter: its links, its size, and what the law asks for."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final

from jinja2 import Template, TemplateSyntaxError

from agents.check.draft import Draft, EmailDraft, plain_brand
from agents.check.templates import parsed, templates
from agents.render.language import misuse
from agents.render.letter import Rendered, Unrenderable, compiled, compiled_layout, write
from agents.render.markdown import allowed
from agents.render.plain import clean
from agents.render.source import Layout
from schemas.problem import Problem

_UNSUBSCRIBE: Final = "https://unsubscribe.invalid/check"
# [text](target) and href="target", where a target may hold Jinja with blanks in it
_TARGET: Final = r"((?:\{\{.*?\}\}|[^\s)>\"'])*)"
_LINKS: Final = re.compile(rf"\]\(\s*<?{_TARGET}|\shref=[\"']?{_TARGET}")
_OURS: Final = re.compile(r"\{\{\s*(brand\.website|unsubscribe_url)\s*\}\}")


def broken_layout(draft: Draft) -> Iterator[Problem]:
    """A layout is MJML that can be compiled, with its Jinja left in place."""
    for layout in draft.layouts.values():
        try:
            if _sound(layout.mjml, layout.text):
                compiled_layout(layout)
        except OSError as error:
            message = (
                f'found something that is not MJML ({error}); look for "<" or quotes inside Jinja, and unclosed tags'
            )
            yield Problem(path=layout.path, message=message, rule="broken-layout")


def wrong_link(draft: Draft) -> Iterator[Problem]:
    """A link leads to https:// or mailto:, and never to where a lead's own data say."""
    for written in templates(draft):
        for found in _LINKS.finditer(written.text):
            target = next((target for target in found.groups() if target is not None), "")
            if message := _fault(target):
                line = written.text.count("\n", 0, found.start()) + 1
                yield written.problem(line, target, "wrong-link", message)


def finished_letter(draft: Draft) -> Iterator[Problem]:
    """Each e-mail, written once, passes the three rules below."""
    layouts = {name: frames for name, layout in draft.layouts.items() if (frames := _frames(layout))}
    values = {"brand": plain_brand(draft), "lead": _anybody(draft), "brief": {}, "unsubscribe_url": _UNSUBSCRIBE}
    for email in draft.emails.values():
        meta, frames = email.meta.value, layouts.get(email.meta.value.layout)
        if frames is None or not _sound(meta.subject, meta.preheader, email.source.body):
            continue
        letter = write(compiled(email.source, frames), values)
        if isinstance(letter, Unrenderable):
            yield _unwritable(email, letter)
        elif meta.kind != "internal":
            yield from _no_unsubscribe(email, letter)
            yield from _no_postal_address(draft, email, letter)


def _anybody(draft: Draft) -> dict[str, str | float | bool]:
    """A lead of whom everything is known; what may be missing is the business of ``missing_fallback``."""
    fields = draft.catalogue.value.fields if draft.catalogue else {}
    known: dict[str, str | float | bool] = {"text": "x", "number": 2, "yes_no": True}
    return {name: field.values[0] if field.values else known[field.type] for name, field in fields.items()}


def _unwritable(email: EmailDraft, letter: Unrenderable) -> Problem:
    """An e-mail can be written at all, and is not too large."""
    message = f"found an e-mail that cannot be written: {letter.detail.removeprefix(f'{email.source.id}: ')}"
    return Problem(path=email.source.path, line=email.source.body_line, message=message, rule="unwritable")


def _no_unsubscribe(email: EmailDraft, letter: Rendered) -> Iterator[Problem]:
    """Who gets our mail can leave, from both parts of it (RFC 8058; the law wants the link to be seen)."""
    if _UNSUBSCRIBE not in letter.text or f'href="{_UNSUBSCRIBE}"' not in letter.html:
        expected = f'expected it in the layout "{email.meta.value.layout}"'
        message = f"found no link to {{{{ unsubscribe_url }}}} in both parts, {expected}"
        yield email.meta.problem(("layout",), "no-unsubscribe", message)


def _no_postal_address(draft: Draft, email: EmailDraft, letter: Rendered) -> Iterator[Problem]:
    """Who gets our mail sees where we live (CAN-SPAM and others)."""
    address = clean(draft.brand.value.postal_address) if draft.brand else ""
    if address not in letter.text or address not in unescape(letter.html):
        expected = f'expected it in the layout "{email.meta.value.layout}"'
        message = f"found no {{{{ brand.postal_address }}}} in both parts, {expected}"
        yield email.meta.problem(("layout",), "no-postal-address", message)


def no_text(draft: Draft) -> Iterator[Problem]:
    """A letter says something."""
    for email in draft.emails.values():
        if not email.source.body.strip():
            message = "found no text after the front matter, expected some"
            yield Problem(path=email.source.path, line=email.source.body_line, message=message, rule="no-text")


def _frames(layout: Layout) -> tuple[Template, Template] | None:
    try:
        return compiled_layout(layout) if _sound(layout.mjml, layout.text) else None
    except OSError:
        return None


def _sound(*texts: str) -> bool:
    trees = [parsed(text) for text in texts]
    return not any(isinstance(tree, TemplateSyntaxError) or any(misuse(tree)) for tree in trees)


def _fault(target: str) -> str:
    plain = _OURS.sub("https://ours", target)
    if "{{" in plain:
        return f'found the link target "{target}", expected no values in it but brand.website and unsubscribe_url'
    if not allowed(plain):
        return f'found a link to "{target}", expected one that begins with https:// or mailto:'
    return ""
