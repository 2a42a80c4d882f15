# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of making, step by step, as modules/storage_tier/apply/make.c and apply.c have it.

run_mkfs() is the steps between two marks: a child that outlives its parent carries on with those,
and with no other."""

from decide import VERDICTS, decide
from world import NONE, ZERO, Record, is_whole, precious, probe, signature, synced, written


class Broken(Exception):
    """An invariant doesn't hold."""


def mkfs(fstype, uuid):
    """ext4, swap and btrfs are found by nobody until their last write, which a sync precedes; xfs is
    from its first one on, and says only in its last one that it has finished."""
    super_block = ("write", "head", ("super", uuid))
    body = [("write", "body", "part"), ("write", "body", ("made", uuid))]
    if fstype == "xfs":
        steps = [("write", "head", ("in progress", uuid)), *body, super_block]
    else:
        steps = [*body, ("sync",), super_block]
    return [("child", *step) for step in steps]


def clear():
    return [("write", "head", ZERO), ("sync",)]


def record(uuid, wipe=None, replaces=None):
    """record(): the record is synced when it is written; a stamp stays where it is until its
    successor is there."""
    steps = [("record", uuid, wipe), ("write", "stamp", uuid), ("sync",)]
    return [*steps, *([("forget", replaces)] if replaces else []), ("supersede", uuid)]


def after_mkfs(uuid):
    return [("sync",), ("write", "stamp", NONE), ("sync",)]


def settle(uuid):
    """apply_fstab() and what follows."""
    return [("line", uuid), ("forget", uuid), ("mount", uuid)]


def making(fstype, uuid, over_half_made):
    wiped = clear() if over_half_made else []
    return [*record(uuid), *wiped, *mkfs(fstype, uuid), *after_mkfs(uuid), *settle(uuid)]


def wiping(fstype, uuid, wipe, replaces):
    begun = [*record(uuid, wipe, replaces), *clear()]
    return [*begun, *making(fstype, uuid, False)]


class Order:
    """The real one; orders known to be wrong override a part."""

    def __init__(self, fstype, supersedes):
        self.fstype, self.supersedes = fstype, supersedes

    def decide(self, facts):
        return decide(facts)

    def steps(self, verdict, host, found, new):
        if verdict == "wipe":
            again = found is not None and found.wipe == host.wipe
            replaces = None if again or found is None else found.uuid
            return wiping(self.fstype, found.uuid if again else new, host.wipe, replaces)
        if verdict in ("make", "remake"):
            uuid = found.uuid if found else new
            return making(self.fstype, uuid, verdict == "remake")
        uuid = host.disk.head[-1][1]
        if verdict == "finish":
            return [*([] if host.mounted else after_mkfs(uuid)), *settle(uuid)]
        done = host.line == uuid and host.mounted == uuid
        return [] if done else settle(uuid)

    def plan(self, host, new):
        """What a run does: (verdict or refusal, steps). What bears our label and no record of its own
        (the host was rebuilt, or another wipe begun and taken back) is kept; whether it is whole is
        known when it is mounted."""
        facts, found, _ = probe(host)
        verdict = self.decide(facts)
        if verdict == "keep" and is_whole(host.disk) is None:
            return "mount fails", ()
        if verdict not in VERDICTS:
            return verdict, ()
        return verdict, tuple(self.steps(verdict, host, found, new))

    @staticmethod
    def begin(host, verdict, steps):
        named = host.wipe is not None and host.wipe == probe(host)[2]
        disk = host.disk
        if named and verdict in ("wipe", "remake"):
            disk = disk._replace(given_up=True)
        clean = all(stamp is NONE for stamp in disk.stamp)  # of what earlier runs left
        return host._replace(run=steps, disk=disk, answers_for=host.answers_for or clean)

    def step(self, host):
        """The host after the next step of its run."""
        (name, *arguments), rest = host.run[0], host.run[1:]
        if name == "child":
            name, *arguments = arguments
        host = host._replace(run=rest)
        return getattr(self, "do_" + name)(host, *arguments)

    def do_record(self, host, uuid, wipe):
        kept = frozenset(r for r in host.records if r.uuid != uuid)
        before = next((r for r in host.records if r.uuid == uuid), None)
        sign = signature(host.disk)
        if wipe is not None and before is not None and before.wipe == wipe:
            sign = before.signature
        new = Record(uuid, host.disk.identity, wipe, sign if wipe is not None else None)
        return host._replace(records=kept | {new})

    def do_supersede(self, host, uuid):
        if not self.supersedes:
            return host
        mine = host.disk.identity
        kept = (r for r in host.records if r.uuid == uuid or r.identity != mine)
        return host._replace(records=frozenset(kept))

    def do_write(self, host, field, value):
        disk = host.disk
        if field != "stamp" and precious(disk):
            raise Broken(f"destroyed: {field} of {disk}")
        return host._replace(disk=written(disk, field, value))

    def do_sync(self, host):
        return host._replace(disk=synced(host.disk))

    def do_line(self, host, uuid):
        if is_whole(host.disk) != uuid or len(host.disk.head) > 1 or len(host.disk.body) > 1:
            raise Broken(f"fstab names what a power cut can take: {host.disk}")
        return host._replace(line=uuid)

    def do_forget(self, host, uuid):
        return host._replace(records=frozenset(r for r in host.records if r.uuid != uuid))

    def do_mount(self, host, uuid):
        if is_whole(host.disk) != uuid:
            raise Broken(f"what is to be mounted isn't whole: {host.disk}")
        return host._replace(mounted=uuid)
