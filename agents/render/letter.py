"""One e-mail, one lead's values: subject, HTML and text, or the reason why not. It knows no folder and no provider.

Jinja first, then Markdown, then the layout, then styles inlined: in this order no step can undo another's escaping.
"""

import re
from collections.abc import Mapping
from time import perf_counter
from types import MappingProxyType
from typing import Any, Final, Literal

import css_inline
import mrml
from jinja2 import Template
from markupsafe import Markup
from msgspec import Struct

from agents.render.blame import BrokenError, Part, broken, unforeseen
from agents.render.language import prepared
from agents.render.markdown import SCHEMES, markdown
from agents.render.partials import BODY, expanded
from agents.render.plain import HOLE, OPEN, UnfitError, holes_in, plain
from agents.render.source import EmailSource, Layout, Words
from agents.render.tags import tagged
from agents.render.text import text_of_html
from agents.render.tongue import Tongue, family, tongue
from schemas.reason import Reason
from schemas.words import counted

MOST_BYTES: Final = 100_000  # Gmail clips HTML at about 102 KB and hides the footer
MOST_SECONDS: Final = 1.0
MOST_SUBJECT: Final = 250
_LINKS: Final = re.compile(r'<a\s[^>]*?href="([^"]*)"', re.IGNORECASE)
_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MARKUP: Final = re.compile(r"<title>.*?</title>|<[^>]*>|" + HOLE.pattern, re.DOTALL)
_QUOTED_HOLE: Final = re.compile("(?:%EE%80%80)(.*?)(?:%EE%80%81)")
_HIGHLIGHT: Final = '<mark class="hole" style="background:#ffe58a;color:#5a4200">{}</mark>'
_NO_FONTS: Final = mrml.RenderOptions(fonts={})  # else it asks Google for Roboto, and tells it who reads
_DARK: Final = re.compile(r"@media\s*\(prefers-color-scheme:\s*dark\)\s*\{((?:[^{}]*\{[^{}]*\})*)\s*\}")
_INLINER: Final = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


class Rendered(Struct, frozen=True, kw_only=True):
    """A letter's content, in which language. ``holes`` names what a preview did not know; one to send has none."""

    subject: str
    preheader: str
    html: str
    text: str
    source_hash: str
    locale: str = ""
    holes: tuple[str, ...] = ()


class Unrenderable(Struct, frozen=True):
    """Why there is no letter, for people: names of fields, never their values. ``line`` counts in ``part``, from 1."""

    detail: str
    reason: Reason = Reason.TEMPLATE
    part: Part = ""
    line: int = 0


class Frame(Struct, frozen=True):
    """A layout's two templates, compiled."""

    html: Template
    text: Template


class Ready(Struct, frozen=True):
    """An e-mail's templates, compiled. Its ``subjects`` are by name; the first has none."""

    source: EmailSource
    subjects: dict[str, Template]
    preheader: Template
    body: Template
    frame: Frame
    locale: str = ""


class Frames:
    """Layouts and partials; what goes around a Markdown body is compiled once a language, around MJML each time.

    ``locale`` is that of e-mails that are no translations; ``words`` are what layouts say in others.
    """

    def __init__(
        self,
        layouts: Mapping[str, Layout],
        partials: Mapping[str, str],
        words: Mapping[str, Words] = MappingProxyType({}),
        locale: str = "en-GB",
    ) -> None:
        self._layouts, self._partials, self._words, self._locale = layouts, partials, words, locale
        self._tongues: dict[str, Tongue] = {}
        self._compiled: dict[tuple[str, str], Frame] = {}

    def plain(self, name: str, locale: str = "") -> Frame:
        """The frame for Markdown. Raises OSError (MJML), ValueError (partials), jinja2.TemplateSyntaxError."""
        if (name, locale) not in self._compiled:
            self._compiled[name, locale] = _frame(self._layouts[name], self._partials, self._tongue(locale))
        return self._compiled[name, locale]

    def compiled(self, source: EmailSource) -> Ready:
        """The e-mail in its layout. Raises what ``plain`` raises, and KeyError without the layout."""
        meta, spoken = source.meta, self._tongue(source.locale)
        heads = {"": meta.subject, **meta.subjects}
        subjects = {name: spoken.text.from_string(text) for name, text in heads.items()}
        preheader = spoken.text.from_string(meta.preheader)
        if source.written_in == "markdown":
            body = spoken.markdown.from_string(prepared(source.body))
            frame = self.plain(meta.layout, source.locale)
        else:
            sections = expanded(source.body, self._partials)
            body = spoken.html.from_string(_html_of(f"<mjml><mj-body>{sections}</mj-body></mjml>"))
            frame = _frame(self._layouts[meta.layout], {**self._partials, BODY: sections}, spoken)
        return Ready(source, subjects, preheader, body, frame, spoken.locale)

    def _tongue(self, locale: str) -> Tongue:
        """The words of a locale, else of its language."""
        if locale not in self._tongues:
            said = next((self._words[name].said for name in family(locale) if name in self._words), {})
            self._tongues[locale] = tongue(locale or self._locale, said)
        return self._tongues[locale]


