"""Rules about the finished letter: its links, its size, and what the law asks for."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final, Literal, assert_never

from jinja2 import nodes

from agents.check.contrast import faint
from agents.check.draft import Draft, EmailDraft, plain_brand
from agents.check.mail import LINK
from agents.check.mjml import frames_of, ready_of
from agents.check.templates import parsed, templates
from agents.render.letter import Rendered, Unrenderable, in_scheme, write
from agents.render.markdown import allowed
from agents.render.plain import clean
from schemas.problem import Problem

_UNSUBSCRIBE: Final = "https://unsubscribe.invalid/check"
MOST_SUBJECT: Final = 70
_OURS: Final = re.compile(r"\{\{\s*(brand\.website|unsubscribe_url|honeypot_url)\s*\}\}")


def wrong_link(draft: Draft) -> Iterator[Problem]:
    """A link leads to https:// or mailto:, and never to where a lead's own data say.

    Without https anybody on the way can read and change what is shown; without a host a link leads nowhere in a
    mailbox; with a value of a lead it leads wherever the lead likes.
    """
    for written in templates(draft):
        if not isinstance(parsed(written.text), nodes.Template):
            continue  # where braces are open, nobody knows where a link ends
        for found in LINK.finditer(written.text):
            target = found["markdown"] if found["html"] is None else found["html"]
            if message := _fault(target):
                line = written.text.count("\n", 0, found.start()) + 1
                yield written.problem(line, target, "wrong-link", message)


def finished_letter(draft: Draft) -> Iterator[Problem]:
    """Each e-mail, written once, passes the three rules below."""
    frames = frames_of(draft)
    values = {"brand": plain_brand(draft), "lead": _anybody(draft), "brief": {}, "sender": {"name": "x"}}
    values["unsubscribe_url"] = _UNSUBSCRIBE
    for email in draft.letters():
        meta, ready = email.meta.value, ready_of(draft, frames, email)
        if ready is None:
            continue
        letter = write(ready, values, {})
        if isinstance(letter, Unrenderable):
            yield _unwritable(email, letter)
        elif meta.kind != "internal":
            yield from _no_unsubscribe(email, letter)
            yield from _no_postal_address(draft, email, letter)
            yield from _long_subject(email, letter, "subject")
            for name in meta.subjects:
                yield from _long_subject(email, write(ready, values, {}, name), "subjects", name)
        if isinstance(letter, Rendered):
            yield from _low_contrast(email, letter)


def _anybody(draft: Draft) -> dict[str, str | float | bool]:
    """A lead of whom everything is known; what may be missing is the business of ``missing_fallback``."""
    fields = draft.catalogue.value.fields if draft.catalogue else {}
    known: dict[str, str | float | bool] = {"text": "x", "number": 2, "yes_no": True}
    return {name: field.values[0] if field.values else known[field.type] for name, field in fields.items()}


def _unwritable(email: EmailDraft, letter: Unrenderable, *subject: str) -> Problem:
    """An e-mail can be written at all, and is not too large."""
    says = letter.detail.removeprefix(f"{email.source.id}: ")
    where = f' in the layout "{email.meta.value.layout}"' if letter.part == "layout" else ""
    message = f"found an e-mail that cannot be written{where}: {says}"
    match letter.part:
        case "subject":
            return email.meta.problem(subject or ("subject",), "unwritable", message)
        case "preheader" | "layout":
            return email.meta.problem((letter.part,), "unwritable", message)
        case "body" | "":
            line = email.source.body_line + max(letter.line - 1, 0)
            return Problem(path=email.source.path, line=line, message=message, rule="unwritable")
    assert_never(letter.part)


def _no_unsubscribe(email: EmailDraft, letter: Rendered) -> Iterator[Problem]:
    """Who gets our mail can leave, from both parts of it (RFC 8058; the law wants the link to be seen)."""
    for ending in _lacking(_UNSUBSCRIBE in letter.text, f'href="{_UNSUBSCRIBE}"' in letter.html):
        message = f"found no link to {{{{ unsubscribe_url }}}}, expected one in {_layout_file(email, ending)}"
        yield email.meta.problem(("layout",), "no-unsubscribe", message)


def _no_postal_address(draft: Draft, email: EmailDraft, letter: Rendered) -> Iterator[Problem]:
    """Who gets our mail sees where we live (CAN-SPAM and others)."""
    address = clean(draft.brand.value.postal_address) if draft.brand else ""
    for ending in _lacking(address in letter.text, address in unescape(letter.html)):
        message = f"found no {{{{ brand.postal_address }}}}, expected it in {_layout_file(email, ending)}"
        yield email.meta.problem(("layout",), "no-postal-address", message)


def _lacking(in_text: bool, in_html: bool) -> list[str]:  # noqa: FBT001 - both are asked, always
    """The endings of the layout's files that lack it."""
    return [ending for ending, there in ((".txt", in_text), (".mjml", in_html)) if not there]


def _layout_file(email: EmailDraft, ending: str) -> str:
    return f"layouts/{email.meta.value.layout}{ending} ({'text' if ending == '.txt' else 'HTML'} part)"


def _long_subject(email: EmailDraft, letter: Rendered | Unrenderable, *at: str) -> Iterator[Problem]:
    """A subject is read whole in a list of mails on a wide screen. A warning."""
    if isinstance(letter, Unrenderable):
        yield _unwritable(email, letter, *at)
    elif len(letter.subject) > MOST_SUBJECT:
        message = f"found {len(letter.subject)} characters, expected at most {MOST_SUBJECT}: inboxes cut the rest off"
        yield email.meta.problem(at, "long-subject", message, warning=True)


def _low_contrast(email: EmailDraft, letter: Rendered) -> Iterator[Problem]:
    """Text can be read on its ground, by day and in the dark (WCAG 2.2, AA)."""
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        if found := next(faint(in_scheme(letter.html, scheme)), None):
            message = (
                f'found "{found.text[:40]}" in {found.colour} on {found.ground} in the {scheme} ({found.ratio:.1f}:1),'
                f' expected at least {found.least}:1; see brand.yaml and the layout "{email.meta.value.layout}"'
            )
            yield email.meta.problem(("layout",), "low-contrast", message)
            return


def no_text(draft: Draft) -> Iterator[Problem]:
    """A letter says something.

    An empty letter with our name under it helps nobody.
    """
    for email in draft.letters():
        if not email.source.body.strip():
            message = "found no text after the front matter, expected some"
            yield Problem(path=email.source.path, line=email.source.body_line, message=message, rule="no-text")


def _fault(target: str) -> str:
    plain = _OURS.sub("https://ours", target)
    if "{{" in plain:
        return f'found the link target "{target}", expected no values in it but brand.website and unsubscribe_url'
    if not allowed(plain):
        return f'found a link to "{target}", expected one that begins with https:// or mailto:'
    return ""
