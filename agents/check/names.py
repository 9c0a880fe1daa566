"""Rules about names: what one file calls, another must have. It reads no text of an e-mail."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from agents.check.draft import Draft
from schemas.convert import Place
from schemas.lifecycle import reserved
from schemas.model import MAIN
from schemas.problem import Problem
from schemas.program import Program
from schemas.read import Placed
from schemas.words import one_of

HANDOFF_NOTICE: Final = "handoff-notice"


def missing_file(draft: Draft) -> Iterator[Problem]:
    """The e-mail that tells a rep of a handoff must exist, and must be internal."""
    notice = draft.emails.get(HANDOFF_NOTICE)
    if notice is not None and notice.meta.value.kind != "internal":
        message = f'found the kind "{notice.meta.value.kind}", expected "internal": reps get this e-mail, not leads'
        yield notice.meta.problem(("kind",), "email-kind", message)
    if draft.names.get("emails") and HANDOFF_NOTICE not in draft.names["emails"]:
        path = str(draft.folder / "emails" / f"{HANDOFF_NOTICE}.md")
        message = "found no such file, expected the internal e-mail that tells a rep of a handoff"
        yield Problem(path=path, message=message, rule="file")


def unknown_stage(draft: Draft) -> Iterator[Problem]:
    """Stages are named in stages.yaml; a program chooses among its model's, all others among all.

    A misspelt stage holds no leads: a program for it never starts, and nobody hears why.
    """
    if draft.stages is None:
        return
    known = draft.stage_ids()
    for placed, at, stage in _stages_named(draft):
        yield from _unknown(placed, at, stage, known, "stage")
    for view in draft.views():
        own = [stage.id for stage in view.stages.value.stages] if view.stages else known
        for program in view.programs.values():
            for index, stage in enumerate(program.value.stages):
                yield from _unknown(program, ("stages", index), stage, own, "stage")


def _stages_named(draft: Draft) -> Iterator[tuple[Placed[Any], Place, str]]:
    if draft.lifecycle is not None:
        for key in ("qualified_from", "ready_from"):
            for index, stage in enumerate(getattr(draft.lifecycle.value, key)):
                yield draft.lifecycle, (key, index), stage
    for email in draft.emails.values():
        if email.meta.value.stage:
            yield email.meta, ("stage",), email.meta.value.stage
    if draft.journey is not None:
        for index, question in enumerate(draft.journey.value.questions):
            yield draft.journey, ("questions", index, "stage"), question.stage


def unknown_model(draft: Draft) -> Iterator[Problem]:
    """A program is for main, or for a model that has a folder in models/.

    A product line that judges leads by itself has a folder in models/ with scoring.yaml and stages.yaml. Name that
    folder, or leave `model` out.
    """
    for program in draft.programs.values():
        yield from _unknown(program, ("model",), program.value.model, [MAIN, *draft.models], "model")


def unknown_email(draft: Draft) -> Iterator[Problem]:
    """A step sends an e-mail that exists.

    An e-mail is called as its file in emails/, without the ending. A step that names no file would tell its leads
    nothing.
    """
    for program in draft.programs.values():
        for at, email in emails_of(program.value):
            yield from _unknown(program, at, email, draft.names["emails"], "email")


def email_kind(draft: Draft) -> Iterator[Problem]:
    """Programs send nurture e-mails; what a lead asks for and what reps get go other ways.

    What a lead asked for goes at once, outside caps; what reps get holds what leads must not see. A program sends
    neither: take `kind` out, or send another e-mail.
    """
    for program in draft.programs.values():
        for at, name in emails_of(program.value):
            email = draft.emails.get(name)
            if email is not None and email.meta.value.kind != "nurture":
                message = f'found the {email.meta.value.kind} e-mail "{name}", expected one of the kind "nurture"'
                yield program.problem(at, "email-kind", message)


def unknown_layout(draft: Draft) -> Iterator[Problem]:
    """An e-mail's layout exists.

    The frame holds the unsubscribe link and the address, so an e-mail without one cannot be sent. Layouts are named as
    their files in layouts/.
    """
    for email in draft.emails.values():
        yield from _unknown(email.meta, ("layout",), email.meta.value.layout, draft.names["layouts"], "layout")


def duplicate_id(draft: Draft) -> Iterator[Problem]:
    """An id stands for one thing: rules, stages, steps, endings, personas, questions.

    Points, goals and what a lead was told are kept under these names. Two things with one name would be counted as one.
    """
    if draft.scoring is not None:
        scoring = draft.scoring.value
        rules = [(("fit", index, "id"), rule.id) for index, rule in enumerate(scoring.fit)]
        rules += [(("engagement", index, "id"), rule.id) for index, rule in enumerate(scoring.engagement)]
        rules += [(("disqualify", index, "id"), veto.id) for index, veto in enumerate(scoring.disqualify)]
        rules += [(("patterns", index, "id"), pattern.id) for index, pattern in enumerate(scoring.patterns)]
        rules += [(("groups", index, "id"), group.id) for index, group in enumerate(scoring.groups)]
        yield from _repeated(draft.scoring, rules, "id")
    if draft.stages is not None:
        stages = [(("stages", index, "id"), stage.id) for index, stage in enumerate(draft.stages.value.stages)]
        yield from _repeated(draft.stages, stages, "id")
    if draft.lifecycle is not None:
        states = [(("states", index, "id"), state.id) for index, state in enumerate(draft.lifecycle.value.states)]
        yield from _repeated(draft.lifecycle, states, "id")
    if draft.journey is not None:
        journey = draft.journey.value
        personas = [(("personas", index, "id"), persona.id) for index, persona in enumerate(journey.personas)]
        questions = [(("questions", index, "asks"), asked.asks) for index, asked in enumerate(journey.questions)]
        yield from _repeated(draft.journey, personas, "id")
        yield from _repeated(draft.journey, questions, "question")
    for program in draft.programs.values():
        steps = [(("steps", index, "id"), step.id) for index, step in enumerate(program.value.steps)]
        yield from _repeated(program, steps, "id")
        goals = [(("goals", index, "id"), goal.id) for index, goal in enumerate(program.value.goals)]
        exits = [(("exits", index, "id"), way_out.id) for index, way_out in enumerate(program.value.exits)]
        yield from _repeated(program, [*goals, *exits], "id")


def reserved_field(draft: Draft) -> Iterator[Problem]:
    """No field of the catalogue is called as what we know of a lead ourselves: `stage`, `fit`, `customer` and so on.

    A condition on `stage` asks for the stage in stages.yaml, and what a form or a CRM calls so could never be asked
    for. Give the field another name, here and where it comes in.
    """
    for field in draft.catalogue.value.fields if draft.catalogue is not None else ():
        if draft.catalogue is not None and (message := reserved(field)):
            yield draft.catalogue.problem(("fields", field), "reserved-field", message)


def repeated_email(draft: Draft) -> Iterator[Problem]:
    """No program sends the same e-mail twice: the second would be skipped for everybody.

    Nobody gets the same e-mail twice, whatever programs say, so the second step would be passed over for everybody.
    Write another e-mail, or take the step out.
    """
    for program in draft.programs.values():
        yield from _repeated(program, _own(program.value), "e-mail", rule="repeated-email")


def idle_email(draft: Draft) -> Iterator[Problem]:
    """A nurture e-mail that no program sends is forgotten work. A warning.

    Somebody wrote it for leads who will never see it. Let a program send it, or delete the file: git keeps it.
    """
    sent = {email for program in draft.programs.values() for _, email in emails_of(program.value)}
    unclear = (sent - set(draft.names["emails"])) | (set(draft.names["programs"]) - set(draft.programs))
    for name, email in draft.emails.items():
        if email.meta.value.kind == "nurture" and name not in sent and not unclear:
            message = "found an e-mail that no program sends, expected a step with it in programs/"
            yield email.meta.problem((), "idle-email", message, warning=True)


def idle_stage(draft: Draft) -> Iterator[Problem]:
    """A qualified lead that is not ready is nurtured, so its stage needs a program. A warning.

    Leads who stand there qualified for nurture, and hear nothing. Write a program for the stage, or say
    `qualified_from` a later one.
    """
    if draft.stages is None or set(draft.names["programs"]) - set(draft.programs):
        return
    names = [stage.id for stage in draft.stages.value.stages]
    served = {stage for program in draft.programs.values() for stage in program.value.stages}
    for index in nurtured(draft, names):
        if names[index] not in served:
            message = f'found no program for the stage "{names[index]}", expected one: its leads would hear nothing'
            yield draft.stages.problem(("stages", index), "idle-stage", message, warning=True)


def nurtured(draft: Draft, names: Sequence[str]) -> range:
    """Where the stages stand that are qualified and not ready; empty when the lifecycle does not say."""
    if draft.lifecycle is None:
        return range(0)
    first, last = draft.lifecycle.value.qualified_from, draft.lifecycle.value.ready_from
    bounds = [next((names.index(name) for name in chosen if name in names), -1) for chosen in (first, last)]
    return range(0) if -1 in bounds else range(*bounds)


def emails_of(program: Program) -> list[tuple[Place, str]]:
    """What a program may send, with the places where it says so."""
    others = [(("steps", index, "else"), step.else_) for index, step in enumerate(program.steps) if step.else_]
    return [*_own(program), *others]


def _own(program: Program) -> list[tuple[Place, str]]:
    """What the steps send to those whom they are for; variants of a step may share its e-mail."""
    found: list[tuple[Place, str]] = []
    for index, step in enumerate(program.steps):
        places: dict[str, Place] = {step.email: ("steps", index, "email")}
        for number, variant in enumerate(step.variants):
            if variant.email:
                places.setdefault(variant.email, ("steps", index, "variants", number, "email"))
        found += [(at, email) for email, at in places.items()]
    return found


def _unknown(placed: Placed[Any], at: Place, name: str, known: Iterable[str], what: str) -> Iterator[Problem]:
    known = list(known)
    if name not in known:
        yield placed.problem(at, f"unknown-{what}", f'found the {what} "{name}", expected {one_of(name, known)}')


def _repeated(
    placed: Placed[Any], named: Iterable[tuple[Place, str]], what: str, rule: str = "duplicate-id"
) -> Iterator[Problem]:
    lines: dict[str, int] = {}
    for at, name in named:
        line = placed.problem(at, rule, "").line
        if name in lines:
            message = f'found the {what} "{name}" again (first in line {lines[name]}), expected it once'
            yield placed.problem(at, rule, message)
        lines.setdefault(name, line)
