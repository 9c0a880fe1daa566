"""A workplace as an author looks at it: e-mails, sample leads, letters, problems. It knows no browser and no clock.

While the files have mistakes, the last letters that could be written stay, and ``stale`` says so.
"""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

from msgspec import Struct

from agents.check.files import line_of
from agents.mail.compose import leave_headers, link_tags
from agents.preview.sample import UNSUBSCRIBE_URL, values_for
from agents.render.letter import in_scheme
from agents.render.renderer import Rendered, Renderer, Unrenderable
from agents.render.source import EmailSource
from agents.workplace import Workplace, load_workplace
from schemas.policy import Policy
from schemas.problem import Problem

Scheme = Literal["light", "dark"]
State = Literal["whole", "holes", "refused"]
_INERT = '<head><base target="_blank">'  # a link in a sandboxed frame that may open no window leads nowhere


class Complaint(Struct, frozen=True):
    """A problem, with the line of the file that it is about."""

    problem: Problem
    source: str


class Listed(Struct, frozen=True, kw_only=True):
    """An e-mail in the list: how each sample lead's letter fares, and how many problems its file has."""

    id: str
    kind: str
    stage: str
    subject: str
    path: str
    problems: int
    letters: dict[str, State]


class Overview(Struct, frozen=True, kw_only=True):
    """Everything but the letters."""

    version: int
    folder: str
    stale: bool
    emails: tuple[Listed, ...]
    leads: dict[str, str]
    problems: tuple[Complaint, ...]


class Sheet(Struct, frozen=True, kw_only=True):
    """One letter: what stands around its HTML, the ``locales`` that it can be read in, or why it was ``refused``."""

    subject: str = ""
    preheader: str = ""
    sender: str = ""
    text: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    holes: tuple[str, ...] = ()
    refused: str = ""
    locale: str = ""
    locales: tuple[str, ...] = ()
    bytes: int = 0
    meta: dict[str, str] = {}
    problems: tuple[Complaint, ...] = ()


