"""A worker whose disk is full: it says so, acknowledges nothing that it could lose, and goes on when there is room."""

import os
import subprocess

import pytest

from tests.broker import lane_worker as lab
from tests.broker.test_lane import Worker, judge, some, tallies


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 24 MB, mounted for this test alone."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)], capture_output=True, text=True, check=False
    )
    if mount.returncode:
        pytest.skip(f"a small disk needs the right to mount one (root): {mount.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(path):
    """Write until there is no room."""
    with path.open("wb", buffering=0) as ballast:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    ballast.write(os.urandom(size))
            except OSError:
                continue


def test_a_full_disk_is_waited_for(broker, unique, small_disk):
    """Lives end with a sentence that names the folder and the remedy; with room again every record has counted once."""
    lab.create(broker, unique)
    first, items = some(300), some(3_000)
    ballast = small_disk / "ballast"
    lab.produce(broker, f"facts-{unique}", first)
    with Worker(broker, unique, small_disk, MOST="50") as worker:
        worker.until(lambda: sum(tallies(broker, unique)[0].values()) == len(first))
        fill(ballast)
        lab.produce(broker, f"facts-{unique}", items[len(first) :])
        worker.until(lambda: "make room on that disk; the lane tries again by itself" in worker.log.read_text())
        assert sum(tallies(broker, unique)[0].values()) < len(items)
        ballast.unlink()
        worker.until(lambda: sum(tallies(broker, unique)[0].values()) == len(items))
    judge(broker, unique, items)
