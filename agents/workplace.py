"""Marketing's folder as one value, or every problem in it. It judges by ``agents.check`` and renders nothing."""

from datetime import date
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from agents.check.approval import is_approved
from agents.check.audience import audience
from agents.check.draft import Draft, EmailDraft, read_draft
from agents.check.rules import complaints
from agents.render.source import EmailSource, Layout, Words
from schemas.email import Claim, Email
from schemas.model import Model
from schemas.policy import Policy
from schemas.problem import Problem, UserError
from schemas.program import Program
from schemas.questions import Journey
from schemas.read import Placed
from schemas.sample import SampleLead
from streams.journey.compiled import Compiled

__all__ = ["EmailSource", "Layout", "Workplace", "as_approved", "chosen_policy", "load_workplace"]


class Workplace(Struct, frozen=True):
    """What was agreed, the e-mails and layouts as written, the sample leads; ``warnings`` stop no e-mail but their own.

    ``programs`` are as written, with their tests and personas; in the policy they have no tests, so a test changes no
    policy, and their personas are part of the condition ``when``.
    """

    policy: Policy
    sources: dict[str, EmailSource]
    layouts: dict[str, Layout]
    leads: dict[str, SampleLead]
    partials: dict[str, str] = {}
    translations: dict[str, dict[str, EmailSource]] = {}
    words: dict[str, Words] = {}
    claims: dict[str, Claim] = {}
    journey: Journey | None = None
    programs: dict[str, Placed[Program]] = {}
    warnings: tuple[Problem, ...] = ()


WITHHOLDING: Final = frozenset({"unapproved", "withdrawn-claim", "expired-claim", "expired-content"})
"""Errors about e-mails that are not sent while they stand (``streams.journey.content``), and stop nothing else."""


def load_workplace(folder: Path, today: date | None = None) -> Workplace | list[Problem]:
    """The workplace in ``folder``, or all its problems (warnings too) by place when one is an error.

    With ``today``, what is past its review date is told. What only withholds e-mails stops nothing
    here: a claim can be withdrawn at once, without a change to the e-mails that make it.
    """
    draft = read_draft(folder)
    problems = sorted({*draft.problems, *complaints(draft, today)})
    if any(problem.severity == "error" and problem.rule not in WITHHOLDING for problem in problems):
        return problems
    policy = _policy(draft)
    return problems if policy is None else _workplace(draft, policy, tuple(problems))


def chosen_policy(folder: Path) -> Compiled:
    """The policy of a workplace. Raises UserError with every mistake in it."""
    workplace = load_workplace(folder)
    if isinstance(workplace, list):
        raise UserError("\n".join(map(str, workplace)))
    return Compiled(workplace.policy)


def as_approved(policy: Policy) -> Policy:
    """The policy as it will be when all that waits for approval has it: what is written is tried out before that."""
    emails = {
        name: replace(email, withheld="") if email.withheld == "unapproved" else email
        for name, email in policy.emails.items()
    }
    return replace(policy, emails=emails)


def _policy(draft: Draft) -> Policy | None:
    match draft:
        case Draft(
            brand=Placed(value=brand),
            catalogue=Placed(value=catalogue),
            scoring=Placed(value=scoring),
            stages=Placed(value=stages),
            lifecycle=Placed(value=lifecycle),
            sending=Placed(value=sending),
            sales=Placed(value=sales),
        ):
            return Policy(
                brand=brand,
                catalogue=catalogue,
                scoring=scoring,
                stages=stages,
                lifecycle=lifecycle,
                programs={name: _program(draft, program.value) for name, program in draft.programs.items()},
                emails={name: _email(draft, email) for name, email in draft.emails.items()},
                sending=sending,
                sales=sales,
                models={
                    name: Model(scoring=model.scoring.value, stages=model.stages.value)
                    for name, model in draft.models.items()
                    if model.scoring is not None and model.stages is not None
                },
            )
    return None


def _program(draft: Draft, program: Program) -> Program:
    journey = draft.journey.value if draft.journey else None
    return replace(program, tests=(), personas=(), when=audience(program, journey))


def _email(draft: Draft, email: EmailDraft) -> Email:
    meta, known = email.meta.value, draft.claims.value.claims if draft.claims else {}
    claims = [known[name] for name in meta.claims if name in known]
    withdrawn = any(claim.withdrawn for claim in claims)
    return Email(
        subject=meta.subject,
        kind=meta.kind,
        source_hash=email.source.source_hash,
        translations={locale: one.source.source_hash for locale, one in _translations(draft, email).items()},
        # a date alone must not keep the word of a handoff from a rep
        good_until="" if meta.kind == "internal" else min([meta.review_by, *(claim.valid_until for claim in claims)]),
        withheld="withdrawn" if withdrawn else "" if is_approved(draft, email) else "unapproved",
    )


def _translations(draft: Draft, email: EmailDraft) -> dict[str, EmailDraft]:
    return draft.translations.get(email.source.id, {})


def _sources(drafts: dict[str, EmailDraft]) -> dict[str, EmailSource]:
    return {name: email.source for name, email in drafts.items()}


def _workplace(draft: Draft, policy: Policy, warnings: tuple[Problem, ...]) -> Workplace:
    leads = {name: lead.value for name, lead in draft.leads.items()}
    return Workplace(
        policy=policy,
        sources=_sources(draft.emails),
        layouts=dict(draft.layouts),
        leads=leads,
        translations={name: _sources(written) for name, written in draft.translations.items()},
        words=dict(draft.words),
        partials={name: partial.mjml for name, partial in draft.partials.items()},
        claims=draft.claims.value.claims if draft.claims else {},
        journey=draft.journey.value if draft.journey else None,
        programs=draft.programs,
        warnings=warnings,
    )
