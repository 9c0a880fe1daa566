"""A SendGrid on this machine: v3 mail/send with the provider's limits, a log of what it accepted, and bad moods.

It delivers nothing. Tests and the bench use it as the oracle of "accepted requests per send key".
"""

import asyncio
import contextlib
import itertools
import json
import re
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, Self

import jsonschema_rs
from aiohttp import web

SPEC: Final = Path(__file__).parents[3] / "shared" / "reference" / "sendgrid" / "tsg_mail_v3.json"
NO_SPEC: Final = f"SendGrid's own API description is not at ../{SPEC.relative_to(SPEC.parents[4])}"
KEY: Final = "SG.fake-key-of-a-local-test"
_MOST_BYTES: Final = 30 * 1024 * 1024
_MOST_ARGUMENT_BYTES: Final = 10_000
_CONTENTS: Final = (["text/plain"], ["text/html"], ["text/plain", "text/html"])
_RESERVED: Final = re.compile(
    "x-sg-id|x-sg-eid|received|dkim-signature|content-type|content-transfer-encoding|to|from|subject|reply-to|cc|bcc",
    re.IGNORECASE,
)

_STRANGERS: Final = {"400_not_json": 400, "200_not_sandbox": 200}  # what somebody else says in its place
Mood = Literal[
    "accept",
    "accept_then_hang",
    "accept_then_reset",
    "accept_then_500",
    "500",
    "503",
    "429",
    "401",
    "403",
    "400",
    "400_not_json",
    "400_in_pieces",
    "407",
    "413",
    "200_not_sandbox",
    "202_no_id",
    "302",
    "hang",
    "reset",
    "drip",
]


@dataclass(frozen=True)
class Taken:
    """A request that this SendGrid took for delivery."""

    send_key: str
    message_id: str
    at: float
    payload: dict[str, Any]


