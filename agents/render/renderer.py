"""Every e-mail of a workplace, ready to be written for any lead. It sends nothing and reads no file."""

from collections.abc import Mapping
from typing import Any

from msgspec import to_builtins

from agents.render.letter import Rendered, Unrenderable, compiled, compiled_layout, marked, write
from agents.workplace import Workplace

__all__ = ["Rendered", "Renderer", "Unrenderable"]


class Renderer:
    """The e-mails of a workplace, compiled once."""

    def __init__(self, workplace: Workplace) -> None:
        self.workplace = workplace
        self._brand = to_builtins(workplace.policy.brand)
        layouts = {name: compiled_layout(layout) for name, layout in workplace.layouts.items()}
        self._ready = {name: compiled(mail, layouts[mail.meta.layout]) for name, mail in workplace.sources.items()}

    def render(self, email_id: str, values: Mapping[str, Any]) -> Rendered | Unrenderable:
        """The letter to send. ``values``: ``lead`` (traits), ``unsubscribe_url``; for an internal e-mail, ``brief``."""
        written = self._write(email_id, values)
        if isinstance(written, Rendered) and written.holes:
            return Unrenderable(
                f"{email_id}: nothing is known for {', '.join(written.holes)}, and there is no fallback"
            )
        return written

    def preview(self, email_id: str, values: Mapping[str, Any]) -> Rendered | Unrenderable:
        """The letter to look at: what is not known is marked in it, and named in ``holes``."""
        written = self._write(email_id, values)
        return marked(written) if isinstance(written, Rendered) else written

    def _write(self, email_id: str, values: Mapping[str, Any]) -> Rendered | Unrenderable:
        ready = self._ready.get(email_id)
        if ready is None:
            return Unrenderable(f'found no e-mail "{email_id}" in the workplace')
        return write(ready, {"brand": self._brand, **values})
