"""The two ways in which a lane stops short. Bad records are neither: they are values of the work that folds them."""

from schemas.problem import UserError


class LifeEnded(Exception):  # noqa: N818  (an event in a lane's life, not a mistake of anybody's)
    """A transaction failed or nobody knows how it went: this life is over, and the next one asks the changelog."""

    def __init__(self, cause: BaseException, more: str = "") -> None:
        """``more``: what the cause does not say of itself, and what can be done."""
        super().__init__(": ".join(filter(None, (type(cause).__name__, str(cause)))) + more)
        self.reason = type(cause).__name__


class Refused(UserError):  # noqa: N818  (the sentence is the name)
    """What was found cannot be right, so nothing is folded on top of it; the text says what to do."""


class Oversize(ValueError):  # noqa: N818  (says what the record is)
    """A record that no broker would take; it was found before the transaction began, so nothing was written."""
