"""The rule of approvals: what needs a second pair of eyes has had it, on this very text. It writes no record."""

from collections.abc import Iterator

from agents.check.draft import Draft, EmailDraft
from schemas.email import Side
from schemas.problem import Problem
from schemas.words import listed


def unapproved(draft: Draft) -> Iterator[Problem]:
    """An e-mail that asks for approvals has them, for the text as it is: one more word needs them again."""
    for email in draft.emails.values():
        for index, side in enumerate(email.meta.value.approvals):
            if why := _missing(draft, email, side):
                who = listed(may_approve(draft, email, side), "or") or f"somebody for {side} in approvers.yaml"
                message = f"found {why}, expected `nurture approve {email.source.id}` by {who}"
                yield email.meta.problem(("approvals", index), "unapproved", message)


def may_approve(draft: Draft, email: EmailDraft, side: Side) -> list[str]:
    """Who may approve an e-mail for a side: those on the list, but never its owner."""
    approvers = draft.approvers.value.approvers if draft.approvers else {}
    return [who for who, of in approvers.items() if of == side and who != email.meta.value.owner]


def _missing(draft: Draft, email: EmailDraft, side: Side) -> str:
    record = draft.approvals.get(email.source.id)
    if record is None or side not in record.value.by:
        return f"no approval by {side}"
    if record.value.hash != email.source.source_hash:
        return "an approval of another text"
    if record.value.by[side] not in may_approve(draft, email, side):
        return f'an approval by "{record.value.by[side]}", who may not approve this for {side}'
    return ""
