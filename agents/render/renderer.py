"""Every e-mail of a workplace, ready to be written for any lead. It sends nothing and reads no file."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from msgspec import to_builtins

from agents.render.letter import Frames, Rendered, Unrenderable, marked, write
from agents.render.tongue import chosen
from agents.workplace import Workplace
from schemas.reason import SENTENCES
from streams.journey.content import withheld

__all__ = ["Rendered", "Renderer", "Unrenderable"]


class Renderer:
    """The e-mails of a workplace, compiled once."""

    def __init__(self, workplace: Workplace) -> None:
        self.workplace = workplace
        policy = workplace.policy
        self._known = {"brand": to_builtins(policy.brand), "honeypot_url": policy.sending.bots.honeypot}
        frames = Frames(workplace.layouts, workplace.partials, workplace.words, policy.brand.locale)
        self._ready = {name: {"": frames.compiled(source)} for name, source in workplace.sources.items()}
        for name, translations in workplace.translations.items():
            self._ready[name] |= {locale: frames.compiled(source) for locale, source in translations.items()}

    def render(
        self,
        email_id: str,
        values: Mapping[str, Any],
        tags: Mapping[str, str] = MappingProxyType({}),
        subject: str = "",
    ) -> Rendered | Unrenderable:
        """The letter to send. ``values``: ``lead`` (traits), ``unsubscribe_url``; for an internal e-mail, ``brief``.

        ``tags`` go into the links to our own site; ``subject`` names one of the e-mail's other subjects.
        """
        written = self._write(email_id, values, tags, subject)
        if isinstance(written, Rendered) and written.holes:
            return Unrenderable(
                f"{email_id}: nothing is known for {', '.join(written.holes)}, and there is no fallback"
            )
        return written

    def preview(
        self, email_id: str, values: Mapping[str, Any], tags: Mapping[str, str] = MappingProxyType({})
    ) -> Rendered | Unrenderable:
        """The letter to look at: what is not known is marked in it, and named in ``holes``."""
        written = self._write(email_id, values, tags)
        return marked(written) if isinstance(written, Rendered) else written

    def withheld(self, email_id: str, now: int) -> Unrenderable | None:
        """Why an e-mail may not be sent at ``now`` (ms), or None: not approved, a claim withdrawn, a date passed."""
        reason = withheld(self.workplace.policy, email_id, now)
        return Unrenderable(f"{email_id}: {SENTENCES[reason]}", reason) if reason else None

    def sender(self, email_id: str, traits: Mapping[str, Any]) -> tuple[str, str]:
        """Who signs: name and address of the lead's own rep when the e-mail is from its owner, else of the brand."""
        policy, source = self.workplace.policy, self.workplace.sources.get(email_id)
        if source is not None and source.meta.from_ == "owner":
            for rep in policy.sales.reps:
                if rep.email == traits.get("owner"):
                    return rep.name, rep.email
        return policy.brand.from_name, policy.brand.from_email

    def _write(
        self, email_id: str, values: Mapping[str, Any], tags: Mapping[str, str], subject: str = ""
    ) -> Rendered | Unrenderable:
        known, traits = self._ready.get(email_id), values.get("lead", {})
        if known is None:
            return Unrenderable(f'found no e-mail "{email_id}" in the workplace')
        name, _ = self.sender(email_id, traits)
        ready = known[chosen(traits, self.workplace.policy.brand, known)]
        return write(ready, {**self._known, "sender": {"name": name}, **values}, tags, subject)
