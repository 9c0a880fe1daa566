"""The mail port of SendGrid (v3 mail/send): one letter, one personalization, one request, one answer.

The provider's words live in this file only. It repeats nothing: SendGrid documents no idempotency key.
"""

import asyncio
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

import aiohttp
import msgspec
from msgspec import Struct
from sendgrid.helpers.mail import (
    Category,
    ClickTracking,
    Content,
    CustomArg,
    Email,
    From,
    Ganalytics,
    Header,
    Mail,
    MailSettings,
    OpenTracking,
    Personalization,
    ReplyTo,
    SandBoxMode,
    SubscriptionTracking,
    To,
    TrackingSettings,
)
from sendgrid.helpers.mail.exceptions import SendGridException

from agents.mail.port import Accepted, Answer, Halted, Letter, NotNow, Refused, Unknown, unsafe
from agents.process.options import Secret

_CONNECT_SECONDS: Final = 3.0
_TOTAL_SECONDS: Final = 10.0
_IDLE_SECONDS: Final = 5.0  # a connection that idles longer is closed by us, lest they close it under a request
_LONGEST_WAIT: Final = 300.0
_LONGEST_ANSWER: Final = 65_536
_ADDRESS: Final = re.compile(r"\S+@\S+")
# What says that our account, key or host is wrong, whatever the letter: the lane stops, the letter stays in line.
_ACCOUNT: Final = frozenset({401, 403, 404, 405, 407, 451})
# What a status alone says: the letter is too large for whoever stands there.
_LETTER: Final = frozenset({413})
_SOMEBODY_ELSE: Final = (
    "which is not SendGrid's answer: is NURTURE_SENDGRID_HOST right, and is a proxy or a captive portal between?"
)


class SendGrid:
    """Posts letters to ``host``. ``sandbox`` lets the provider check each letter and deliver none."""

    name: Final = "sendgrid"

    def __init__(
        self,
        key: Secret,
        host: str,
        *,
        sandbox: bool,
        total_seconds: float = _TOTAL_SECONDS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._key = key
        self._url = f"{host.rstrip('/')}/v3/mail/send"
        self._sandbox = sandbox
        self._timeout = aiohttp.ClientTimeout(total=total_seconds, connect=min(_CONNECT_SECONDS, total_seconds))
        self._now = now
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Open the session; the first request opens the first connection."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_SECONDS),
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Authorization": f"Bearer {self._key.reveal()}", "Content-Type": "application/json"},
        )

    async def send(self, letter: Letter) -> Answer:
        """Post once. A fault before the connection stands proves that nothing left; any later one proves nothing."""
        if found := unsafe(letter):
            return Refused(found)
        try:
            body = msgspec.json.encode(payload(letter, sandbox=self._sandbox))
        except SendGridException:
            return Refused("found what looks like an API key in the letter, expected none")
        return await self._post(body)

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    async def _post(self, body: bytes) -> Answer:
        assert self._session is not None, "start() comes first"  # noqa: S101
        try:
            async with self._session.post(self._url, data=body, allow_redirects=False) as response:
                return await _answer(response, self._now(), sandbox=self._sandbox)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return NotNow(0, f"no connection to the mail provider ({type(error).__name__})")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Unknown(f"no answer from the mail provider ({type(error).__name__})")


def payload(letter: Letter, *, sandbox: bool) -> dict[str, Any]:
    """The request as SendGrid wants it. Custom arguments sit in the personalization, where its own spec has them."""
    mail = Mail()
    mail.from_email = _named(From(), letter.from_email, letter.from_name)
    mail.reply_to = _named(ReplyTo(), letter.reply_to)
    mail.subject = letter.subject
    mail.content = [Content("text/plain", letter.text), Content("text/html", letter.html)]
    mail.header = [Header(name, value) for name, value in letter.headers]
    mail.category = [Category(category) for category in dict.fromkeys(letter.categories)]  # none may be there twice
    mail.mail_settings = MailSettings(sandbox_mode=SandBoxMode(enable=sandbox))
    mail.tracking_settings = TrackingSettings(
        ClickTracking(enable=True, enable_text=False),
        OpenTracking(enable=True),
        SubscriptionTracking(enable=False),  # it would add a footer and replace our List-Unsubscribe
        Ganalytics(enable=False),
    )
    mail.add_personalization(_person(letter))
    found: dict[str, Any] = mail.get()
    return found


def _person(letter: Letter) -> Personalization:
    person = Personalization()
    person.add_to(_named(To(), letter.to))
    person.add_custom_arg(CustomArg("nk_send_key", letter.send_key))
    person.add_custom_arg(CustomArg("nk_lead_id", letter.lead_id))
    return person


def _named(email: Email, address: str, name: str = "") -> Email:
    """An address set as it is: the library's constructor parses, and would take a display name from it."""
    email.email = address
    email.name = name or None
    return email


async def _answer(response: aiohttp.ClientResponse, now: float, *, sandbox: bool) -> Answer:
    """What SendGrid documents is believed; what somebody else says in its place accepts and refuses no letter."""
    status = response.status
    if status < 300:
        return _taken(response, sandbox=sandbox)
    if status >= 500:
        return Unknown(f"the mail provider answered {status}")
    complaint = await _complaint(response)
    detail = f"the mail provider answered {status}" + (f": {complaint}" if complaint else f", {_SOMEBODY_ELSE}")
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT):
        return NotNow(_wait(response, now), detail)
    if status in _LETTER or (complaint and status >= 400 and status not in _ACCOUNT):
        return Refused(detail)
    return Halted(detail)


def _taken(response: aiohttp.ClientResponse, *, sandbox: bool) -> Answer:
    """Only 202 with an id of theirs says that they took it. 200 is the sandbox's; else it may be anybody's."""
    message_id = response.headers.get("X-Message-Id", "")
    if response.status == HTTPStatus.ACCEPTED and message_id:
        return Accepted(message_id)
    if response.status == HTTPStatus.OK and sandbox:
        return Accepted("sandbox")
    without = " without X-Message-Id" if response.status == HTTPStatus.ACCEPTED else ""
    return Unknown(f"the mail provider answered {response.status}{without}, {_SOMEBODY_ELSE}")


def _wait(response: aiohttp.ClientResponse, now: float) -> float:
    """Seconds until the provider's window opens again; 0 when it names none, never more than five minutes."""
    try:
        seconds = float(response.headers["X-RateLimit-Reset"]) - now
    except (KeyError, ValueError):
        return 0
    return min(max(seconds, 0), _LONGEST_WAIT) if seconds == seconds else 0  # noqa: PLR0124  (NaN)


class _Complaint(Struct):
    message: str = ""
    field: str | None = None


class _Complaints(Struct):
    errors: list[_Complaint]


async def _complaint(response: aiohttp.ClientResponse) -> str:
    """What they said, without addresses; "" when it is not the JSON that they document, or broke off."""
    try:
        body = await asyncio.wait_for(_body(response), _CONNECT_SECONDS)
        complaints = msgspec.json.decode(body, type=_Complaints).errors
    except (aiohttp.ClientError, TimeoutError, OSError, msgspec.DecodeError, UnicodeDecodeError):
        return ""
    said = "; ".join(f"{complaint.field or 'request'}: {complaint.message}" for complaint in complaints)
    return _ADDRESS.sub("(address)", said)[:300] or "no reason"


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """All of it, in however many pieces it comes; no more than anybody would read."""
    body = b""
    while len(body) < _LONGEST_ANSWER and (piece := await response.content.read(_LONGEST_ANSWER)):
        body += piece
    return body
