"""An e-mail and a layout as authors wrote them. Neither is rendered or judged here."""

from msgspec import Struct

from schemas.policy import EmailMeta


class EmailSource(Struct, frozen=True, kw_only=True):
    """One file of ``emails/``: front matter, and the body in Markdown with Jinja from ``body_line`` (1-based) on."""

    id: str
    path: str
    meta: EmailMeta
    body: str
    body_line: int
    source_hash: str


class Layout(Struct, frozen=True, kw_only=True):
    """The frame around a body: MJML for the HTML part, a template for the text part."""

    name: str
    path: str
    mjml: str
    text: str
