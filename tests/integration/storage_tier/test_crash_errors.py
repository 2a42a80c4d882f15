# SPDX-License-Identifier: GPL-3.0-or-later
"""A call of the module that fails: one JSON error, nothing half, and the next run mends it."""

import json

import pytest
from crash import Figures, sample, sites_of, survive
from tracing import RESULT

ERRORS = {"pwrite64": "EIO", "write": "ENOSPC", "fsync": "EIO", "rename": "ENOSPC",
          "mkdir": "ENOSPC", "mount": "EIO", "swapon": "EINVAL", "unlink": "EROFS",
          "fchmod": "EPERM", "fchown": "EPERM", "clone3": "EAGAIN", "flock": "EIO",
          "ioctl": "EOPNOTSUPP"}


def can_matter(site):
    """Not the result itself, which nobody would get, nor the wait for somebody else's lock."""
    return not RESULT.match(site.arguments) and "LOCK_SH" not in site.arguments


def fail_at(scene, site, figures, error=None):
    error = error or ERRORS[site.call]
    done, trace = scene.run_under("-e", f"inject={site.call}:error={error}:when={site.when}")
    if "(INJECTED)" not in trace:
        figures.missed.append(str(site))
        return
    (line,) = [line for line in done.stdout.splitlines() if line]
    answer = json.loads(line)
    if answer.get("failed"):
        assert done.returncode == 1 and len(answer["msg"]) > 15, answer
        assert answer["changed"] is (answer.get("actions_done") is not None), answer
    else:  # what could be done without, or was said otherwise
        assert site.call in ("ioctl", "mkdir") or error == "ENOMEM", (site, answer)
        assert answer.get("warnings"), answer
    survive(scene, site, figures)


@pytest.mark.parametrize("fstype, count", [("ext4", 20), ("swap", 5)])
def test_first_run(scenes, fstype, count):
    done, trace = scenes(fstype).run_under()
    assert done.returncode == 0
    sites = [site for site in sites_of(trace) if site.call in ERRORS and can_matter(site)]
    figures = Figures()
    for site in sample(sites, count):
        fail_at(scenes(fstype), site, figures)
    figures.finish(f"errors on {fstype}")


def test_no_memory_in_the_kernel(scenes):
    done, trace = scenes("ext4").run_under()
    assert done.returncode == 0
    sites = [site for site in sites_of(trace) if site.call in ERRORS and can_matter(site)]
    figures = Figures()
    for site in sample(sites, 10):
        fail_at(scenes("ext4"), site, figures, "ENOMEM")
    figures.finish("ENOMEM on ext4")
