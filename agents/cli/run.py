"""``nurture run AGENT...``: one agent in this process, or several, each in its own."""

import asyncio
import faulthandler
import os
import signal
import subprocess
import sys

import click

from agents.process.log import configure_logging
from agents.process.settings import read_settings
from agents.worker import AGENTS, must_be_able, run_agent


@click.command(epilog="Examples:  nurture run journey  ·  nurture run intake journey sender sales")
@click.argument("agents", nargs=-1, required=True, type=click.Choice(AGENTS))
def run(agents: tuple[str, ...]) -> None:
    """Run agents until TERM or Ctrl-C.

    One agent runs in this process. Several run side by side in processes of their own, on ports counted up from
    NURTURE_HTTP_PORT; when one ends, all do, so that a supervisor sees it.
    """
    settings = read_settings(os.environ)
    for name in agents:
        must_be_able(name, settings)
    if len(agents) > 1:
        sys.exit(_side_by_side(agents, settings.http_port))
    faulthandler.enable()  # a crash in a library's own code leaves its stack in the log
    configure_logging(settings.log_level, settings.log_format)
    asyncio.run(run_agent(agents[0], settings))


def _side_by_side(agents: tuple[str, ...], first_port: int) -> int:
    children = [_start(name, first_port + index if first_port else 0) for index, name in enumerate(agents)]

    def stop(*_: object) -> None:
        for child in children:
            child.terminate()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
    stop()
    return max(abs(child.wait()) for child in children)


def _start(name: str, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "agents.cli", "run", name]
    data = os.path.join(os.environ.get("NURTURE_DATA_DIR", "var/data"), name)  # noqa: PTH118 - a variable's text
    env = os.environ | {"NURTURE_HTTP_PORT": str(port), "NURTURE_DATA_DIR": data}
    return subprocess.Popen(command, env=env, start_new_session=True)  # noqa: S603 - our own command
