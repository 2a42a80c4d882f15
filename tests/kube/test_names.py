# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys, values, taints and names: what the module refuses is what the API server refuses."""

import random

import pytest
from api import Refused, node_object
from module import node, program

SEED, GENERATED = 6, 250
PARTS = ["a", "Z", "9", "-", "_", ".", "/", " ", "é", "A1", "x" * 60, "x" * 63, "y" * 64, "example.org/", "a.b/",
         "-a/", "a_b/", "UPPER/", "k" * 253 + "/", "l" * 254 + "/", "*", "~", "%", "..", ""]
KEYS = ["a", "example.org/a", "", "/", "/a", "a/", "a/b/c", "-a", "a-", ".a", "a.", "_a", "a b", "a" * 63, "a" * 64,
        "x." * 126 + "x/a", "x." * 127 + "x/a", "Example.org/a", "exa_mple.org/a", "example..org/a", "example.org./a",
        "-x.org/a", "example.org/" + "a" * 63, "example.org/" + "a" * 64, "ä", "a\tb", "1.2.3/4", "a" * 64 + ".b/c"]
VALUES = ["", "a", "A_b-c.9", "-a", "a-", ".", "a b", "a" * 63, "a" * 64, "é", "a/b", "a=b", "a:b", "true", "1", "a\n"]
EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute", "noschedule", "NoAdmit", "", "No Schedule"]
NAMES = ["n1", "a.b-c", "-a", "a-", "a_b", "a..b", "x" * 253, "x" * 254, "a b", "é", "a/b", ".", "1", "a."]


def made_up(generator):
    return "".join(generator.choice(PARTS) for _ in range(generator.randint(1, 4)))


def candidates(fixed):
    generator = random.Random(SEED)
    return [*fixed, *(made_up(generator) for _ in range(GENERATED))]


@pytest.fixture
def judge(role, tmp_path):
    """Whether the module refuses before it asks kubectl anything, and its message."""
    marker = tmp_path / "asked"
    role.kubectl = program(tmp_path / "kubectl", f"touch {marker}", "exit 1")

    def accepts(*nodes):
        marker.unlink(missing_ok=True)
        done = role.run(list(nodes), timeout=1)
        assert done.failed
        return marker.exists(), done["msg"]

    return accepts


def server_accepts(api, **parts):
    try:
        api.create(node_object("candidate" if "name" not in parts else parts.pop("name"), **parts), dryRun="All")
        return True
    except Refused as refusal:
        assert refusal.status in (400, 422), refusal
        return False


def compare(what, mine, servers):
    (accepted, message) = mine
    assert accepted == servers, f"{what!r}: the server {'accepts' if servers else 'refuses'} it; {message}"
    return accepted


def test_label_keys(api, judge):
    both = {compare(key, judge(node("n1", labels={key: "v"})), server_accepts(api, labels={key: "v"}))
            for key in candidates(KEYS)}
    assert both == {True, False}


def test_label_values(api, judge):
    both = {compare(value, judge(node("n1", labels={"k": value})), server_accepts(api, labels={"k": value}))
            for value in candidates(VALUES)}
    assert both == {True, False}


def has_no_separator(text):
    return not set(text) & {"=", ":"}


def test_taint_keys(api, judge):
    both = {compare(key, judge(node("n1", taints=[f"{key}=v:NoSchedule"])),
                    server_accepts(api, taints=[{"key": key, "value": "v", "effect": "NoSchedule"}]))
            for key in filter(has_no_separator, candidates(KEYS))}
    assert both == {True, False}


def test_taint_values(api, judge):
    both = {compare(value, judge(node("n1", taints=[f"k={value}:NoSchedule"])),
                    server_accepts(api, taints=[{"key": "k", "value": value, "effect": "NoSchedule"}]))
            for value in filter(has_no_separator, candidates(VALUES))}
    assert both == {True, False}


def test_taint_effects(api, judge):
    both = {compare(effect, judge(node("n1", taints=[f"k=v:{effect}"])),
                    server_accepts(api, taints=[{"key": "k", "value": "v", "effect": effect}]))
            for effect in EFFECTS}
    assert both == {True, False}


@pytest.mark.parametrize("taints", [["a=1:NoSchedule", "a=2:NoSchedule"], ["a=1:NoSchedule", "a=2:NoExecute"],
                                    ["a:NoSchedule", "a:NoSchedule"]])
def test_taints_of_one_key(api, judge, taints):
    objects = []
    for text in taints:
        words, effect = text.split(":")
        key, _, value = words.partition("=")
        objects.append({"key": key, "value": value, "effect": effect})
    compare(taints, judge(node("n1", taints=taints)), server_accepts(api, taints=objects))


def test_node_names(api, judge):
    """In lower case, as the module makes them so."""
    both = {compare(name, judge(node(name)), server_accepts(api, name=name.lower()))
            for name in candidates(NAMES) if name}
    assert both == {True, False}


def test_a_refusal_names_node_key_value_and_rule(judge):
    accepted, message = judge(node("n1"), node("n2", labels={"example.org/zone": "a b"}))
    assert not accepted
    for word in ("n2", "example.org/zone", "a b"):
        assert word in message, message
