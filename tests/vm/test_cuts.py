# SPDX-License-Identifier: GPL-3.0-or-later
"""The power goes at a random moment of a run; then the host boots, and the run is repeated."""

import random
import time
from collections import Counter

import pytest
from scene import CHANGES, FSTYPES, Scene
from tiers import ROOT

SAMPLE, ALL, TOGETHER = 3, 50, 5
CASES = [(change, fstype) for change in CHANGES for fstype in FSTYPES
         if (change, fstype) != ("move", "swap")]


def run_time(host, change, fstype):
    """How long an undisturbed run takes on this machine now."""
    scene = Scene(host, fstype, change)
    begin = time.monotonic()
    scene.start()
    assert not host.finish().failed
    return time.monotonic() - begin


def came_up(host, scene):
    """Whether the boot brought up the tier that fstab names; None where it names none."""
    text = host.guest.read("/etc/fstab")
    tiers = [tier for tier in ("swap", "hot", "cold") if f"x-storage-tier={tier} " in text]
    if not tiers:
        return None
    (tier,) = tiers
    node = host.node(scene.disk)
    return host.swaps() == [node] if tier == "swap" else host.source(tier) == node


def cut_once(host, change, fstype, delay, figures):
    scene = Scene(host, fstype, change)
    scene.start()
    time.sleep(delay)
    host.guest.cut()
    state = host.boot()
    assert state in ("running", "degraded")
    up = came_up(host, scene)
    # A swap that grows is made again: the boot goes on without it. All else in fstab is whole.
    assert up is not False or (change, fstype) == ("grow", "swap")
    figures[{None: "without a tier", True: "with the tier", False: "the tier left out"}[up]] += 1
    figures["degraded"] += state == "degraded"
    if fstype != "swap" and up is None:
        for tier in ("hot", "cold"):
            assert host.source(tier) is None, f"{ROOT}/{tier} is mounted without a line in fstab"
    scene.check_converges()
    figures["converged"] += 1


def sweep(make_host, cases, planned):
    seed = random.randrange(1 << 32)
    print(f"\nseed {seed}")
    draw = random.Random(seed)
    figures, lost, took = Counter(), [], {}
    for number, case in enumerate(cases):
        if case not in took:
            host = make_host()
            host.resume()
            took[case] = run_time(host, *case)
            host.end()
        delay = draw.uniform(0, took[case])
        host = make_host()
        host.resume()
        print(f"{number}: {' '.join(case)}, after {delay:.2f} of {took[case]:.2f} s", flush=True)
        try:
            cut_once(host, *case, delay, figures)
        except Exception as problem:  # pylint: disable=broad-exception-caught
            print(f"{number}: {problem}", flush=True)
            lost.append((number, *case, delay, problem))
        host.end()
    print(f"power cuts: {len(cases)} of {planned}; the boots after them: {dict(figures)}; {len(lost)} lost")
    assert not lost, lost


def test_a_power_cut_in_a_run_is_mended_by_the_next(make_host):
    sweep(make_host, random.sample(CASES, SAMPLE), SAMPLE)


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, ALL, TOGETHER))
def test_power_cuts_at_random_moments_are_mended_by_the_next_run(make_host, first):
    """The cuts of a case follow each other, since an undisturbed run of it is timed once."""
    numbers = range(first, first + TOGETHER)
    sweep(make_host, [CASES[number * len(CASES) // ALL] for number in numbers], ALL)