@dataclass
class FakeSendGrid:
    """Listens on loopback. ``moods`` by send key win over ``next_moods``, those over ``mood``."""

    mood: Mood = "accept"
    moods: dict[str, Mood] = field(default_factory=dict)
    next_moods: deque[Mood] = field(default_factory=deque)
    reset_in: float | None = 7
    takes: float = 0  # seconds that it thinks of each request
    spec: Path = SPEC
    taken: list[Taken] = field(default_factory=list)
    checked: list[dict[str, Any]] = field(default_factory=list)  # by the sandbox
    asked: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)  # of payloads that broke its rules, whatever its mood
    url: str = ""

    def accepted(self) -> Counter[str]:
        """How many requests were accepted, by send key: the number that must never pass 1."""
        return Counter(taken.send_key for taken in self.taken)

    async def __aenter__(self) -> Self:
        self._closing = asyncio.Event()
        self._numbers = itertools.count(1)
        self._valid = _validator(self.spec)
        app = web.Application(client_max_size=_MOST_BYTES)
        app.router.add_post("/v3/mail/send", self._send)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        await self._runner.cleanup()

    async def _send(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return _error(401, "The provided authorization grant is invalid, expired, or revoked")
        if request.content_type != "application/json":
            return _error(415, "Content-Type should be application/json.")
        try:
            payload = json.loads(await request.read())
        except web.HTTPRequestEntityTooLarge:
            return _error(413, "The request body is larger than 30 MB")
        except ValueError:
            return _error(400, "Bad Request")
        if complaint := next(self._complaints(payload), None):
            self.complaints.append(complaint)
            return _error(400, complaint)
        return await self._answer(request, payload, send_key_of(payload))

    async def _answer(self, request: web.Request, payload: dict[str, Any], send_key: str) -> web.StreamResponse:
        self.asked[send_key] += 1
        await asyncio.sleep(self.takes)
        mood = self.moods.get(send_key) or (self.next_moods.popleft() if self.next_moods else self.mood)
        if mood == "accept" and payload.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
            self.checked.append(payload)
            return web.Response(status=200)
        message_id = self._take(payload, send_key) if mood in ("accept", "drip") or mood.startswith("accept_") else ""
        if mood in ("accept", "202_no_id"):
            return web.Response(status=202, headers={"X-Message-Id": message_id} if message_id else {})
        if mood.isdigit():
            return self._refuse(int(mood))
        if mood in _STRANGERS:
            return web.Response(status=_STRANGERS[mood], text="<html>Please log in</html>", content_type="text/html")
        if mood == "400_in_pieces":
            return await _in_pieces(request, _error(400, "not good enough", "personalizations.0.to.0.email"))
        await self._misbehave(request, mood, message_id)
        return _error(500, "An error occurred on a SendGrid server.")

    def _refuse(self, status: int) -> web.Response:
        headers = {"Location": "http://127.0.0.1:9/v3/mail/send"} if status == 302 else {}
        if status == 429:
            headers = {"X-RateLimit-Limit": "600", "X-RateLimit-Remaining": "0"}
            if self.reset_in is not None:
                headers["X-RateLimit-Reset"] = str(int(time.time() + self.reset_in))
        return _error(status, "ada@wonder.example is not good enough", "personalizations.0.to.0.email", headers)

    async def _misbehave(self, request: web.Request, mood: Mood, message_id: str) -> None:
        if mood in ("hang", "accept_then_hang"):
            await self._closing.wait()
        elif mood in ("reset", "accept_then_reset"):
            _reset(request)
        elif mood == "drip":
            await self._drip(request, b"HTTP/1.1 202 Accepted\r\nX-Message-Id: " + message_id.encode())

    def _take(self, payload: dict[str, Any], send_key: str) -> str:
        message_id = f"fake-{next(self._numbers)}"
        self.taken.append(Taken(send_key, message_id, time.time(), payload))
        return message_id

    async def _drip(self, request: web.Request, words: bytes) -> None:
        for byte in words:
            if request.transport is None or request.transport.is_closing():
                return
            request.transport.write(bytes([byte]))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), 0.05)
        _reset(request)

    def _complaints(self, payload: Any) -> Iterator[str]:
        """What the provider's own description and its documented limits say against this payload."""
        if not isinstance(payload, dict):
            yield "expected a JSON object"
            return
        for error in self._valid.iter_errors(payload) if self._valid else ():
            yield f"{'.'.join(map(str, error.instance_path))}: {error.message}"
        for person in payload["personalizations"]:
            arguments = person.get("custom_args", {})
            if not all(isinstance(value, str) for value in arguments.values()):
                yield "custom_args: expected strings"
            if len(json.dumps(arguments)) > _MOST_ARGUMENT_BYTES:
                yield f"custom_args: expected at most {_MOST_ARGUMENT_BYTES} bytes"
        categories = payload.get("categories", [])
        if not all(category.isascii() for category in categories):
            yield "categories: expected 7-bit ASCII"
        if len(set(categories)) < len(categories):
            yield "categories: expected each of them once"
        if any(_RESERVED.fullmatch(name) for name in payload.get("headers", {})):
            yield "headers: reserved names may not be set"
        if [content["type"] for content in payload.get("content", [])] not in _CONTENTS:
            yield "content: expected text/plain before text/html"


def send_key_of(payload: dict[str, Any]) -> str:
    """The send key that a request carries, "" when none."""
    return str(payload["personalizations"][0].get("custom_args", {}).get("nk_send_key", ""))


def _validator(spec: Path) -> jsonschema_rs.Draft202012Validator | None:
    if not spec.exists():
        return None
    described = json.loads(spec.read_text(encoding="utf-8"))
    body = "#/components/requestBodies/PostMailSend/content/application~1json/schema"
    schema = {"$ref": body, "components": described["components"]}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def _error(status: int, message: str, at: str | None = None, headers: dict[str, str] | None = None) -> web.Response:
    errors = {"errors": [{"message": message, "field": at, "help": None}]}
    return web.json_response(errors, status=status, headers=headers)


async def _in_pieces(request: web.Request, answer: web.Response) -> web.StreamResponse:
    """The same answer, whose body comes a little at a time."""
    slow = web.StreamResponse(status=answer.status)
    await slow.prepare(request)
    for start in range(0, len(body := bytes(answer.body)), 20):
        await slow.write(body[start : start + 20])
        await asyncio.sleep(0.01)
    return slow


def _reset(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
