# SPDX-License-Identifier: GPL-3.0-or-later
"""Damaged input never crashes the program, and never gives half an inventory. Meant for a build
with sanitizers; conftest.py fails a test when one of them speaks."""

import copy
import json

import yaml

import fleets

ROUNDS = 300
VALUES = [None, True, 0, -1, 1.5, 2**63 - 1, "", "x", "os", "swap", "\x00", "{{", "\ud7ff",
          "a" * 5000, [], {}, [[]], {"": None}, {"vms": {}}, [None] * 10]


def paths(value, path=()):
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths(item, path + (key,))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from paths(item, path + (index,))


def mutate(rng, outputs):
    """The outputs with one value replaced, removed, renamed or doubled."""
    path = rng.choice([path for path in paths(outputs) if path])
    holder = outputs
    for step in path[:-1]:
        holder = holder[step]
    kind, last = rng.randrange(4), path[-1]
    if kind == 0:
        del holder[last]
    elif kind == 1 and isinstance(holder, dict):
        holder[rng.choice(["", "x", "os", "name", "vms", "a b", "__ansible_x"])] = holder.pop(last)
    elif kind == 2 and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[last]))
    else:
        holder[last] = copy.deepcopy(rng.choice(VALUES))


def assert_sane(run, rng, data):
    for mode in ("--check", rng.choice(["--yaml", "--list", "--table"])):
        result = run(mode, outputs=data)
        if result.status == 1:
            assert result.out == "" and result.errors
        else:
            assert result.status == 0 and result.out and not result.errors
        if result.status == 0 and mode == "--yaml":
            assert yaml.load(result.out.replace("!unsafe ", ""), yaml.SafeLoader)["all"]
        if result.status == 0 and mode == "--list":
            assert json.loads(result.out)["_meta"]


def test_damaged_values(run, rng):
    for _ in range(ROUNDS):
        outputs = fleets.fleet(rng)
        for _ in range(rng.randrange(1, 4)):
            mutate(rng, outputs)
        assert_sane(run, rng, fleets.wrapped(rng, outputs))


def test_damaged_bytes(run, rng, seed):
    whole = json.dumps(seed, indent=1).encode()
    for _ in range(ROUNDS):
        data = bytearray(whole)
        for _ in range(rng.randrange(1, 5)):
            at = rng.randrange(len(data))
            if rng.random() < 0.3:
                del data[at:at + rng.randrange(20)]
            else:
                data[at] = rng.choice([0, 0xFF, 0xC3, *b'"{}[]:,\\0e-.', rng.randrange(256)])
            data = data or bytearray(b" ")
        assert_sane(run, rng, bytes(data))
