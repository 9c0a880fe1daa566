"""Where the figures come from: the machine and the versions that took part. It measures nothing."""

import os
import platform
import re
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from tests.bench.shipped import ROOT

_PACKAGES: Final = ("faust-streaming", "aiokafka", "rocksdict", "msgspec", "quixstreams", "confluent-kafka", "bytewax")


def machine() -> dict[str, str]:
    """Processor, cores, memory, system, Python, Kafka and the packages that took part."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "kafka": _kafka(),
        **{name: _version(name) for name in _PACKAGES},
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", info.read_text(encoding="utf-8")) if info.exists() else None
    return found[1] if found else platform.processor()


@cache
def commit() -> str:
    """The short hash of what is checked out, when it was first asked for, and whether it was changed since."""
    try:
        told = subprocess.run(("git", "rev-parse", "--short", "HEAD"), cwd=ROOT, capture_output=True, check=True)
        same = ("git", "diff", "--quiet", "HEAD", "--", ".", ":!*RESULTS.md", ":!*/results.*")  # a run writes those
        changed = subprocess.run(same, cwd=ROOT, capture_output=True, check=False).returncode
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return told.stdout.decode().strip() + "+changes" * bool(changed)


def _kafka() -> str:
    jar = next((ROOT / "deploy" / "kafka" / "libs").glob("kafka-clients-*.jar"), None)
    return jar.stem.removeprefix("kafka-clients-") if jar else "unknown"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
