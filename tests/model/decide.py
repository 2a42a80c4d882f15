# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a disk, decided from what the probe found: the same question that judge_disk()
answers in modules/storage_tier/plan/judge.c, answered here from the rules' text.

The answers to all facts that can occur together are the table decisions.json, which the C unit test
runs through judge_disk()."""

import itertools
from typing import NamedTuple

# Verdicts; everything else that decide() returns is the id of a refusal.
VERDICTS = ("keep", "finish", "make", "remake", "wipe")


class Facts(NamedTuple):
    content: str  # see CONTENTS
    stamped: bool  # a stamp of the record is on the disk
    record: str  # see RECORDS
    covers: bool  # the record's list of signatures to be wiped has what is there
    head_zero: bool  # the first KiB is zero
    in_progress: bool  # an XFS that says itself that its mkfs hasn't finished
    unfinished: bool  # xfs_repair -n complains
    orphan: bool  # a stamp of ours whose record this host doesn't have
    line: str  # our line of fstab for the tier, see LINES
    wipe: str  # what the user wrote, see WIPES


CONTENTS = (
    "blank",  # nothing but zeros; a stamp with its record counts as zeros
    "data",  # no signature, something that isn't zero
    "unreadable",
    "recorded",  # a filesystem with the UUID of the record
    "labelled",  # another filesystem with our label for this tier
    "foreign",  # a filesystem of others
    "table",  # anything else with a signature
)
FILESYSTEMS = ("recorded", "labelled", "foreign")
RECORDS = ("none", "making", "wiping", "wiping-other")  # other: its token isn't the user's
LINES = ("none", "this", "other")
WIPES = ("none", "names", "other")  # names: the content that is there now


def is_possible(f):
    """Whether a probe can find this."""
    filesystem = f.content in FILESYSTEMS
    return not any(
        (
            f.stamped and f.record == "none",
            f.record != "none" and not f.stamped and f.content != "recorded",
            f.content == "recorded" and f.record == "none",
            f.covers and not (f.record.startswith("wiping") and (filesystem or f.content == "table")),
            f.record == "wiping" and f.wipe == "none",
            f.record == "wiping-other" and f.covers and f.wipe == "names",
            f.record == "wiping" and f.covers and f.wipe == "other",
            f.content == "blank" and not f.head_zero,
            f.content in ("blank", "unreadable") and f.wipe == "names",
            f.in_progress and (not filesystem or f.head_zero),
            f.unfinished and (not filesystem or f.in_progress),
            f.unfinished and f.content != "recorded" and not f.stamped,
            f.orphan and (f.record != "none" or f.content not in ("data", "table")),
            f.line == "this" and not filesystem,
        )
    )


def decide(f):
    if f.content == "recorded":
        return decide_recorded(f)
    if f.stamped and f.content != "unreadable" and f.record != "wiping-other":
        # Half-made and ours: either nothing to see yet, or only what a wipe set out to destroy.
        if f.content in ("blank", "data") and f.head_zero:
            return "remake"
        if f.record == "wiping" and f.covers:
            return "wipe"
    if f.content == "blank":
        return "make"
    if f.content == "unreadable":
        return "unreadable"
    if f.content in FILESYSTEMS and not f.in_progress and is_ours(f):
        if f.line == "other":
            return "fstab-names-another"
        if f.unfinished:
            return "wipe" if f.wipe == "names" else "unfinished"
        return "keep"
    if f.wipe == "names":
        return "wipe"
    half_made = f.orphan or (f.in_progress and (f.record != "none" or f.content == "labelled"))
    return "half-made" if half_made else "foreign-content"


def is_ours(f):
    return f.content == "labelled" or f.line == "this"


def decide_recorded(f):
    """A finished filesystem may have been used since: it is never made again."""
    if f.in_progress:
        if f.stamped:
            return "remake"
        return "wipe" if f.wipe == "names" else "half-made"
    if f.unfinished:
        return "wipe" if f.wipe == "names" else "unfinished"
    return "finish"


def all_facts():
    flags = (False, True)
    domains = (CONTENTS, flags, RECORDS, flags, flags, flags, flags, flags, LINES, WIPES)
    return filter(is_possible, itertools.starmap(Facts, itertools.product(*domains)))
