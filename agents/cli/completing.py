"""What a shell offers when somebody presses Tab: names out of the workplace's folders. It reads no file in them."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import click
from click.shell_completion import CompletionItem

_WORKPLACE: Final = ("templates", "policy")  # what commands call it
Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def named_in(*kinds: str, also: Iterable[str] = ()) -> Complete:
    """Names of files in these folders of the workplace that the command is told to use, and what else there is."""

    def complete(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
        chosen = next((context.params[name] for name in _WORKPLACE if context.params.get(name)), "templates")
        found = {path.stem.partition(".")[0] for kind in kinds for path in Path(chosen, kind).glob("[a-z0-9]*.*")}
        return [CompletionItem(name) for name in sorted({*found, *also}) if name.startswith(begun)]

    return complete


def rules(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The rules of ``nurture check``."""
    from agents.check.manual import manual  # noqa: PLC0415 - rules take their time, and other words need none

    return [CompletionItem(name) for name in sorted(manual()) if name.startswith(begun)]
