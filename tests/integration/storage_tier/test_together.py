# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs at once, and runs beside others who use the same things."""

import fcntl
import os
import threading
import time

import pytest
import system
from crash import wrapped
from host import FSTAB, OS, RECORDS, ROOT, SIZES


def four(host):
    disks = [host.add_disk("data-0"), host.add_disk("data-1", SIZES["xfs"]),
             host.add_disk("data-2", SIZES["swap"])]
    return [OS, {"name": "data-0", "tier": "hot", "device": disks[0].path},
            {"name": "data-1", "tier": "cold", "device": disks[1].path, "fstype": "xfs"},
            {"name": "data-2", "tier": "swap", "device": disks[2].path}]


@pytest.mark.parametrize("count", (2, 10))
def test_runs_at_once_do_the_work_once(host, count):
    wanted = four(host)
    results = [host.finish(run) for run in [host.start(wanted) for _ in range(count)]]
    assert not any(result.failed for result in results), results
    assert [result["changed"] for result in results].count(True) == 1
    assert len(host.fstab_lines()) == 3
    for tier in ("hot", "cold"):
        assert len(system.mounts_at(f"{ROOT}/{tier}")) == 1
    assert list(RECORDS.iterdir()) == []
    assert host.run(wanted)["changed"] is False


def test_a_run_waits_for_the_lock_of_another(host):
    disk = host.add_disk()
    wanted = [OS, {"name": "data-0", "tier": "hot", "device": disk.path}]
    with open("/run/storage_tier.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run = host.start(wanted)
        time.sleep(0.5)
        assert run.poll() is None and system.blkid(disk.path) == {}
    result = host.finish(run)
    assert not result.failed and result["changed"] is True


def test_check_mode_and_an_unchanged_run_wait_for_nobody(host):
    disk = host.add_disk()
    wanted = [OS, {"name": "data-0", "tier": "hot", "device": disk.path}]
    with open("/run/storage_tier.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not host.run(wanted, check=True).failed
    host.converge(wanted)
    with open("/run/storage_tier.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert host.run(wanted)["changed"] is False


def test_a_disk_that_somebody_locked_is_waited_for(host):
    """systemd's convention: whoever works on a disk holds a lock on its node."""
    disk = host.add_disk()
    wanted = [OS, {"name": "data-0", "tier": "hot", "device": disk.path}]
    fd = os.open(disk.path, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    run = host.start(wanted)
    time.sleep(0.5)
    assert run.poll() is None and system.blkid(disk.path) == {}
    os.close(fd)
    result = host.finish(run)
    assert not result.failed and system.blkid(disk.path)["LABEL"] == "tier-hot"


def test_a_disk_that_is_made_by_somebody_meanwhile_is_not_touched(host):
    """A mkfs of somebody else between the plan and the turn of this run."""
    disk = host.add_disk()
    wanted = [OS, {"name": "data-0", "tier": "hot", "device": disk.path}]
    fd = os.open(disk.path, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    run = host.start(wanted)
    time.sleep(0.5)
    system.tool("mkfs.ext4", "-q", "-L", "photos", disk.path)
    os.close(fd)
    digest = disk.digest()
    result = host.finish(run)
    assert result.failed and result["error_id"] in ("content-changed", "foreign-content")
    assert disk.path in result["msg"] and disk.digest() == digest
    assert host.fstab_lines() == []


def test_a_record_that_comes_while_the_disk_is_looked_at(host):
    """Another run's: to a look that began before it, its stamps are those of an unknown host."""
    disk = host.add_disk()
    wanted = [OS, {"name": "data-0", "tier": "hot", "device": disk.path}]
    with wrapped(host, "mkfs.ext4", "exit 1"):
        assert host.run(wanted).failed
    (record,) = RECORDS.iterdir()
    content = record.read_bytes()
    record.unlink()
    fd = os.open(disk.path, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    run = host.start(wanted)
    time.sleep(0.5)
    record.write_bytes(content)
    os.close(fd)
    result = host.finish(run)
    assert not result.failed, result
    assert system.blkid(disk.path)["UUID"] == record.name


@pytest.mark.parametrize("tier, call", (("hot", "mount"), ("swap", "swapon")))
def test_a_look_at_the_disk_is_in_nobodys_way(host, tier, call):
    """Another run's, which opens the device exclusively for a moment."""
    disk = host.add_disk()
    wanted = [OS, {"name": "data-0", "tier": tier, "device": disk.path}]

    def look():
        while f"x-storage-tier={tier}" not in FSTAB.read_text(encoding="utf-8"):
            time.sleep(0.01)
        fd = os.open(disk.path, os.O_RDONLY | os.O_EXCL)
        time.sleep(1)
        os.close(fd)

    looking = threading.Thread(target=look)
    looking.start()
    result = host.run(wanted, prefix=("strace", "-o", "/dev/null", "-e",
                                      f"inject={call}:delay_enter=500000"))
    looking.join()
    assert not result.failed, result
    assert len(host.fstab_lines()) == 1 and host.run(wanted)["changed"] is False


def test_lines_that_others_add_at_the_same_time_are_not_lost(host):
    """Somebody who appends to fstab again and again while tiers are set up."""
    wanted = four(host)
    added, stop = [], threading.Event()

    def append():
        while not stop.is_set():
            line = f"# note {len(added)}\n"
            fd = os.open(FSTAB, os.O_WRONLY | os.O_APPEND)
            os.write(fd, line.encode())
            same = os.fstat(fd).st_ino == os.stat(FSTAB).st_ino
            os.close(fd)
            if same:  # else it went into the file that was replaced at this moment
                added.append(line)
            time.sleep(0.02)

    thread = threading.Thread(target=append)
    thread.start()
    try:
        results = [host.run(wanted) for _ in range(3)]
    finally:
        stop.set()
        thread.join()
    assert all(not r.failed or "run again" in r["msg"] for r in results), results
    host.converge(wanted)
    text = FSTAB.read_text(encoding="utf-8")
    missing = [line for line in added if line not in text]
    assert len(missing) <= 1, missing  # the window between comparing and renaming is not closed
    assert len(host.fstab_lines()) == 3
