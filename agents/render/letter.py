"""One e-mail, one lead's values: subject, HTML and text, or the reason why not. It knows no folder and no provider.

Jinja first, then Markdown, then the layout, then styles inlined: in this order no step can undo another's escaping.
"""

import re
from collections.abc import Mapping
from time import perf_counter
from typing import Any, Final

import css_inline
import mrml
from jinja2 import Template, TemplateError
from markupsafe import Markup
from msgspec import Struct

from agents.render.language import HTML, MARKDOWN, TEXT, prepared
from agents.render.markdown import SCHEMES, markdown
from agents.render.plain import HOLE, OPEN, holes_in, plain
from agents.render.source import EmailSource, Layout
from agents.render.text import text_of_html

MOST_BYTES: Final = 100_000  # Gmail clips HTML at about 102 KB and hides the footer
MOST_SECONDS: Final = 1.0
MOST_SUBJECT: Final = 250
_LINKS: Final = re.compile(r'<a\s[^>]*?href="([^"]*)"', re.IGNORECASE)
_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MARKUP: Final = re.compile(r"<title>.*?</title>|<[^>]*>|" + HOLE.pattern, re.DOTALL)
_QUOTED_HOLE: Final = re.compile("(?:%EE%80%80)(.*?)(?:%EE%80%81)")
_HIGHLIGHT: Final = '<mark class="hole" style="background:#ffe58a;color:#5a4200">{}</mark>'
_INLINER: Final = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


class Rendered(Struct, frozen=True, kw_only=True):
    """A letter's content. ``holes`` names what a preview did not know; a rendering to send has none."""

    subject: str
    preheader: str
    html: str
    text: str
    source_hash: str
    holes: tuple[str, ...] = ()


class Unrenderable(Struct, frozen=True):
    """Why there is no letter, for people: names of fields, never their values."""

    detail: str


class Ready(Struct, frozen=True):
    """An e-mail's templates, compiled."""

    source: EmailSource
    subject: Template
    preheader: Template
    body: Template
    html: Template
    text: Template


def compiled(source: EmailSource, layout: tuple[Template, Template]) -> Ready:
    """The e-mail in its layout. Raises jinja2.TemplateSyntaxError."""
    subject, preheader = TEXT.from_string(source.meta.subject), TEXT.from_string(source.meta.preheader)
    return Ready(source, subject, preheader, MARKDOWN.from_string(prepared(source.body)), *layout)


def compiled_layout(layout: Layout) -> tuple[Template, Template]:
    """The layout's HTML and text templates. Raises OSError (MJML) and jinja2.TemplateSyntaxError."""
    return HTML.from_string(mrml.to_html(layout.mjml).content), TEXT.from_string(prepared(layout.text))


def write(ready: Ready, values: Mapping[str, Any]) -> Rendered | Unrenderable:
    """The letter, its holes marked by private characters; or one sentence when it must not exist."""
    try:
        return _written(ready, plain(values), perf_counter() + MOST_SECONDS)
    except (TemplateError, TypeError, ValueError, OverflowError) as error:
        return Unrenderable(f"{ready.source.id}: {error}")


def _written(ready: Ready, values: Mapping[str, Any], deadline: float) -> Rendered:
    subject, preheader = _run(ready.subject, values, deadline), _run(ready.preheader, values, deadline)
    source = _run(ready.body, values, deadline)
    body = markdown(source)
    around = {**values, "subject": subject, "preheader": preheader, "kind": ready.source.meta.kind}
    page = _run(ready.html, {**around, "body": Markup(body)}, deadline)  # noqa: S704 - escaped by then, twice
    text = _run(ready.text, {**around, "body": text_of_html(body)}, deadline)
    html = _INLINER.inline(page)
    _refuse(header_fault(subject), *map(_link_fault, _LINKS.findall(html)), _size_fault(html))
    return Rendered(
        subject=subject,
        preheader=preheader,
        html=html,
        text=text,
        source_hash=ready.source.source_hash,
        holes=holes_in(subject, preheader, source, page),
    )


def _run(template: Template, values: Mapping[str, Any], deadline: float) -> str:
    parts, size = [], 0
    for part in template.generate(values):
        parts.append(part)
        size += len(part)
        if size > MOST_BYTES:
            raise ValueError(f"it grew beyond {MOST_BYTES:,} characters")
        if perf_counter() > deadline:
            raise ValueError(f"it took longer than {MOST_SECONDS} s")
    return "".join(parts)


# ── what must not leave ──────────────────────────────────────────────────────────────────────────────────────


def header_fault(subject: str) -> str:
    """Why a text cannot be a header, or nothing."""
    if found := _UNSAFE.search(subject):
        return f"the subject has the control character U+{ord(found[0]):04X}"
    if len(subject) > MOST_SUBJECT:
        return f"the subject has {len(subject)} characters, expected at most {MOST_SUBJECT}"
    return "" if subject.strip() else "the subject is empty"


def _link_fault(url: str) -> str:
    known = url.lower().startswith(SCHEMES) or OPEN in url
    return "" if known else "a link is neither https:// nor mailto:"


def _size_fault(html: str) -> str:
    size = len(html.encode())
    return (
        "" if size <= MOST_BYTES else f"the HTML has {size:,} bytes, expected at most {MOST_BYTES:,} (Gmail clips it)"
    )


def _refuse(*faults: str) -> None:
    for fault in filter(None, faults):
        raise ValueError(fault)


# ── previews ─────────────────────────────────────────────────────────────────────────────────────────────────


def marked(rendered: Rendered) -> Rendered:
    """The same letter with its holes to be seen: highlighted in HTML, in brackets elsewhere."""

    def mark(found: re.Match[str]) -> str:
        # a mark inside a tag would break the tag
        return _bracketed(found[0]) if found[1] is None else _HIGHLIGHT.format(found[1])

    return Rendered(
        subject=_bracketed(rendered.subject),
        preheader=_bracketed(rendered.preheader),
        html=_MARKUP.sub(mark, rendered.html),
        text=_bracketed(rendered.text),
        source_hash=rendered.source_hash,
        holes=rendered.holes,
    )


def _bracketed(text: str) -> str:
    return _QUOTED_HOLE.sub(r"[\1]", HOLE.sub(r"[\1]", text))