def _frame(layout: Layout, partials: Mapping[str, str], spoken: Tongue) -> Frame:
    html = spoken.html.from_string(_html_of(expanded(layout.mjml, partials)))
    return Frame(html, spoken.text.from_string(prepared(layout.text)))


def _html_of(mjml: str) -> str:
    html: str = mrml.to_html(mjml, render_options=_NO_FONTS).content
    return html


def write(
    ready: Ready, values: Mapping[str, Any], tags: Mapping[str, str], subject: str = ""
) -> Rendered | Unrenderable:
    """The letter, its holes marked by private characters; or one sentence when it must not exist.

    ``tags`` go into the links to ``brand.website``; ``subject`` names one of the others.
    """
    if subject not in ready.subjects:
        return Unrenderable(f'{ready.source.id}: found no subject "{subject}", expected it among its subjects')
    try:
        return _written(ready, subject, plain(values), tags, perf_counter() + MOST_SECONDS)
    except BrokenError as error:
        return Unrenderable(f"{ready.source.id}: {error}", part=error.part, line=error.line)
    except UnfitError as error:
        return Unrenderable(f"{ready.source.id}: {error}")
    except Exception as error:  # noqa: BLE001 - whatever a value does to a letter is one lead's, and stops nobody else's
        return Unrenderable(f"{ready.source.id}: {unforeseen(error)}")


def _written(ready: Ready, name: str, values: Mapping[str, Any], tags: Mapping[str, str], deadline: float) -> Rendered:
    def tag(html: str) -> str:
        return tagged(html, values.get("brand", {}).get("website", ""), tags, but=values.get("unsubscribe_url", ""))

    meta = ready.source.meta
    written = ready.source.body if ready.source.written_in == "markdown" else ""  # MJML moves its lines
    subject = _run("subject", ready.subjects[name], meta.subjects.get(name, meta.subject), values, deadline)
    _refuse("subject", header_fault(subject))
    preheader = _run("preheader", ready.preheader, meta.preheader, values, deadline)
    source = _run("body", ready.body, written, values, deadline)
    body = markdown(source) if ready.source.written_in == "markdown" else source
    around = {**values, "subject": subject, "preheader": preheader, "kind": meta.kind, "locale": ready.locale}
    page = tag(_run("layout", ready.frame.html, "", {**around, "body": Markup(body)}, deadline))  # noqa: S704 - escaped
    text = _run("layout", ready.frame.text, "", {**around, "body": text_of_html(tag(body))}, deadline)
    html = _INLINER.inline(page)
    _refuse("", *map(_link_fault, _LINKS.findall(html)), _size_fault(html))
    return Rendered(
        subject=subject,
        preheader=preheader,
        html=html,
        text=text,
        source_hash=ready.source.source_hash,
        locale=ready.locale,
        holes=holes_in(subject, preheader, source, page),
    )


def _run(part: Part, template: Template, source: str, values: Mapping[str, Any], deadline: float) -> str:
    """A part as text. Raises BrokenError; ``source`` is what its author wrote, where its lines are the template's."""
    pieces, size = [], 0
    try:
        for piece in template.generate(values):
            pieces.append(piece)
            size += len(piece)
            if size > MOST_BYTES:
                _refuse(part, f"it grew beyond {MOST_BYTES:,} characters: say less, or link to it")
            if perf_counter() > deadline:
                _refuse(part, f"it took longer than {MOST_SECONDS} s")
    except BrokenError:
        raise
    except Exception as error:
        raise broken(error, part, source) from error
    return "".join(pieces)


# ── what must not leave ──────────────────────────────────────────────────────────────────────────────────────


def header_fault(subject: str) -> str:
    """Why a text cannot be a header, or nothing."""
    if found := _UNSAFE.search(subject):
        return f"the subject has the control character U+{ord(found[0]):04X}"
    if len(subject) > MOST_SUBJECT:
        return f"the subject has {counted(len(subject), 'character')}, expected at most {MOST_SUBJECT}"
    return "" if subject.strip() else "the subject is empty"


def _link_fault(url: str) -> str:
    known = url.lower().startswith(SCHEMES) or OPEN in url
    return "" if known else "a link is neither https:// nor mailto:"


def _size_fault(html: str) -> str:
    size = len(html.encode())
    return (
        "" if size <= MOST_BYTES else f"the HTML has {size:,} bytes, expected at most {MOST_BYTES:,} (Gmail clips it)"
    )


def _refuse(part: Part, *faults: str) -> None:
    for fault in filter(None, faults):
        raise BrokenError(part, 0, fault)


# ── light and dark ───────────────────────────────────────────────────────────────────────────────────────────


def in_scheme(html: str, scheme: Literal["light", "dark"]) -> str:
    """The finished HTML as a reader in this colour scheme gets it, whatever the scheme of who looks at it."""
    shown = _DARK.sub(r"\1" if scheme == "dark" else "", html)
    return _INLINER.inline(shown) if scheme == "dark" else shown


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
        locale=rendered.locale,
        holes=rendered.holes,
    )


def _bracketed(text: str) -> str:
    return _QUOTED_HOLE.sub(r"[\1]", HOLE.sub(r"[\1]", text))
