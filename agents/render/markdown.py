"""Markdown -> HTML for e-mail bodies: no raw HTML, https and mailto only. It knows no lead."""

from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

SCHEMES: Final = ("https://", "mailto:")
_BUTTON: Final = (["strong_open", "link_open"], ["link_close", "strong_close"])
# Code, underlined headings and link references are no use in a letter, and autolinks would show a value's escapes.
_OFF: Final = ["code", "fence", "backticks", "html_block", "html_inline", "autolink", "lheading", "reference"]


def allowed(url: str) -> bool:
    """True for the links that a letter may hold."""
    return url.lower().startswith(SCHEMES)


def _buttons(state: StateCore) -> None:
    """A bold link alone in its paragraph is a button."""
    for opening, inline in zip(state.tokens, state.tokens[1:], strict=False):
        if opening.type == "paragraph_open" and _is_button(inline.children or []):
            opening.attrSet("class", "action")


def _is_button(children: list[Token]) -> bool:
    kinds = [token.type for token in children if token.type != "text" or token.content]
    return (kinds[:2], kinds[-2:]) == _BUTTON and set(kinds[2:-2]) == {"text"}


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
    parser.disable(_OFF)
    parser.validateLink = allowed  # type: ignore[method-assign]  # markdown-it's own hook for this
    parser.core.ruler.push("buttons", _buttons)
    return parser


markdown: Final = _parser().render
