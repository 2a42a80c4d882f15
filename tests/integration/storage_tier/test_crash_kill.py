# SPDX-License-Identifier: GPL-3.0-or-later
"""A run killed at each system call that changes something: the next run finishes the work."""

import pytest
from crash import Figures, sample, sites_of, survive

CALLS = {"ext4": 60, "swap": 8, "xfs": 6, "btrfs": 6}  # the sample of each sweep


def kill_at(scene, site, figures):
    _, trace = scene.run_under("-e", f"inject={site.call}:signal=KILL:when={site.when}")
    if "+++ killed by SIGKILL +++" in trace:
        survive(scene, site, figures)
    else:
        figures.missed.append(str(site))


@pytest.mark.parametrize("fstype", CALLS)
def test_first_run(scenes, fstype):
    done, trace = scenes(fstype).run_under()
    assert done.returncode == 0, done.stdout
    figures = Figures()
    for site in sample(sites_of(trace), CALLS[fstype]):
        kill_at(scenes(fstype), site, figures)
    figures.finish(f"first run on {fstype}")


def with_foreign_disk(scene):
    scene.hold_foreign("mkfs.ext4", "-q", "-L", "photos")
    return scene


def test_wipe(scenes):
    done, trace = with_foreign_disk(scenes("ext4")).run_under()
    assert done.returncode == 0, done.stdout
    figures = Figures()
    for site in sample(sites_of(trace), 12):
        kill_at(with_foreign_disk(scenes("ext4")), site, figures)
    figures.finish("wipe of ext4")


def test_the_same_host_again_and_again(scenes):
    """Each attempt is killed a little later than the one before."""
    scene = scenes("ext4")
    kills = 0
    for when in range(1, 20):
        _, trace = scene.run_under("-e", f"inject=fsync:signal=KILL:when={when}")
        if "+++ killed by SIGKILL +++" not in trace:
            break
        kills += 1
        scene.check_after_kill()
    assert kills >= 5
    scene.check_converged()