class Desk:
    """The folder as it was at the last ``look``; ``version`` counts the looks that saw a change."""

    def __init__(self, folder: Path, today: Callable[[], date]) -> None:
        self.folder, self._today = folder, today
        self.version = 0
        self._seen: object = None
        self._problems: tuple[Complaint, ...] = ()
        self._stale = False
        self._renderer: Renderer | None = None

    def look(self) -> bool:
        """Read the folder again when a file in it changed; whether one did."""
        seen = _fingerprint(self.folder)
        if seen == self._seen:
            return False
        loaded = load_workplace(self.folder, self._today())
        self._seen, self._stale, self.version = seen, isinstance(loaded, list), self.version + 1
        problems = loaded.warnings if isinstance(loaded, Workplace) else loaded
        self._problems = tuple(Complaint(problem, line_of(problem)) for problem in problems)
        if isinstance(loaded, Workplace):
            self._renderer = Renderer(loaded)
        return True

    def overview(self) -> Overview:
        """E-mails in the order of the journey: what was asked for, then by stage, then what reps get."""
        workplace = self._renderer.workplace if self._renderer else None
        sources = list(workplace.sources.values()) if workplace else []
        stages = [stage.id for stage in workplace.policy.stages.stages] if workplace else []
        kinds = ("nurture", "requested", "internal")
        order = {name: place for place, name in enumerate(stages)}
        sources.sort(key=lambda mail: (kinds.index(mail.meta.kind), order.get(mail.meta.stage, -1), mail.id))
        return Overview(
            version=self.version,
            folder=str(self.folder),
            stale=self._stale,
            emails=tuple(map(self._listed, sources)),
            leads={name: lead.about for name, lead in workplace.leads.items()} if workplace else {},
            problems=self._problems,
        )

    def sheet(self, email: str, lead: str, locale: str = "") -> Sheet | None:
        """What stands around a letter, in the lead's own language or another; None without such e-mail or lead."""
        written = self._letter(email, lead, locale)
        if written is None or self._renderer is None:
            return None
        workplace = self._renderer.workplace
        source, translations = workplace.sources[email], workplace.translations.get(email, {})
        if isinstance(written, Rendered):
            source = translations.get(written.locale, source)
        problems = _about(source, self._problems)
        if isinstance(written, Unrenderable):
            return Sheet(refused=written.detail, meta=_meta(source), problems=problems)
        headers = _headers(self._renderer, email, lead, written)
        return Sheet(
            subject=written.subject,
            preheader=written.preheader,
            sender=headers[0][1],
            text=written.text,
            headers=headers,
            holes=written.holes,
            locale=written.locale,
            locales=(workplace.policy.brand.locale, *translations) if translations else (),
            bytes=len(written.html.encode()),
            meta=_meta(source),
            problems=problems,
        )

    def html(self, email: str, lead: str, scheme: Scheme, locale: str = "") -> str | None:
        """A letter's HTML in a colour scheme, its links inert; None when there is none."""
        written = self._letter(email, lead, locale)
        return in_scheme(written.html, scheme).replace("<head>", _INERT, 1) if isinstance(written, Rendered) else None

    def _letter(self, email: str, lead: str, locale: str = "") -> Rendered | Unrenderable | None:
        if self._renderer is None:
            return None
        workplace = self._renderer.workplace
        if email not in workplace.sources or lead not in workplace.leads:
            return None
        values = values_for(workplace.leads[lead], locale)
        return self._renderer.preview(email, values, _tags(workplace.policy, email))

    def _listed(self, source: EmailSource) -> Listed:
        leads = self._renderer.workplace.leads if self._renderer else {}
        return Listed(
            id=source.id,
            kind=source.meta.kind,
            stage=source.meta.stage,
            subject=source.meta.subject,
            path=source.path,
            problems=len(_about(source, self._problems)),
            letters={lead: _state(self._letter(source.id, lead)) for lead in leads},
        )


def _fingerprint(folder: Path) -> object:
    found = []
    for path in sorted(folder.rglob("*")):
        try:
            stat = path.stat()
        except OSError:  # gone since it was listed
            continue
        found.append((path, stat.st_mtime_ns, stat.st_size))
    return found


def _about(source: EmailSource, problems: Sequence[Complaint]) -> tuple[Complaint, ...]:
    return tuple(found for found in problems if found.problem.path == source.path)


def _state(written: Rendered | Unrenderable | None) -> State:
    if not isinstance(written, Rendered):
        return "refused"
    return "holes" if written.holes else "whole"


def _tags(policy: Policy, email: str) -> dict[str, str]:
    """As the first step that sends it would have them."""
    for name, program in policy.programs.items():
        for step in program.steps:
            if email in {step.email, *(variant.email for variant in step.variants)}:
                return link_tags(name, step.id)
    return link_tags(policy.emails[email].kind, email)


def _headers(renderer: Renderer, email: str, lead: str, written: Rendered) -> tuple[tuple[str, str], ...]:
    policy, traits = renderer.workplace.policy, renderer.workplace.leads[lead].traits
    name, address = renderer.sender(email, traits)
    internal = policy.emails[email].kind == "internal"
    return (
        ("From", f"{name} <{address}>"),
        ("To", policy.sales.reps[0].email if internal else str(traits.get("email", ""))),
        ("Reply-To", policy.brand.reply_to),
        ("Subject", written.subject),
        *(() if internal else leave_headers(UNSUBSCRIBE_URL)),
    )


def _meta(source: EmailSource) -> dict[str, str]:
    meta = source.meta
    said = {
        "question": meta.question,
        "persona": meta.persona,
        "claims": ", ".join(meta.claims),
        "owner": meta.owner,
        "review by": meta.review_by,
        "layout": meta.layout,
        "hash": source.source_hash,
    }
    return {name: value for name, value in said.items() if value}
