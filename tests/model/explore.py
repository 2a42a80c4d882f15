# SPDX-License-Identifier: GPL-3.0-or-later
"""Every state that an order of making can come into, whatever happens to the disk and the host."""

import itertools
from collections import Counter, deque

from decide import VERDICTS
from order import Broken
from world import ZERO, Disk, Host, booted, disk_of, is_whole, probe, synced

ROUNDS = 4  # runs and the user's answers to their refusals, until nothing is left to do


def names(value):
    """UUIDs ("u0") and identities ("i0") in the order in which they occur."""
    if isinstance(value, (tuple, frozenset)):
        values = sorted(value, key=repr) if isinstance(value, frozenset) else value
        for item in values:
            yield from names(item)
    elif isinstance(value, str) and value[0] in "ui" and value[1:].isdigit():
        yield value


def renamed(value, by):
    if isinstance(value, frozenset):
        return frozenset(renamed(item, by) for item in value)
    if isinstance(value, tuple):
        items = [renamed(item, by) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    return by.get(value, value) if isinstance(value, str) else value


def canonical(host):
    """The same for states that differ in names alone. A record whose UUID is nowhere any more is
    about nothing, as UUIDs are drawn at random."""
    known = set(names((host.disk, host.shelf, host.run)))
    host = host._replace(records=frozenset(r for r in host.records if r.uuid in known))
    by, counts = {}, Counter()
    for name in names(host):
        if name not in by:
            by[name] = f"{name[0]}{counts[name[0]]}"
            counts[name[0]] += 1
    return renamed(host, by)


def fresh(host, kind):
    used = set(names(host))
    return next(name for name in (f"{kind}{i}" for i in itertools.count()) if name not in used)


class Explorer:
    def __init__(self, order, one_identity, changes):
        self.order, self.one_identity, self.changes = order, one_identity, changes
        self.refusals, self.settled = Counter(), set()

    def start(self):
        blank = disk_of("i0", ZERO, ZERO)
        return Host(blank, None, frozenset(), None, None, None, (), self.changes, False)

    def explore(self):
        """The number of states; raises Broken."""
        first = canonical(self.start())
        seen, todo = {first: None}, deque([first])
        while todo:
            host = todo.popleft()
            try:
                if not host.run:
                    self.settle(host)
                for event, after in self.events(host):
                    after = canonical(after)
                    if after not in seen:
                        seen[after] = (host, event)
                        todo.append(after)
            except Broken as broken:
                raise Broken(f"{broken}\n{self.story(seen, host)}") from None
        return len(seen)

    @staticmethod
    def story(seen, host):
        events = []
        while seen[host]:
            host, event = seen[host]
            events.append(event)
        return " > ".join(reversed(events))

    def events(self, host):
        if host.run:
            yield f"step {' '.join(map(str, host.run[0]))}", self.order.step(host)
            yield from self.kills(host)
        else:
            verdict, steps = self.order.plan(host, fresh(host, "u"))
            if steps:
                yield f"run: {verdict}", self.order.begin(host, verdict, steps)
            yield from self.user(host, refused=verdict not in VERDICTS)
        yield from self.power_cuts(host)
        yield from self.uses(host)
        if not host.run and host.changes > 0:
            for event, after in self.meddling(host):
                after = after._replace(changes=host.changes - 1, answers_for=False)
                yield event, booted(after)

    @staticmethod
    def kills(host):
        """mkfs can be killed with its parent or outlive it."""
        yield "kill", host._replace(run=())
        if host.run[0][0] == "child":
            alone = itertools.takewhile(lambda step: step[0] == "child", host.run)
            yield "kill, mkfs goes on", host._replace(run=tuple(alone))

    @staticmethod
    def power_cuts(host):
        disk = host.disk
        for head, body, stamp in itertools.product(set(disk.head), set(disk.body), set(disk.stamp)):
            kept = disk._replace(head=(head,), body=(body,), stamp=(stamp,))
            yield "power cut", booted(host._replace(disk=kept))

    @staticmethod
    def uses(host):
        """Somebody keeps files in a filesystem that is finished."""
        for place in ("disk", "shelf"):
            disk = getattr(host, place)
            if disk and is_whole(disk) and not (host.run and host.run[0][0] == "child"):
                used = synced(disk._replace(body=(("used", is_whole(disk)),)))
                yield f"{place} used", host._replace(**{place: used})

    @staticmethod
    def user(host, refused):
        facts, _, token = probe(host)
        if refused and token is not None and token != host.wipe:
            yield "token given", host._replace(wipe=token, answers_for=False)
        if host.wipe is not None:
            begun = facts.stamped and facts.record == "making"  # too late: mkfs may be half through
            kept = host.disk._replace(given_up=host.disk.given_up and begun)
            yield "token taken back", host._replace(wipe=None, disk=kept, answers_for=False)

    def meddling(self, host):
        out = host._replace(shelf=synced(host.disk), mounted=None)
        identity = "i0" if self.one_identity else fresh(host, "i")
        other = fresh(host, "u")
        for name, head, body in (
            ("blank", ZERO, ZERO),
            ("foreign", "foreign", "foreign"),
            ("raw", "raw", "raw"),
            ("raw behind zeros", ZERO, "raw"),
            ("another host's", ("super", other), ("used", other)),
        ):
            yield f"{name} disk", out._replace(disk=disk_of(identity, head, body))
        yield "cloned disk", out._replace(disk=out.shelf._replace(identity=identity))
        if host.shelf:
            yield "put back", out._replace(disk=host.shelf)
        for content in ("foreign", "raw"):
            disk = Disk(host.disk.identity, (content,), (content,), (host.disk.stamp[-1],), False)
            yield f"overwritten by {content}", host._replace(disk=disk, mounted=None)
        kept = synced(host.disk)
        yield "rebuilt", host._replace(disk=kept, records=frozenset(), line=None, mounted=None)

    def settle(self, host):
        """Left alone, the host gets to where nothing is to be done, or to a refusal whose way on
        leads there."""
        for _ in range(ROUNDS):
            if host in self.settled:
                return
            self.settled.add(host)
            verdict, steps = self.order.plan(host, fresh(host, "u"))
            if not steps and verdict == "keep":
                return
            if steps:
                host = self.order.begin(host, verdict, steps)
                while host.run:
                    host = self.order.step(host)
                self.check_settled(host)
            else:
                host = self.answered(host, verdict)
            host = canonical(host)
        raise Broken("never comes to an end")

    @staticmethod
    def check_settled(host):
        uuid = is_whole(host.disk)
        if uuid is None or (host.line, host.mounted) != (uuid, uuid):
            raise Broken(f"a run ended without its tier: {host}")
        if any(record.uuid == uuid for record in host.records):
            raise Broken("a record outlives its run")

    @staticmethod
    def may_refuse(host, refusal):
        """What a run may refuse after nothing but kills and power cuts: an XFS that says it has
        finished and of which the power cut took a part; and content that the user named and whose
        wipe, cut short, left it with another token: because a power cut brought back what was
        there before, or because the new stamp lies where a stamp without record lay."""
        return refusal == "unfinished" or (refusal == "foreign-content" and host.disk.given_up)

    def answered(self, host, refusal):
        """What the refusal tells the user to write."""
        if host.answers_for:
            self.refusals[refusal] += 1
            if not self.may_refuse(host, refusal):
                raise Broken(f"refused by our own doing: {refusal}: {host.disk}")
        if refusal == "fstab-names-another":
            return host._replace(line=None)
        if refusal == "mount fails":
            disk = host.disk  # xfs_repair
            return host._replace(disk=disk._replace(body=(("made", disk.head[-1][1]),)))
        _, _, token = probe(host)
        if token is None or token == host.wipe:
            raise Broken(f"refused without a way on: {refusal}: {host}")
        return host._replace(wipe=token)
