"""What heads an e-mail, who must agree to it, and what it may claim. It reads no e-mail's text (``agents.render``)."""

from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta, field

from schemas.authored import Authored, Date, Name, Owned
from schemas.convert import Refused

Side = Literal["marketing", "sales"]
_NO_FILES: Final[Refused] = (
    "attachment",
    "a file to be sent along",
    "a link to it in the text: filters distrust attachments and phones cannot show them, so an e-mail carries none",
)
Subject = Annotated[str, Meta(min_length=1, max_length=150)]


class EmailMeta(Owned, frozen=True, kw_only=True):
    """The front matter of an e-mail.

    ``from: owner`` signs with the rep who knows the lead, with the brand when nobody does; answers go to the brand's
    ``reply_to`` either way, which somebody reads. ``claims`` are named in claims.yaml, ``question`` is the buyer's.
    ``approvals`` names who must have approved this very text (``Approval``) before it may be sent, beside those whom
    approvers.yaml asks for. ``subjects`` are others to try, by name: a program's variants choose among them.
    """

    REFUSED: ClassVar[dict[str, Refused]] = dict.fromkeys(("attachment", "attachments", "attach", "files"), _NO_FILES)

    subject: Subject
    subjects: dict[Name, Subject] = field(default_factory=dict)
    preheader: str = ""
    kind: Literal["nurture", "requested", "internal"] = "nurture"
    from_: Literal["brand", "owner"] = field(name="from", default="brand")
    stage: str = ""
    persona: str = ""
    layout: Name = "letter"
    question: str = ""
    claims: tuple[Name, ...] = ()
    approvals: tuple[Side, ...] = ()


class Translation(Authored, frozen=True, kw_only=True):
    """The front matter of ``emails/NAME.LOCALE.md``: what it says in its own language. All else is the e-mail's.

    Of the e-mail's ``subjects``, those that are not translated are the ``subject`` here.
    """

    subject: Subject
    preheader: str = ""
    subjects: dict[Name, Subject] = field(default_factory=dict)


class Email(Authored, frozen=True, kw_only=True):
    """What the pipeline needs to know of an e-mail; its text stays in ``templates/`` and is known by its hash.

    So are its ``translations``, by locale. It may be sent up to and with the day ``good_until``: its review date, or
    the end of a claim that it makes; empty is no end. ``withheld`` says why it may not be sent at all.
    """

    subject: str
    kind: Literal["nurture", "requested", "internal"]
    source_hash: str
    translations: dict[str, str] = field(default_factory=dict)
    good_until: str = ""
    withheld: Literal["", "unapproved", "withdrawn"] = ""


class Approvers(Owned, frozen=True, kw_only=True):
    """Who may approve, by their address in git, and for which side.

    ``emails`` names who must have approved every e-mail to leads, and each translation; its front matter may ask for
    more. ``frame`` names who must have approved what is around e-mails: brand.yaml, layouts, partials, each by itself.
    """

    approvers: dict[str, Side]
    emails: tuple[Side, ...] = ()
    frame: tuple[Side, ...] = ()


class Approval(Authored, frozen=True, kw_only=True):
    """Who approved a file, by side: the text with this hash, and no other. ``nurture approve`` writes it."""

    hash: str
    by: dict[Side, str]


class Claim(Authored, frozen=True, kw_only=True):
    """Something that we say is true. Once ``withdrawn`` (why), or after ``valid_until``, no e-mail may say it."""

    says: str
    evidence: str
    owner: str
    valid_until: Date
    withdrawn: str = ""


class Claims(Owned, frozen=True, kw_only=True):
    """Every claim that an e-mail may make."""

    claims: dict[Name, Claim]
