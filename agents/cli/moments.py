"""A moment as people write it at a terminal: ISO 8601, or a length of time ago. It is the only one to ask for now."""

from typing import Final

import click

from schemas.units import DAY, from_iso, iso, millis
from streams.engine.clock import wall_ms

_AGO: Final = " ago"


class Moment(click.ParamType):
    """``2026-03-02T11:00`` (UTC unless it names a zone), ``2 hours ago`` or ``2 hours``, as milliseconds."""

    name = "moment"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Milliseconds since 1970. Fails with what was found and what was expected."""
        if isinstance(value, int):
            return value
        try:
            return wall_ms() - millis(value.removesuffix(_AGO))
        except ValueError:
            pass
        try:
            return from_iso(value)
        except ValueError:
            self.fail(f'found "{value}", expected ISO 8601 or a length of time like "2 hours ago"', param, ctx)


def warn_of_future(newest: int) -> None:
    """Tells, on the error stream, of facts seen later than now and a day, which intake would not have let pass."""
    if newest > wall_ms() + DAY:
        click.echo(
            f"found facts seen up to {iso(newest)[:10]}, expected none from the future: points fade and leads age until"
            f" then; correct seen in those lines",
            err=True,
        )
