# SPDX-License-Identifier: GPL-3.0-or-later
"""The disk and the host that the order of making works on, and what a probe sees of them.

A disk has three fields. Each is a tuple of the values written since the last sync, the durable one
first: a power cut keeps any one of them, for each field on its own."""

from typing import NamedTuple, Optional

from decide import Facts

ZERO = "0"
NONE = None


class Disk(NamedTuple):
    identity: str  # what the host knows it by: one for the slot, or one for each disk
    head: tuple  # ZERO, "foreign", "raw", ("in progress", uuid), ("super", uuid)
    body: tuple  # ZERO, "foreign", "raw", "part", ("made", uuid), ("used", uuid)
    stamp: tuple  # NONE or a uuid
    given_up: bool  # for the invariant: the user named this very content, and it was begun on


class Record(NamedTuple):
    uuid: str
    identity: str
    wipe: object  # token
    signature: object  # what is to be wiped


class Host(NamedTuple):
    disk: Disk
    shelf: Optional[Disk]  # taken out, and perhaps put back
    records: frozenset
    line: Optional[str]  # uuid in fstab
    mounted: Optional[str]
    wipe: object  # the token in the inventory
    run: tuple  # steps that are left; (): none runs
    changes: int  # how many more times somebody meddles
    answers_for: bool  # what is on the disk is this module's doing alone, from a disk without stamps on


def disk_of(identity, head, body):
    return Disk(identity, (head,), (body,), (NONE,), False)


def now(disk):
    return disk.head[-1], disk.body[-1], disk.stamp[-1]


def synced(disk):
    head, body, stamp = now(disk)
    return disk._replace(head=(head,), body=(body,), stamp=(stamp,))


def written(disk, field, value):
    values = getattr(disk, field)
    return disk if values[-1] == value else disk._replace(**{field: values + (value,)})


def is_whole(disk):
    """A filesystem that is all there: its UUID, else None."""
    head, body, _ = now(disk)
    return head[1] if head[0] == "super" and body in (("made", head[1]), ("used", head[1])) else None


def precious(disk):
    head, body, _ = now(disk)
    return (
        head in ("foreign", "raw") or body in ("foreign", "raw") or body[0] == "used"
    ) and not disk.given_up


def signature(disk):
    head = disk.head[-1]
    return head if head == "foreign" or isinstance(head, tuple) else None


def token(disk, expected_stamp=None):
    """What a refusal prints: names one content. The head's UUID, or a digest of what was read."""
    head, body, stamp = now(disk)
    if isinstance(head, tuple):
        return ("filesystem", head[1])
    if head == "foreign":
        return head
    stamp = None if stamp == expected_stamp else stamp
    return ("data", head, body, stamp) if (head, body, stamp) != (ZERO, ZERO, None) else None


def find_record(host):
    """The record that is about the disk, and whether it is by its stamp, which nobody looks for on a
    disk in use; else by the UUID of the filesystem."""
    head, _, stamp = now(host.disk)
    if host.mounted is None:
        for record in host.records:
            if (record.uuid, record.identity) == (stamp, host.disk.identity):
                return record, True
    for record in host.records:
        if isinstance(head, tuple) and record.uuid == head[1]:
            return record, False
    return None, False


def probe(host):
    disk = host.disk
    head, body, stamp = now(disk)
    record, stamped = find_record(host)
    named = token(disk, record.uuid if stamped else None)
    if isinstance(head, tuple):
        content = "recorded" if record and record.uuid == head[1] else "labelled"
    elif head == "foreign":
        content = "foreign"
    else:
        content = "data" if named else "blank"
    kind = "none"
    if record:
        kind = "making" if record.wipe is None else "wiping"
        kind += "-other" if kind == "wiping" and record.wipe != host.wipe else ""
    sign = signature(disk)
    finished = isinstance(head, tuple) and head[0] == "super" and record is not None
    facts = Facts(
        content=content,
        stamped=stamped,
        record=kind,
        covers=bool(record and record.wipe and sign and record.signature == sign),
        head_zero=head == ZERO,
        in_progress=isinstance(head, tuple) and head[0] == "in progress",
        unfinished=finished and is_whole(disk) is None,
        orphan=content == "data" and record is None and stamp is not None,
        line="none" if host.line is None else "this" if sign and sign[1] == host.line else "other",
        wipe="none" if host.wipe is None else "names" if host.wipe == named else "other",
    )
    return facts, record, named


def booted(host):
    """What fstab says is mounted, if it is there."""
    uuid = is_whole(host.disk)
    return host._replace(mounted=uuid if uuid is not None and uuid == host.line else None, run=())
