"""Rules about sample leads: they are made of the same fields and facts as real ones."""

from collections.abc import Iterator

from msgspec import ValidationError

from agents.check.conditions import events
from agents.check.draft import Draft
from schemas.problem import Problem
from schemas.sample import happening_of
from schemas.words import one_of


def unknown_trait(draft: Draft) -> Iterator[Problem]:
    """A sample lead's traits are fields of the catalogue."""
    if draft.catalogue is None:
        return
    known = draft.catalogue.value.fields
    for lead in draft.leads.values():
        for name in lead.value.traits:
            if name not in known:
                message = f'found the trait "{name}", expected {one_of(name, known)}'
                yield lead.problem(("traits", name), "unknown-trait", message)


def wrong_fact(draft: Draft) -> Iterator[Problem]:
    """A sample lead's history is made of facts that could have happened."""
    known = events(draft)
    for name, lead in draft.leads.items():
        for index, happening in enumerate(lead.value.history):
            at = ("history", index, "fact")
            if happening.fact not in known:
                message = f'found the event "{happening.fact}", expected {one_of(happening.fact, known)}'
                yield lead.problem(at, "wrong-fact", message)
                continue
            try:
                happening_of(happening, "sample", name, 0)
            except ValidationError as error:
                yield lead.problem(at, "wrong-fact", f"found a history that could not happen: {error}")
