# SPDX-License-Identifier: GPL-3.0-or-later
"""A cgroup in every hierarchy of the machine for what a lab starts: cgroup v1, v2, or both at once.

A list of cgroups below is one for each hierarchy, as absolute paths.
"""

import os
import signal
from pathlib import Path

# For `sh -c`: enters the cgroups before `--`, then becomes the command behind it.
ENTER = 'while [ "$1" != -- ]; do echo 0 >"$1/cgroup.procs"; shift; done; shift; exec "$@"'


def places(name):
    """Where cgroups of that name are to be: below the caller's own, so that its limits hold for them."""
    found = []
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, own = line.split(":", 2)
        mount = mount_of(controllers)
        if mount:
            found.append(str(parent(mount, own, controllers) / name))
    return found


def mount_of(controllers):
    """Root and mount point of the v1 hierarchy with these controllers, or of v2 where there are none."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, source = line.partition(" - ")
        root, point = fields.split()[3:5]
        kind, _, options = source.split()
        if kind == "cgroup" and controllers and set(controllers.split(",")) <= set(options.split(",")):
            return root, Path(point)
        if kind == "cgroup2" and not controllers:
            return root, Path(point)
    return None


def parent(mount, own, controllers):
    root, point = mount
    below = os.path.relpath(own, root)
    place = point if below.startswith("..") else point / below
    # Where v2 is alone, a cgroup that holds processes gives its children no controllers. The nearest above it
    # that does is a slice, with systemd. Beside v1, v2 has no controllers, and nspawn wants the same path in both.
    while not controllers and point == Path("/sys/fs/cgroup") and place != point and not passes_controllers_on(place):
        place = place.parent
    return place


def passes_controllers_on(group):
    return (group / "cgroup.subtree_control").read_text().strip() != ""


def make(groups):
    for group in map(Path, groups):
        group.mkdir()
        if (group / "cgroup.clone_children").exists() and (group / "cpuset.cpus").exists():
            for resource in ("cpuset.cpus", "cpuset.mems"):  # v1's are empty at first, and let nobody in
                (group / resource).write_text((group.parent / resource).read_text())


def enter(groups, command):
    """The command that does the same inside the cgroups; with an exit status when it can't enter one."""
    return ["sh", "-ec", ENTER, "enter", *groups, "--", *command]


def members(groups):
    """The processes in these cgroups and below them."""
    return {int(pid) for group in groups for place, _, _ in os.walk(group) for pid in processes(place)} - {0}


def processes(place):
    try:
        return Path(place, "cgroup.procs").read_text().split()
    except OSError:  # it went away meanwhile
        return []


def send(groups, sign, chosen):
    """Signals those of `chosen` that are in the cgroups, and no process that got the number of one that ended."""
    handles = {}
    for pid in chosen:
        try:
            handles[pid] = os.pidfd_open(pid)
        except ProcessLookupError:
            pass
    still_there = members(groups)
    for pid, handle in handles.items():
        try:
            if pid in still_there:
                signal.pidfd_send_signal(handle, sign)
        except ProcessLookupError:
            pass
        finally:
            os.close(handle)


def init(groups):
    """The first process of the container that runs in the cgroups, or None."""
    depth = len(pids_of("self"))
    for pid in members(groups):
        inside = pids_of(pid)
        if len(inside) == depth + 1 and inside[-1] == "1":
            return pid
    return None


def pids_of(process):
    """Its number in each PID namespace, the machine's first."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return []
    return next(line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:"))


def remove(groups):
    """Whether they are gone, with all below them. A cgroup with a process in it stays."""
    try:
        for group in groups:
            for place, _, _ in os.walk(group, topdown=False):
                os.rmdir(place)
    except OSError:
        return False
    return True
