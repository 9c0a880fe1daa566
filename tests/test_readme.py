"""What the README tells people to type is typed here, in their order; what cannot be is at least there to be typed."""

import asyncio
import os
import re
import shlex
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import click
import pytest
from msgspec.structs import replace

from agents.cli import main
from agents.kafka.clients import client, producer
from agents.local.demo import Plan, environment
from agents.process.options import reference
from agents.process.settings import FILE, read_settings
from schemas.codec import decode_queue, encode
from schemas.topics import SALES_QUEUE

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
NURTURE = ".venv/bin/nurture"
BLOCKS = [block.splitlines() for block in re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)]
INLINE = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", README, flags=re.MULTILINE | re.DOTALL))
ALONE = {"check", "preview", "settings", "ingest", "--help", "--version"}  # what is asked of files, not of a broker
STAYS = {"run", "demo"}  # what ends when it is told to
[TABLE] = re.findall(r"^```csv\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
[MAPPING] = re.findall(r"^```yaml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def words_of(line):
    """A line's words without its comment; none when it is no line of a shell."""
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return []


LINES = [line for block in BLOCKS for line in block if words_of(line)]
TYPED = [words_of(part) for line in LINES + INLINE for part in line.split("&&")]


def nurtures(typed):
    """The words behind ``nurture``; none when something else is typed."""
    return typed[1:] if typed and typed[0] in (NURTURE, "nurture") else []


def kind(line):
    """How a line is tried: alone, with a broker, as something that stays, or only looked up."""
    words = nurtures(words_of(line))
    if not words:
        return "eval" if line.startswith("eval ") else "looked up"
    return "alone" if words[0] in ALONE or "tests/facts.jsonl" in words else "stays" if words[0] in STAYS else "broker"


@pytest.fixture
def desk(tmp_path):
    """A folder like a clone's, with the files that the README supposes."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "templates").symlink_to(ROOT / "templates")
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    (tmp_path / "leads.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "my-map.yaml").write_text(MAPPING, encoding="utf-8")
    return tmp_path


def type_in(desk, line, **env):
    """One line, as in a shell: what it printed. Anything but success fails, with what it said."""
    shell = ["bash", "-c", line]
    done = subprocess.run(shell, cwd=desk, env=os.environ | env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


def stays(desk, line, env):
    """It becomes ready, and ends in order when it is told to."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    env = os.environ | env | {"NURTURE_HTTP_PORT": str(port)}
    with subprocess.Popen(words_of(line), cwd=desk, env=env, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 120
        while process.poll() is None and not ready(port):
            assert time.monotonic() < deadline, f"{line} never became ready"
        process.terminate()
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said.decode()


def ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        time.sleep(0.05)
        return False


@pytest.mark.parametrize("line", [line for line in LINES if kind(line) == "alone"])
def test_what_asks_no_broker_does_what_it_says(desk, line):
    """Typed as it stands in a fresh clone, it succeeds and says something."""
    assert type_in(desk, line)


@pytest.mark.parametrize("line", [line for line in LINES if kind(line) == "eval"])
def test_the_shell_completes_our_commands(desk, line):
    """The script that it makes is one that bash takes, and names the command."""
    assert "nurture" in type_in(desk, f"{line.split('#')[0]}; complete -p nurture")


def test_what_asks_a_broker_does_what_it_says(desk, fresh_broker):
    """In order on a broker of its own, with the demo's settings: first the topics are made, then all the rest."""
    env = environment(Plan(folder=desk, templates=desk / "templates"), fresh_broker) | {"NURTURE_CLOCK": "wall"}
    setting_up = [block for block in BLOCKS if any("topics create" in line for line in block)]
    for line in [line for block in setting_up for line in block if kind(line) == "broker"]:
        type_in(desk, line, **env)
    for handoff_id in sorted(set(re.findall(r"lead-\d+:0", README))):
        asyncio.run(hand_over(handoff_id, client(read_settings(env))))
    for line in LINES:
        if kind(line) == "stays" and nurtures(words_of(line))[0] == "run":
            stays(desk, line, env)
        elif kind(line) == "broker":
            type_in(desk, line, **env)


async def hand_over(handoff_id, options):
    """A handoff that the README speaks of; nobody has answered it yet."""
    shipped = decode_queue((ROOT / "schemas/examples/queue_item.v1.json").read_bytes())
    unanswered = {"state": "open", "reason": "", "by": "", "answered_at": 0}
    item = replace(shipped, handoff_id=handoff_id, lead_id=handoff_id.split(":")[0], **unanswered)
    async with producer(options) as out:
        await out.send_and_wait(SALES_QUEUE, encode(item), key=handoff_id.encode())


@pytest.mark.parametrize("words", [w for w in map(nurtures, TYPED) if w], ids=" ".join)
def test_every_command_and_option_exists(words):
    """Whatever is written after ``nurture``, in a block or in a sentence."""
    command, rest = main, list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        name = rest.pop(0)
        command = command.get_command(click.Context(command), name)
        assert command is not None, f'nurture has no "{name}"'
    known = {option for parameter in command.get_params(click.Context(command)) for option in parameter.opts}
    assert {word.split("=")[0] for word in rest if word.startswith("--")} <= known


@pytest.mark.parametrize("words", [w[1:] for w in TYPED if w[:1] == ["make"] and w[1:]], ids=" ".join)
def test_every_target_and_its_variables_exist(words):
    """Whatever is written after ``make``."""
    targets = set(re.findall(r"^([a-z]+):.*## ", MAKEFILE, re.MULTILINE))
    assert {word for word in words if "=" not in word} <= targets
    assert all(f"({word.split('=')[0]}" in MAKEFILE for word in words if "=" in word)


def test_every_variable_exists():
    """A NURTURE_ variable that the README names is a setting, or the file of one."""
    known = {variable.name for variable in reference().values()} | {FILE}
    known |= {f"{variable.name}_FILE" for variable in reference().values() if variable.secret}
    assert set(re.findall(r"(?<!_)NURTURE_[A-Z_]+", README)) - known == set()
