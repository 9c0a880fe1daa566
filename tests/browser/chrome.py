"""A real browser, driven over its DevTools protocol: go somewhere, ask the page, press keys, take a picture."""

import asyncio
import base64
import json
import os
import shutil
from contextlib import asynccontextmanager

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--mute-audio", "--hide-scrollbars",
    "--remote-debugging-port=0",
)  # fmt: skip


def binary():
    """Where a browser is; None when there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One tab. ``errors`` gathers what the page's scripts threw and what its policies refused."""

    def __init__(self, socket):
        self._socket, self._number, self._answers, self.errors = socket, 0, {}, []
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self):
        async for message in self._socket:
            told = json.loads(message.data)
            if "id" in told:
                self._answers.pop(told["id"]).set_result(told)
            elif told["method"] == "Runtime.exceptionThrown":
                self.errors.append(told["params"]["exceptionDetails"]["text"])
            elif told["method"] == "Log.entryAdded" and told["params"]["entry"]["level"] == "error":
                self.errors.append(told["params"]["entry"]["text"])

    async def call(self, method, **params):
        """One command, and what came of it."""
        self._number += 1
        self._answers[self._number] = answer = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": self._number, "method": method, "params": params})
        told = await asyncio.wait_for(answer, 30)
        assert "error" not in told, told
        return told["result"]

    async def ask(self, expression):
        """The value of a JavaScript expression."""
        told = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    async def until(self, expression, seconds=30):
        """Ask until it is true. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not await self.ask(expression):  # noqa: ASYNC110 - the page has no event for it
                await asyncio.sleep(0.05)

    async def press(self, key):
        """A key, down and up."""
        for kind in ("keyDown", "keyUp"):
            await self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    async def size(self, width, height, *, dark=False):
        """The window, and the colour scheme that its user prefers."""
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.call("Emulation.setEmulatedMedia", features=[scheme])

    async def picture(self, path):
        """What is seen, as a PNG."""
        shot = await self.call("Page.captureScreenshot", format="png")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(shot["data"]))


@asynccontextmanager
async def chrome(profile):
    """A browser with one empty tab, in a profile of its own; it is gone afterwards."""
    env = {**os.environ, "HOME": str(profile)}
    process = await asyncio.create_subprocess_exec(
        binary(), *FLAGS, f"--user-data-dir={profile}", "about:blank", env=env, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(60):
            while b"DevTools listening on" not in (line := await process.stderr.readline()):
                assert line, "the browser ended before it listened"
        port = line.split(b"127.0.0.1:")[1].split(b"/")[0].decode()
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json") as told:
                [tab] = [each for each in await told.json() if each["type"] == "page"]
            async with session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                page = Page(socket)
                for domain in ("Page", "Runtime", "Log"):
                    await page.call(f"{domain}.enable")
                yield page
                page._listening.cancel()
    finally:
        process.terminate()
        await process.communicate()
