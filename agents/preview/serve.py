"""The desk over HTTP, for a browser on this machine: a page, its letters, and a word when a file is saved.

It listens on loopback and answers nobody who calls it by another name, so no web page of others can read it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, get_args

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from agents.preview.desk import Desk, Scheme
from schemas.problem import UserError

HOST: Final = "127.0.0.1"
_LOOK_SECONDS: Final = 0.3
_NAMES: Final = frozenset({HOST, "localhost"})
_FILES: Final = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}
_PAGE: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; img-src data:"
)
_LETTER: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https:; frame-ancestors 'self'; sandbox allow-same-origin"
)


@asynccontextmanager
async def serve(desk: Desk, port: int) -> AsyncIterator[str]:
    """Listen on a port of loopback (0: any free one) and watch the files; gives the address. Raises UserError."""
    desk.look()
    news = _News()
    runner = web.AppRunner(_app(desk, news), access_log=None, handle_signals=False, shutdown_timeout=0.1)
    await runner.setup()
    watching = asyncio.create_task(_watch(desk, news))
    try:
        await _listen(runner, port)
        yield f"http://{HOST}:{runner.addresses[0][1]}/"
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        news.end()
        await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as error:
        raise UserError(f"cannot listen on {HOST}:{port}: {error.strerror}; --port 0 takes any free one") from error


class _News:
    """Wakes everybody who waits for a change."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self.ended = False

    def tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def end(self) -> None:
        self.ended = True
        self.tell()

    async def wait(self) -> None:
        await self._changed.wait()


async def _watch(desk: Desk, news: _News) -> None:
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        if await asyncio.to_thread(desk.look):
            news.tell()


def _app(desk: Desk, news: _News) -> web.Application:
    async def overview(_: web.Request) -> web.Response:
        return _json(desk.overview())

    async def sheet(request: web.Request) -> web.Response:
        return _json(_found(desk.sheet(*_asked(request), request.query.get("locale", ""))))

    async def letter(request: web.Request) -> web.Response:
        scheme: Scheme = "dark" if request.match_info["scheme"] == "dark" else "light"
        html = _found(desk.html(*_asked(request), scheme, request.query.get("locale", "")))
        headers = {"Content-Security-Policy": _LETTER, "Cache-Control": "no-store"}
        return web.Response(text=html, content_type="text/html", headers=headers)

    async def events(request: web.Request) -> web.StreamResponse:
        """Server-sent events: the version now, and each new one."""
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await answer.prepare(request)
        with suppress(ConnectionError):
            while not news.ended:
                await answer.write(b"data: %d\n\n" % desk.version)
                await news.wait()
        return answer

    app = web.Application(middlewares=[_local])
    app.add_routes([web.get(path, _file(*file)) for path, file in _FILES.items()])
    schemes = "|".join(get_args(Scheme))
    app.add_routes(
        [
            web.get("/overview", overview),
            web.get("/sheet/{email}/{lead}", sheet),
            web.get(f"/letter/{{email}}/{{lead}}/{{scheme:{schemes}}}", letter),
            web.get("/events", events),
        ]
    )
    return app


def _asked(request: web.Request) -> tuple[str, str]:
    return request.match_info["email"], request.match_info["lead"]


@web.middleware
async def _local(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A page of others may resolve its name to this machine (DNS rebinding): it still calls us by its own name."""
    if request.host.rpartition(":")[0] not in _NAMES:
        return web.Response(status=403, text=f"call me http://{HOST}\n")
    return await handler(request)


def _file(name: str, kind: str) -> Handler:
    text = Path(__file__).with_name(name).read_text("utf-8")

    async def answer(_: web.Request) -> web.Response:
        headers = {"Content-Security-Policy": _PAGE, "Cache-Control": "no-store"}
        return web.Response(text=text, content_type=kind, headers=headers)

    return answer


def _found(value: Any) -> Any:
    if value is None:
        raise web.HTTPNotFound(text="no such e-mail or sample lead\n")
    return value


def _json(value: Any) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(value), content_type="application/json", headers={"Cache-Control": "no-store"}
    )
