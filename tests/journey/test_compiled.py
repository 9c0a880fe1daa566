"""The core as the image has it, compiled by mypyc: the same decisions, and nothing else than the sources say."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("pyproject.toml", "README.md", "LICENSE", "schemas", "streams", "agents")  # what the Dockerfile copies


def replayed(*path):
    """What ``nurture replay`` says, and where its core came from; ``path`` goes before our own packages."""
    script = "import json, sys, streams.journey.points as p; print(p.__file__); sys.argv[0] = 'nurture'; "
    script += "from agents.cli import main; main()"
    command = [sys.executable, "-P", "-c", script, "replay", ROOT / "tests/facts.jsonl", "--policy", ROOT / "templates"]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path))}
    done = subprocess.run([*command, "--json"], capture_output=True, check=True, env=env, cwd=path[0])
    place, said = done.stdout.decode().splitlines()
    return Path(place).suffix, {name: value for name, value in json.loads(said).items() if name != "seconds"}


def test_the_compiled_core_decides_the_same(tmp_path):
    """Built as the image builds it, it gives the digest that the sources give."""
    source, site = tmp_path / "source", tmp_path / "site"
    source.mkdir()
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, source / part)
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        tmp_path,
    ]
    env = os.environ | {"HATCH_BUILD_HOOKS_ENABLE": "1"}
    done = subprocess.run([*build, source], capture_output=True, check=False, env=env)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(site)
    compiled, sources = replayed(site), replayed(ROOT)
    assert (compiled[0], sources[0]) == (".so", ".py")
    assert compiled[1] == sources[1]
