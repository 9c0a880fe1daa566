"""From an order to a letter: who it is from, what it says, how to leave. It does not decide whether it may be sent."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from agents.mail.port import Letter, unsafe
from agents.render.renderer import Renderer, Unrenderable
from schemas.commands import NotifyOwner, SendContent, SendOrder
from streams.ledger import HANDOFF_NOTICE


class Composed(Struct, frozen=True):
    """A letter that may be claimed, the hash of the source that it was written from, and the language."""

    letter: Letter
    source_hash: str
    locale: str


class Composer:
    """Writes letters with the workplace's brand and e-mails."""

    def __init__(self, renderer: Renderer, unsubscribe_link: Callable[[str], str]) -> None:
        self._renderer = renderer
        self._link = unsubscribe_link

    def compose(self, order: SendOrder, now: int) -> Composed | Unrenderable:
        """The letter for an order at ``now`` (ms), or why there is none. Headers that could break out are refused."""
        match order:
            case SendContent():
                return self._content(order, now)
            case NotifyOwner():
                return self._notice(order, now)

    def _content(self, order: SendContent, now: int) -> Composed | Unrenderable:
        link = self._link(order.lead_id)
        values = {"lead": order.traits, "unsubscribe_url": link}
        categories = tuple(filter(None, (order.program, _place(order), order.email)))
        return self._letter(order, now, order.email, values, headers=leave_headers(link), categories=categories)

    def _notice(self, order: NotifyOwner, now: int) -> Composed | Unrenderable:
        brief = msgspec.to_builtins(order.brief)
        values = {"brief": brief, "handoff_id": order.handoff_id, "answer_by": order.answer_by}
        return self._letter(order, now, HANDOFF_NOTICE, values, headers=(), categories=(HANDOFF_NOTICE,))

    def _letter(
        self,
        order: SendOrder,
        now: int,
        email: str,
        values: dict[str, Any],
        *,
        headers: tuple[tuple[str, str], ...],
        categories: tuple[str, ...],
    ) -> Composed | Unrenderable:
        brand = self._renderer.workplace.policy.brand
        if withheld := self._renderer.withheld(email, now):
            return withheld
        subject = order.subject if isinstance(order, SendContent) else ""
        rendered = self._renderer.render(email, values, _tags(order), subject)
        if isinstance(rendered, Unrenderable):
            return rendered
        from_name, from_email = self._renderer.sender(email, values.get("lead", {}))
        letter = Letter(
            send_key=order.send_key,
            lead_id=order.lead_id,
            to=order.to,
            from_name=from_name,
            from_email=from_email,
            reply_to=brand.reply_to,
            subject=rendered.subject,
            html=rendered.html,
            text=rendered.text,
            at=now,
            headers=headers,
            categories=categories,
        )
        found = unsafe(letter)
        return Unrenderable(found) if found else Composed(letter, rendered.source_hash, rendered.locale)


def leave_headers(link: str) -> tuple[tuple[str, str], ...]:
    """How a mail program lets its reader leave (RFC 8058): both headers, one https link, no mailto."""
    return ("List-Unsubscribe", f"<{link}>"), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")


def link_tags(campaign: str, content: str) -> dict[str, str]:
    """What links to our site say of the letter that they stood in (UTM)."""
    return {"utm_source": "nurture", "utm_medium": "email", "utm_campaign": campaign, "utm_content": content}


def _tags(order: SendOrder) -> dict[str, str]:
    """Program, step and variant, or the e-mail that was asked for; a rep is not counted."""
    match order:
        case SendContent():
            return link_tags(order.program or order.kind, _place(order) or order.email)
        case NotifyOwner():
            return {}


def _place(order: SendContent) -> str:
    """The step, and the variant in it."""
    return f"{order.step}.{order.variant}" if order.variant else order.step
