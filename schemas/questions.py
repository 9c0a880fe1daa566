"""journey.yaml: what buyers ask on their way, who they are, and how they judge an answer. It moves no lead."""

from typing import Annotated

from msgspec import Meta

from schemas.authored import Authored, Name, Owned, When


class Persona(Authored, frozen=True, kw_only=True):
    """A kind of buyer: a lead is the first one of which ``when`` holds."""

    id: Name
    says: str
    when: When


class Question(Authored, frozen=True, kw_only=True):
    """What buyers ask at a stage: those in ``personas``, or everybody. ``criteria`` are how they judge an answer."""

    asks: Annotated[str, Meta(min_length=1, max_length=150)]
    stage: Name
    personas: tuple[Name, ...] = ()
    criteria: tuple[str, ...] = ()


class Journey(Owned, frozen=True, kw_only=True):
    """The map of what can be said. E-mails name the question that they answer, word for word."""

    personas: tuple[Persona, ...] = ()
    questions: Annotated[tuple[Question, ...], Meta(min_length=1)]
