"""The rule of approvals: what needs a second pair of eyes has had it, on this very text. It writes no record."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from agents.check.draft import Draft, EmailDraft
from agents.render.partials import included
from schemas.email import Side
from schemas.problem import Problem
from schemas.words import listed


class Work(Struct, frozen=True, kw_only=True):
    """Something that is approved by itself: a file, the hash of what it says, and who is asked.

    ``name`` is the file in the workplace without its ending, and so is its record in ``approvals/``.
    """

    name: str
    path: str
    hash: str
    sides: tuple[Side, ...]
    owner: str = ""
    line: int = 1
    column: int = 1

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that an approval is of: a layout has two."""
        path = Path(self.path)
        return (path, path.with_suffix(".txt")) if self.name.startswith("layouts/") else (path,)

    @property
    def asked(self) -> str:
        """What ``nurture approve`` calls it."""
        return self.name.removeprefix("emails/")


def unapproved(draft: Draft) -> Iterator[Problem]:
    """What needs approvals has them, for the text as it is: one more word needs them again, and is not sent before.

    approvers.yaml says whose: `emails` for every e-mail to leads, `frame` for the brand, layouts and partials. An
    e-mail may ask for more in its front matter, never for less. In git a record is good when whoever it names has
    committed it (signed, where git signs), or when it came together with approvers.yaml, as in a copied workplace;
    one that is not committed yet is a warning. `nurture apply` asks git too, the pipeline cannot.
    """
    for work in _works(draft):
        for side in work.sides:
            if why := _missing(draft, work, side):
                able = may_approve(draft, work, side)
                who = listed(able, "or") if able else f"somebody for {side} in approvers.yaml"
                message = f"found {why}, expected `nurture approve {work.asked}` by {who}"
                yield Problem(path=work.path, line=work.line, column=work.column, message=message, rule="unapproved")


def is_approved(draft: Draft, email: EmailDraft) -> bool:
    """Whether an e-mail and its translations have all approvals that they need, and so has all that is around.

    A notice to a rep waits for none but its own: the word of a handoff is not kept back for a new colour.
    """
    written = [email, *draft.translations.get(email.source.id, {}).values()]
    around: set[str] = set() if email.meta.value.kind == "internal" else _around(draft, email)
    works = [*(_work_of(draft, one) for one in written), *(work for work in _frame(draft) if work.name in around)]
    return not any(_missing(draft, work, side) for work in works for side in work.sides)


def may_approve(draft: Draft, work: Work, side: Side) -> list[str]:
    """Who may approve something for a side: those on the list, but never its owner."""
    approvers = draft.approvers.value.approvers if draft.approvers else {}
    return [who for who, of in approvers.items() if of == side and who.lower() != work.owner.lower()]


def works(draft: Draft) -> dict[str, Work]:
    """All that can be approved, by the name that ``nurture approve`` knows it by; of two, the e-mail."""
    return {work.asked: work for work in _works(draft)}


def _works(draft: Draft) -> Iterator[Work]:
    yield from _frame(draft)
    yield from (_work_of(draft, email) for email in draft.letters())


def _work_of(draft: Draft, email: EmailDraft) -> Work:
    meta, source = email.meta.value, email.source
    every = draft.approvers.value.emails if draft.approvers and meta.kind != "internal" else ()
    line, column = email.meta.places.get(("approvals",), (1, 1))
    return Work(
        name=f"emails/{source.name}",
        path=source.path,
        hash=source.source_hash,
        sides=tuple(dict.fromkeys((*every, *meta.approvals))),
        owner=meta.owner,
        line=line,
        column=column,
    )


def _frame(draft: Draft) -> Iterator[Work]:
    """What is around e-mails, each by itself: a new footer voids the approval of no e-mail."""
    sides = draft.approvers.value.frame if draft.approvers else ()
    for layout in draft.layouts.values():
        text = f"{layout.mjml}\0{layout.text}".encode()
        yield Work(name=f"layouts/{layout.name}", path=layout.path, hash=_hash(text), sides=sides)
    for partial in draft.partials.values():
        yield Work(name=f"partials/{partial.name}", path=partial.path, hash=_hash(partial.mjml.encode()), sides=sides)
    if (brand := draft.brand) is not None:
        said = msgspec.json.encode(brand.value, order="deterministic")
        yield Work(name="brand", path=brand.path, hash=_hash(said), sides=sides, owner=brand.value.owner)


def _hash(said: bytes) -> str:
    return hashlib.sha256(said).hexdigest()[:16]


def _around(draft: Draft, email: EmailDraft) -> set[str]:
    """The names of what an e-mail is written into."""
    layout = draft.layouts.get(email.source.meta.layout)
    partials = included((layout.mjml if layout else "") + email.source.body)
    return {"brand", f"layouts/{email.source.meta.layout}", *(f"partials/{name}" for name in partials)}


def _missing(draft: Draft, work: Work, side: Side) -> str:
    record = draft.approvals.get(work.name)
    if record is None or side not in record.value.by:
        return f"no approval by {side}"
    if record.value.hash != work.hash:
        return "an approval of another text"
    if record.value.by[side] not in may_approve(draft, work, side):
        return f'an approval by "{record.value.by[side]}", who may not approve this for {side}'
    return ""
