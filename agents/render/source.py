"""An e-mail and a layout as authors wrote them. Neither is rendered or judged here."""

from typing import Literal

from msgspec import Struct

from schemas.email import EmailMeta


class EmailSource(Struct, frozen=True, kw_only=True):
    """One file of ``emails/``: front matter, and from ``body_line`` (1-based) on the body, with Jinja in it.

    A Markdown body is a text; an MJML body is sections that stand where a layout includes ``body.mjml``. A translation
    has a ``locale``; ``meta`` is the e-mail's, with what the translation says instead.
    """

    id: str
    locale: str = ""
    path: str
    meta: EmailMeta
    written_in: Literal["markdown", "mjml"] = "markdown"
    body: str
    body_line: int
    source_hash: str

    @property
    def name(self) -> str:
        """The file's name without its ending: ``six-week-pilot.de``."""
        return f"{self.id}.{self.locale}" if self.locale else self.id


class Words(Struct, frozen=True, kw_only=True):
    """A catalogue: what layouts and partials say, in another language; what is not translated is not in it."""

    locale: str
    path: str
    said: dict[str, str]


class Layout(Struct, frozen=True, kw_only=True):
    """The frame around a body: MJML for the HTML part, a template for the text part."""

    name: str
    path: str
    mjml: str
    text: str


class Partial(Struct, frozen=True, kw_only=True):
    """A piece of MJML that layouts and MJML e-mails include."""

    name: str
    path: str
    mjml: str
