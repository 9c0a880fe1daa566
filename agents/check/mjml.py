"""Rules about MJML: it can be compiled, its elements and partials exist, a layout has a place for the body."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from jinja2 import TemplateSyntaxError
from msgspec import Struct

from agents.check.draft import Draft, EmailDraft
from agents.check.templates import parsed
from agents.render.language import misuse
from agents.render.letter import Frames, Ready
from agents.render.partials import BODY, INCLUDE, included
from schemas.problem import Problem
from schemas.words import one_of

ELEMENTS: Final = re.findall(
    r"\S+",
    "mjml mj-head mj-attributes mj-all mj-class mj-breakpoint mj-font mj-html-attributes mj-selector mj-html-attribute"
    " mj-preview mj-style mj-title mj-raw mj-body mj-include mj-accordion mj-accordion-element mj-accordion-title"
    " mj-accordion-text mj-button mj-carousel mj-carousel-image mj-column mj-divider mj-group mj-hero mj-image"
    " mj-navbar mj-navbar-link mj-section mj-social mj-social-element mj-spacer mj-table mj-text mj-wrapper",
)
_TAG: Final = re.compile(r"<(?:mj-)?style\b.*?</(?:mj-)?style>|<(?:\{\{.*?\}\}|\{%.*?%\}|[^<>])*>", re.DOTALL)
_PRINTED: Final = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_OURS: Final = re.compile(r"brand\.[\w.]+$|(?:unsubscribe|honeypot)_url$|locale$")
_IN_WORDS: Final = re.compile(r"""\s(?:alt|title)=(?:"[^"]*|'[^']*)$""")
_ELEMENT: Final = re.compile(r"<((?:mj-|mjml)[a-z-]*)")


class Piece(Struct, frozen=True):
    """A text, and where it stands: its file, the line on which it begins."""

    path: str
    text: str
    line: int = 1

    def problem(self, index: int, rule: str, message: str, *, warning: bool = False) -> Problem:
        """A complaint at a character of the text (from 0)."""
        before = self.text[:index]
        return Problem(
            path=self.path,
            line=self.line + before.count("\n"),
            column=index - before.rfind("\n"),
            message=message,
            rule=rule,
            severity="warning" if warning else "error",
        )


def frames_of(draft: Draft) -> Frames:
    """The layouts of a draft, not compiled yet."""
    partials = {name: partial.mjml for name, partial in draft.partials.items()}
    locale = draft.brand.value.locale if draft.brand else "en-GB"
    return Frames(draft.layouts, partials, draft.words, locale)


def ready_of(draft: Draft, frames: Frames, email: EmailDraft) -> Ready | None:
    """An e-mail ready to be written, or None when something else is wrong with it that another rule tells."""
    layout = draft.layouts.get(email.meta.value.layout)
    if layout is None:
        return None
    partials = [partial.mjml for partial in draft.partials.values()]
    meta, body = email.meta.value, email.source.body
    if not _sound(meta.subject, meta.preheader, body, layout.mjml, layout.text, *partials):
        return None
    try:
        return frames.compiled(email.source)
    except (OSError, ValueError, TemplateSyntaxError):
        return None


def broken_layout(draft: Draft) -> Iterator[Problem]:
    """A layout is MJML that can be compiled, with its Jinja left in place; so is the body of an MJML e-mail.

    What cannot be compiled stops every e-mail in that layout. Look for "<" or quotes inside Jinja, and for tags that
    are not closed.
    """
    frames, sound = frames_of(draft), set()
    for layout in draft.layouts.values():
        if _sound(layout.mjml, layout.text) and _whole(layout.mjml, draft):
            try:
                frames.plain(layout.name)
                sound.add(layout.name)
            except (OSError, ValueError, TemplateSyntaxError) as error:
                if not _only_mjml(draft, layout.path):
                    yield Problem(path=layout.path, message=_no_mjml(error), rule="broken-layout")
    for email in draft.letters():
        source = email.source
        if source.written_in == "mjml" and source.meta.layout in sound and _whole(source.body, draft):
            try:
                frames.compiled(source)
            except (OSError, ValueError, TemplateSyntaxError) as error:
                yield Problem(path=source.path, line=source.body_line, message=_no_mjml(error), rule="broken-layout")


def _no_mjml(error: Exception) -> str:
    return f'found something that is not MJML ({error}); look for "<" or quotes inside Jinja, and unclosed tags'


def unknown_element(draft: Draft) -> Iterator[Problem]:
    """An element is one that MJML has; any other would vanish without a word.

    MJML leaves out what it does not know, and the letter has a gap. The nearest element is suggested.
    """
    for piece in pieces(draft):
        for found in _ELEMENT.finditer(piece.text):
            if found[1] not in ELEMENTS:
                message = f'found the element "{found[1]}", expected {one_of(found[1], ELEMENTS)}'
                yield piece.problem(found.start(1), "unknown-element", message)


def unknown_partial(draft: Draft) -> Iterator[Problem]:
    """What is included stands in partials/, and includes nothing itself.

    What several e-mails share stands in partials/, one level deep, so that one can see what a letter is made of, and
    none can include itself. Write the inner text out.
    """
    known, inner = draft.names["partials"], {partial.path for partial in draft.partials.values()}
    for piece in pieces(draft):
        for found, name in zip(INCLUDE.finditer(piece.text), included(piece.text), strict=True):
            if piece.path in inner:
                way = " → ".join(_way(draft, [Path(piece.path).stem, name]))
                message = f"found a partial that includes another ({way}), expected the text itself"
                yield piece.problem(found.start(1), "unknown-partial", message)
            elif name not in known and not (name == BODY and _only_mjml(draft, piece.path)):
                message = f'found the partial "{name}", expected {one_of(name, known)}'
                yield piece.problem(found.start(1), "unknown-partial", message)


def _way(draft: Draft, names: list[str]) -> list[str]:
    """The names on, from partial to partial, to the end or to where they begin anew."""
    partial = draft.partials.get(names[-1])
    inner = included(partial.mjml) if partial is not None and names[-1] not in names[:-1] else []
    return _way(draft, [*names, inner[0]]) if inner else names


def value_in_markup(draft: Draft) -> Iterator[Problem]:
    """What a lead wrote stands between tags, or in words about a picture: in a tag it could become markup.

    Whoever fills in a form could end an attribute and begin a script. Values of leads stand between tags; colours and
    addresses of the brand may stand in them.
    """
    for piece in pieces(draft):
        for tag in _TAG.finditer(piece.text):
            for found in _PRINTED.finditer(tag[0]):
                if not _OURS.match(found[1]) and not _IN_WORDS.search(tag[0][: found.start()]):
                    message = f'found "{found[0]}" inside a tag, expected it between tags, or in alt="..."'
                    yield piece.problem(tag.start() + found.start(), "value-in-markup", message)


def lost_body(draft: Draft) -> Iterator[Problem]:
    """A layout has a place for what an e-mail says: ``{{ body }}``, or for MJML too, the partial ``body``.

    Without a place for it, what the e-mail says would be left out, and the frame sent alone.
    """
    for email in draft.letters():
        layout = draft.layouts.get(email.meta.value.layout)
        if layout is None:
            continue
        slot = BODY in included(layout.mjml)
        if email.source.written_in == "mjml" and not slot:
            message = f'found the layout "{layout.name}", expected one with <mj-include path="body.mjml" /> in it'
            yield email.meta.problem(("layout",), "lost-body", message)
        elif "body" not in layout.text or not (slot or "body" in layout.mjml):
            message = f'found the layout "{layout.name}", expected one with {{{{ body }}}} in both parts'
            yield email.meta.problem(("layout",), "lost-body", message)


def _only_mjml(draft: Draft, path: str) -> bool:
    """Whether a layout is used by MJML e-mails only, and needs no partial around a Markdown body."""
    users = [email.source.written_in for email in draft.letters() if _layout_path(draft, email) == path]
    return bool(users) and set(users) == {"mjml"}


def _layout_path(draft: Draft, email: EmailDraft) -> str:
    layout = draft.layouts.get(email.meta.value.layout)
    return layout.path if layout else ""


def pieces(draft: Draft) -> Iterator[Piece]:
    """Every text in MJML: layouts, partials, bodies."""
    for layout in draft.layouts.values():
        yield Piece(layout.path, layout.mjml)
    for partial in draft.partials.values():
        yield Piece(partial.path, partial.mjml)
    for email in draft.letters():
        if email.source.written_in == "mjml":
            yield Piece(email.source.path, email.source.body, email.source.body_line)


def _whole(text: str, draft: Draft) -> bool:
    """Whether what a text includes is there, and no more than that."""
    names = set(included(text))
    return names <= draft.partials.keys() | {BODY} and not any(
        included(draft.partials[name].mjml) for name in names & draft.partials.keys()
    )


def _sound(*texts: str) -> bool:
    trees = [parsed(text) for text in texts]
    return not any(isinstance(tree, TemplateSyntaxError) or any(misuse(tree)) for tree in trees)
