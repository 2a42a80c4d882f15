# SPDX-License-Identifier: GPL-3.0-or-later
"""device_timeout: the kernel's events end the wait, and without them a look every second."""

import os
import socket
import time

import pytest

import system
from host import OS, SIZES
from waiting_run import add_late_disk

NETLINK_KOBJECT_UEVENT = 15
GROUP_UDEV = 2
DELAY = 1.5  # seconds until the disk comes


def wanted(device):
    return [OS, {"name": "data-0", "tier": "hot", "device": device}]


def events_arrive():
    """A container's network namespace may get none."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_KOBJECT_UEVENT) as listener:
        listener.bind((0, 1))
        listener.settimeout(2)
        with open("/sys/class/net/lo/uevent", "w", encoding="ascii") as file:
            file.write("change")
        try:
            return bool(listener.recv(8192))
        except TimeoutError:
            return False


def check_calm(run, seconds):
    """Most waits end after a second; an event of somebody else's device may end some early."""
    waits = run.waits()
    in_vain = [at for at, woken in waits if not woken]
    assert len(in_vain) <= seconds + 1, waits
    assert len(run.looks()) <= len(waits) + 6


def test_disk_that_comes_is_found_by_the_kernels_event(host, start):
    if not events_arrive():
        pytest.skip("no uevents arrive here")
    disk = add_late_disk(host)
    run = start(wanted(disk.path), device_timeout=30)
    time.sleep(DELAY)
    came = disk.come(SIZES["ext4"])
    result = run.finish()
    assert not result.failed, result
    assert system.blkid(disk.path)["LABEL"] == "tier-hot"
    before = [woken for at, woken in run.waits() if at < came]
    assert before[-1], "the wait during which the disk came ended by its timeout"
    found = next(at for at in run.looks() if at > came)
    print(f"looked {1000 * (found - came):.0f} ms after the disk came; waits: {run.waits()}")
    assert found - came < 1
    check_calm(run, 3)


def test_disk_that_is_there_is_not_waited_for(host, start):
    disk = host.add_disk()
    run = start(wanted(disk.path), device_timeout=30)
    assert not run.finish().failed
    assert run.waits() == []
    assert not any(name == "socket" and "KOBJECT_UEVENT" in arguments
                   for _, name, arguments, _ in run.calls())


def test_link_that_udev_makes_is_found_by_udevs_event(host, start):
    if not events_arrive():
        pytest.skip("no uevents arrive here")
    disk = host.add_disk()
    run = start(wanted("/dev/disk/by-id/virtio-late"), device_timeout=30)
    time.sleep(DELAY)
    (host.nodes / "disk" / "by-id").mkdir(parents=True)
    os.symlink(f"../../{disk.kernel_name}", host.nodes / "disk" / "by-id" / "virtio-late")
    came = time.time()
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_KOBJECT_UEVENT) as udev:
        udev.sendto(b"libudev\0" + bytes(32) + b"ACTION=add\0SUBSYSTEM=block\0", (0, GROUP_UDEV))
    result = run.finish()
    assert not result.failed, result
    assert [woken for at, woken in run.waits() if at < came][-1]
    check_calm(run, 3)


def test_without_events_the_disk_is_found_by_looking(host, start):
    disk = add_late_disk(host)
    run = start(wanted(disk.path), "inject=socket:error=EAFNOSUPPORT", device_timeout=30)
    time.sleep(DELAY)
    disk.come(SIZES["ext4"])
    result = run.finish()
    assert not result.failed, result
    assert run.waits() and not any(woken for _, woken in run.waits())
    check_calm(run, 5)


def test_disk_that_never_comes_costs_a_look_a_second(start):
    run = start(wanted("/dev/disk/by-id/never"), device_timeout=4)
    result = run.finish()
    assert result.failed and "does not exist (yet)" in result["msg"]
    assert len(run.waits()) >= 3
    check_calm(run, 5)


def test_timeout_of_zero_looks_once(start):
    run = start(wanted("/dev/disk/by-id/never"), device_timeout=0)
    assert run.finish().failed
    assert run.waits() == [] and len(run.looks()) == 1
