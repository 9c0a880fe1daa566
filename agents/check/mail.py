"""Rules about what mailboxes, their programs and their owners make of an e-mail. They judge sources, not letters."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from agents.check.contrast import colour_of
from agents.check.draft import Draft
from agents.check.mjml import Piece, pieces
from agents.check.templates import templates
from schemas.brand import Brand
from schemas.problem import Problem
from schemas.words import listed

LINK: Final = re.compile(
    # [text](target), href="target" and src="target", where a target may hold Jinja with blanks in it
    r"""\]\(\s*<?(?P<markdown>(?:\{\{.*?\}\}|[^\s)>"'])*)|\s(?:href|src)=["']?(?P<html>(?:\{\{.*?\}\}|[^\s)>"'])*)"""
)
_SHORTENERS: Final = frozenset(
    {"bit.ly", "buff.ly", "cutt.ly", "goo.gl", "is.gd", "lnkd.in", "ow.ly", "rb.gy", "rebrand.ly", "shorturl.at",
     "t.co", "t.ly", "tiny.cc", "tinyurl.com"}
)  # fmt: skip
_PICTURE: Final = re.compile(r"!\[(?P<markdown>[^\]]*)\]\(|<(?:mj-image|img)\b(?P<html>[^>]*)>")
_ALT: Final = re.compile(r"""\salt=["'][^"']*[^"'\s][^"']*["']""")
_NO_WORDS: Final = re.compile(r"\{%.*?%\}|\{#.*?#\}|<[^>]*>|!?\[[^\]]*\]\([^)]*\)", re.DOTALL)
_FEWEST_WORDS: Final = 10
_STYLED: Final = re.compile(r"<(?:mj-)?style\b[^>]*>(.*?)</(?:mj-)?style>|\sstyle=\"([^\"]*)\"", re.DOTALL)
_DECLARED: Final = re.compile(r"(?<![\w-])([a-z-]+)\s*:\s*([a-z-]*)(?=[^;{}]*[;}]|[^;{}]*$)")


class _Support(msgspec.Struct, frozen=True):
    """What the major mail programs lack; ``from`` says who found out, and when."""

    css: dict[str, list[str]]
    html: dict[str, list[str]]


@cache
def _support() -> _Support:
    return msgspec.json.decode(Path(__file__).with_name("caniemail.json").read_bytes(), type=_Support)


def foreign_sender(draft: Draft) -> Iterator[Problem]:
    """We write from a domain of our own: what others' domains allow us, mailboxes refuse (DMARC).

    Mailboxes ask the domain whether we may write in its name, and it has not heard of us. Write from a domain of our
    own, and list it under `domains`.
    """
    if draft.brand is None:
        return
    ours, brand = owned_domains(draft.brand.value), draft.brand
    if not owned(brand.value.from_email, ours):
        message = f'found "{brand.value.from_email}", expected an address at {listed(ours, "or")}, or "domains" with it'
        yield brand.problem(("from_email",), "foreign-sender", message)
    if draft.sales is None or not any(email.meta.value.from_ == "owner" for email in draft.emails.values()):
        return
    for index, rep in enumerate(draft.sales.value.reps):
        if not owned(rep.email, ours):
            message = f'found "{rep.email}", which signs e-mails that are "from: owner"; expected {listed(ours, "or")}'
            yield draft.sales.problem(("reps", index, "email"), "foreign-sender", message)


def owned_domains(brand: Brand) -> tuple[str, ...]:
    """The domains that we write from, and below which we do."""
    return brand.domains or ((urlsplit(brand.website).hostname or "").removeprefix("www."),)


def owned(address: str, domains: tuple[str, ...]) -> bool:
    """Whether an address is at one of the domains, or below it."""
    host = address.rpartition("@")[2].lower()
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def wrong_colour(draft: Draft) -> Iterator[Problem]:
    """A colour of the brand is written as #rrggbb, which every mail program understands.

    Names of colours, and other ways to write one, some mail programs do not know. Write its digits.
    """
    if draft.brand is not None:
        for name, colour in draft.brand.value.colours.items():
            if colour_of(colour) is None:
                message = f'found "{colour}", expected a colour such as "#0b6e4f"'
                yield draft.brand.problem(("colours", name), "wrong-colour", message)


def link_shortener(draft: Draft) -> Iterator[Problem]:
    """A link says where it leads; shortened ones are how spam hides.

    Spam hides behind them, so filters distrust whoever uses them. Write the address itself; clicks are counted all the
    same.
    """
    for written in templates(draft):
        for found in LINK.finditer(written.text):
            target = found["markdown"] or found["html"] or ""
            if "{" not in target and (_host(target)).removeprefix("www.") in _SHORTENERS:
                line = written.text.count("\n", 0, found.start()) + 1
                message = f'found a link through "{_host(target)}", expected the address that it leads to'
                yield written.problem(line, target, "link-shortener", message)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def missing_alt(draft: Draft) -> Iterator[Problem]:
    """A picture says in words what it shows: half of the mail programs do not load it, and not everybody sees.

    Without words the picture is a grey box to half of the readers, and nothing at all to a screen reader. Say what it
    shows, or what follows from it.
    """
    for piece in _texts(draft):
        for found in _PICTURE.finditer(piece.text):
            said = found["markdown"].strip() if found["html"] is None else _ALT.search(found["html"])
            if not said:
                message = 'found a picture without words, expected ![what it shows](...) or alt="what it shows"'
                yield piece.problem(found.start(), "missing-alt", message)


def image_only(draft: Draft) -> Iterator[Problem]:
    """An e-mail says in text what it has to say; one that is all picture looks like spam and is empty for many.

    Filters hold a mail that is one picture for spam, and whoever loads no pictures sees nothing. Say it in words as
    well.
    """
    for email in draft.letters():
        body = email.source.body
        words = len(_NO_WORDS.sub(" ", body).split())
        if (found := _PICTURE.search(body)) and words < _FEWEST_WORDS:
            piece = Piece(email.source.path, body, email.source.body_line)
            message = f"found a picture and {words} words, expected at least {_FEWEST_WORDS}"
            yield piece.problem(found.start(), "image-only", message)


def unsupported_css(draft: Draft) -> Iterator[Problem]:
    """What the major mail programs do not show carries no meaning (caniemail.com). A warning.

    What caniemail.com says the major mail programs leave out must not carry the meaning. Do without, or see that the
    letter can be read all the same.
    """
    for piece in pieces(draft):
        for styled in _STYLED.finditer(piece.text):
            begin = styled.start(1) if styled[1] is not None else styled.start(2)
            for found in _DECLARED.finditer(styled[1] or styled[2] or ""):
                name = found[1] if found[1] in _support().css else f"{found[1]}: {found[2]}"
                if lacks := _support().css.get(name):
                    yield _unsupported(piece, begin + found.start(), name, lacks)
        for name, lacks in _support().html.items():
            for found in re.finditer(rf"<{name}\b", piece.text):
                yield _unsupported(piece, found.start(), f"<{name}>", lacks)


def _unsupported(piece: Piece, index: int, name: str, lacks: list[str]) -> Problem:
    message = f'found "{name}", which {listed(lacks)} will not show; expected a letter that does without'
    return piece.problem(index, "unsupported-css", message, warning=True)


def _texts(draft: Draft) -> Iterator[Piece]:
    """Everything that may hold a picture: Markdown bodies, and whatever is MJML."""
    yield from pieces(draft)
    for email in draft.letters():
        if email.source.written_in == "markdown":
            yield Piece(email.source.path, email.source.body, email.source.body_line)
