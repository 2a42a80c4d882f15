# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH operations, counted from sshd's own log."""

from __future__ import annotations

import pytest

TASK = {"probe_module": {"word": "x"}, "name": "probe", "become": True}


def cost(nodes, site, controller, **more):
    """SSH operations of a play with one task; connection set-up is none."""
    before = nodes.operations("alpha")[0]
    run = site.play(controller, [TASK], **more)
    assert run.one("probe")["event"] == "ok", run.output
    return nodes.operations("alpha")[0] - before


def test_first_contact_and_after(nodes, site, controller):
    if controller.needs_python:
        pytest.skip("Mitogen's operations are messages of its own, in one SSH operation")
    assert cost(nodes, site, controller) <= 4
    assert cost(nodes, site, controller) == 1
    no_sharing = {"ANSIBLE_SSH_ARGS": "-o ControlMaster=no -o ControlPath=none"}
    assert cost(nodes, site, controller, environment=no_sharing) == 1


def test_raw_costs_the_same_and_the_stock_way_more(nodes, site, ansible):
    before = nodes.operations("alpha")[0]
    site.play(ansible, [{"raw": "true", "become": True}])
    assert nodes.operations("alpha")[0] - before == 1
    assert cost(nodes, site, ansible, environment={"ANSIBLE_ACTION_PLUGINS": "/nonexistent"}) >= 6


def test_every_task_of_a_play_costs_one(nodes, site, ansible):
    cost(nodes, site, ansible)
    before = nodes.operations("alpha")[0]
    run = site.play(ansible, [{**TASK, "loop": [1, 2, 3]}, TASK, TASK])
    assert run.status == 0
    assert nodes.operations("alpha")[0] - before == 5
