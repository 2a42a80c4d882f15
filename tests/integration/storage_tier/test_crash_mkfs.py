# SPDX-License-Identifier: GPL-3.0-or-later
"""mkfs killed at its own calls, mkfs that outlives the module, and mkfs that fails."""

import shutil
import time

import pytest
import system
from crash import Figures, sample, sites_of, survive, wrapped
from host import RECORDS

CALLS = {"ext4": 8, "swap": 4, "xfs": 8, "btrfs": 6}  # the sample of each sweep


def program(fstype):
    return "mkswap" if fstype == "swap" else f"mkfs.{fstype}"


def run_with_traced_mkfs(scene, *strace):
    """The module's answer, and the trace of the mkfs that it started."""
    log = scene.host.folder / "mkfs.log"
    script = f'exec strace -s 64 -o {log} {" ".join(strace)} "$REAL" "$@"'
    with wrapped(scene.host, program(scene.fstype), script):
        result = scene.host.run(scene.wanted)
    return result, log.read_text(errors="replace")


@pytest.mark.parametrize("fstype", CALLS)
def test_mkfs_killed_at_its_own_calls(scenes, fstype):
    result, trace = run_with_traced_mkfs(scenes(fstype))
    assert not result.failed, result
    figures = Figures()
    for site in sample(sites_of(trace), CALLS[fstype]):
        scene = scenes(fstype)
        result, trace = run_with_traced_mkfs(
            scene, "-e", f"inject={site.call}:signal=KILL:when={site.when}")
        if "+++ killed by SIGKILL +++" not in trace:
            figures.missed.append(str(site))
            continue
        assert result.failed and result["changed"] is True and result["actions_done"] == []
        assert program(fstype) in result["msg"] and scene.disk.path in result["msg"]
        survive(scene, site, figures)
    figures.finish(program(fstype))


@pytest.mark.parametrize("fstype", ["ext4", "xfs"])
def test_mkfs_that_outlives_the_module_is_waited_for(scenes, fstype):
    """It keeps the lock of the disk, which it inherited."""
    scene = scenes(fstype)
    started = scene.host.folder / "started"
    with wrapped(scene.host, program(fstype), f'touch {started}; sleep 2; exec "$REAL" "$@"'):
        process = scene.host.start(scene.wanted)
        while not started.exists():
            time.sleep(0.01)
        process.kill()
        process.communicate()
        assert system.blkid(scene.disk.path) == {}
        (record,) = RECORDS.iterdir()
        result = scene.host.run(scene.wanted)
        assert not result.failed, result
        assert system.blkid(scene.disk.path)["UUID"] == record.name
    scene.check_converged()
    assert system.blkid(scene.disk.path)["UUID"] == record.name


@pytest.mark.parametrize("fstype", CALLS)
def test_mkfs_that_fails_is_reported_and_tried_again(scenes, fstype):
    scene = scenes(fstype)
    with wrapped(scene.host, program(fstype), "echo no luck today >&2; exit 3"):
        for _ in range(2):
            result = scene.host.run(scene.wanted)
            assert result.failed and result["changed"] is True
            for part in (scene.disk.path, program(fstype), "status 3", "no luck today"):
                assert part in result["msg"]
            scene.check_after_kill()
    scene.check_converged()


@pytest.mark.parametrize("fstype", CALLS)
def test_mkfs_that_is_not_installed_is_found_by_check_mode(scenes, fstype):
    scene = scenes(fstype)
    digest = scene.disk.digest()
    path = shutil.which(program(fstype))
    hidden = scene.host.folder / "hidden"
    hidden.touch(mode=0o644)
    system.tool("mount", "--bind", hidden, path)
    try:
        for check in (True, False):
            result = scene.host.run(scene.wanted, check=check)
            assert result["error_id"] == "tool-missing" and program(fstype) in result["msg"]
    finally:
        system.tool("umount", path)
    assert scene.disk.digest() == digest
    scene.check_converged()
