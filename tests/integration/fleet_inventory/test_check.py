# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused, what is warned about, and that every problem is named at once."""

import json

import pytest

SECRET = "s3cr3t-Pa55word"
MODES = [["--yaml"], ["--list"], ["--host", "cdb-1"], ["--check"], ["--table"],
         ["--yaml", "--groups"]]


def cdb(outputs):
    return outputs["vms"]["cdb"][0]


def set_disks(*disks):
    return lambda outputs: cdb(outputs).update(disks=list(disks))


OS, DATA = {"name": "os", "tier": "warm"}, {"name": "data-0", "tier": "hot"}


def with_data(**keys):
    return set_disks(OS, {**DATA, **keys})


def with_os(**keys):
    return set_disks({**OS, **keys})


REFUSED = [
    ("username", lambda o: o.pop("username")),
    ("username", lambda o: o.update(username="")),
    ("username", lambda o: o.update(username=["root"])),
    ("username", lambda o: o.update(username="a b")),
    ("password", lambda o: o.pop("password")),
    ("password", lambda o: o.update(password=12345)),
    ("vms", lambda o: o.pop("vms")),
    ("vms", lambda o: o.update(vms=[])),
    ("vms.db", lambda o: o["vms"].update(db=[])),
    ('vms["c d\\x0ab"]', lambda o: o["vms"].update({"c d\nb": []})),
    ("vms.sts", lambda o: o["vms"].update(sts=None)),
    ("vms.sts[0]", lambda o: o["vms"].update(sts=["cdb-9"])),
    ("vms.cdb[0].hostname", lambda o: cdb(o).pop("hostname")),
    ("vms.cdb[0].hostname", lambda o: cdb(o).update(hostname="under_score")),
    ("vms.cdb[0].hostname", lambda o: cdb(o).update(hostname="-x")),
    ("vms.cdb[0].hostname", lambda o: cdb(o).update(hostname="x-")),
    ("vms.cdb[0].hostname", lambda o: cdb(o).update(hostname="a..b")),
    ("vms.cdb[0].hostname", lambda o: cdb(o).update(hostname="h[1:3]")),
    ("vms.cdb[0].hostname", lambda o: cdb(o).update(hostname="x" * 64)),
    ("vms.cdb[0].hostname", lambda o: cdb(o).update(hostname=".".join(["x" * 60] * 5))),
    ("vms.cdb[0].hostname", lambda o: cdb(o).update(hostname="10.0.0.1")),
    ("vms.cdb[0].hostname", lambda o: cdb(o).update(hostname="all")),
    ("vms.cdb[0].hostname", lambda o: cdb(o).update(hostname="cdb")),
    ("vms.cdb[0].hostname", lambda o: cdb(o).update(hostname="localhost")),
    ("vms.cpl[0].hostname", lambda o: o["vms"]["cpl"][0].update(hostname="CDB-1")),
    ("vms.cdb[0].ip", lambda o: cdb(o).update(ip=None)),
    ("vms.cdb[0].ip", lambda o: cdb(o).update(ip="10.0.0.300")),
    ("vms.cdb[0].ip", lambda o: cdb(o).update(ip="10.0.0.1/24")),
    ("vms.cdb[0].ip", lambda o: cdb(o).update(ip="[::1]")),
    ("vms.cdb[0].ip", lambda o: cdb(o).update(ip="::1::2")),
    ("vms.cdb[0].ip", lambda o: cdb(o).update(ip="-oProxyCommand=x")),
    ("vms.cdb[0].ip", lambda o: cdb(o).update(ip=["10.0.0.1"])),
    ("vms.cdb[0].provider", lambda o: cdb(o).update(provider="azure")),
    ("vms.cdb[0].provider", lambda o: cdb(o).pop("provider")),
    ("vms.cdb[0].ansible_host", lambda o: cdb(o).update(ansible_host="1.2.3.4")),
    ("ansible_become_password", lambda o: o.update(ansible_become_password=SECRET)),
    ("vms.cdb[0].disks", lambda o: cdb(o).pop("disks")),
    ("vms.cdb[0].disks", lambda o: cdb(o).update(disks={"os": "warm"})),
    ("vms.cdb[0].disks", set_disks({"name": "data-0", "tier": "hot"})),
    ("vms.cdb[0].disks", set_disks(OS, *({"name": f"data-{n}", "tier": tier} for n, tier in
                                         enumerate(["swap", "hot", "warm", "cold"])))),
    ("vms.cdb[0].disks[1]", set_disks(OS, "data-0")),
    ("vms.cdb[0].disks[1].name", set_disks(OS, {"name": "os", "tier": "hot"})),
    ("vms.cdb[0].disks[1].name", set_disks(OS, {"tier": "hot"})),
    ("vms.cdb[0].disks[1].tier", set_disks(OS, {"name": "data-0"})),
    ("vms.cdb[0].disks[1].tier", with_data(tier="hott")),
    ("vms.cdb[0].disks[1].tier", with_data(tier="hot,warm")),
    ("vms.cdb[0].disks[1].tier", with_data(tier=3)),
    ("vms.cdb[0].disks[2].tier", set_disks(OS, DATA, {"name": "data-1", "tier": "hot"})),
    ("vms.cdb[0].disks[0].tier", set_disks({"name": "os", "tier": "swap"}, DATA)),
    ("vms.cdb[0].disks[0].device", with_os(device="/dev/sda")),
    ("vms.cdb[0].disks[0].serial", with_os(serial="1")),
    ("vms.cdb[0].disks[0].wwn", with_os(wwn="1")),
    ("vms.cdb[0].disks[0].fstype", with_os(fstype="ext4")),
    ("vms.cdb[0].disks[0].wipe", with_os(wipe="gpt:1")),
    ("vms.cdb[0].disks[0].mount_options", with_os(mount_options="noatime")),
    ("vms.cdb[0].disks[0].existing", with_os(existing="adopt")),
    *((f"vms.cdb[0].disks[1].{key}", with_data(tier="swap", **{key: value})) for key, value in (
        ("mount_options", "noatime"), ("owner", "root"), ("group", "root"), ("mode", "0700"))),
    ("vms.cdb[0].disks[1].mkfs_options", with_data(existing="adopt", mkfs_options=["-m", "1"])),
    ("vms.cdb[0].disks[1].name", with_data(name="\x1b[2Jdata\n", serial="1")),
    ("vms.cdb[0].disks[1].device", with_data(device="sdb")),
    ("vms.cdb[0].disks[1].serial", with_data(serial=7)),
    ("vms.cdb[0].disks[1].serial", with_data(serial="")),
    ("vms.cdb[0].disks[1].fstype", with_data(fstype="zfs")),
    ("vms.cdb[0].disks[1].fstype", with_data(tier="swap", fstype="ext4")),
    ("vms.cdb[0].disks[1].mkfs_options", with_data(mkfs_options=[1])),
    ("vms.cdb[0].disks[1].existing", with_data(existing="keep")),
    ("vms.cdb[0].disks[1].wipe", with_data(existing="adopt", wipe="xfs:1")),
    ("vms.cdb[0].disks[1].owner", with_data(existing="adopt", owner="root")),
    ("vms.cdb[0].disks[1].mode", with_data(mode=True)),
    ("vms.cdb[0].labels.__ansible_vault", lambda o: cdb(o).update(labels={"__ansible_vault": "x"})),
    ("vms.cdb[0].__ansible_unsafe", lambda o: cdb(o).update(__ansible_unsafe="x")),
]


@pytest.mark.parametrize("place, change", REFUSED)
def test_refused_with_its_place_and_nothing_printed(run, changed, place, change):
    outputs = changed(change)
    for mode in MODES:
        result = run(*mode, outputs=outputs)
        assert (result.status, result.out) == (1, "")
        assert len(result.errors) == 1, result.err
        assert result.errors[0].startswith(f"error: {place}: "), result.err


WARNED = [
    ("password", lambda o: o.update(password=None)),
    ("password", lambda o: o.update(password="")),
    ("tailnet", lambda o: o.update(tailnet="x")),
    ('["x-y"]', lambda o: o.update({"x-y": 1})),
    ("vms.cdb", lambda o: o["vms"].pop("cdb")),
    ("vms.cpl", lambda o: o["vms"].update(cpl=[])),
    ("vms.cdb[0].zone", lambda o: cdb(o).update(zone="a")),
    ("vms.cpl[0].ip", lambda o: o["vms"]["cpl"][0].update(ip="192.168.31.102")),
    ("vms.cdb[0].disks[1].size", with_data(size=10)),
    ("vms.cdb[0].disks[1].name", with_data(name="backup")),
    ("vms.cdb[0].disks[1].name", with_data(name="data-01")),
    ("vms.cdb[0].disks[1].mode", with_data(mode=755)),
    ("vms.cdb[0].disks[1].name", lambda o: (with_data()(o), cdb(o).update(provider="generic"))),
    ("vms.cdb[0].disks[1].tier", with_data(tier="warm")),
    ("vms.cdb[0].disks[1].tier", set_disks(DATA, {**OS, "tier": "hot"})),
]


@pytest.mark.parametrize("place, change", WARNED)
def test_warned_about_and_kept(run, seed, changed, place, change):
    outputs = changed(lambda o: (o["vms"].pop("wkr"), change(o)))
    for mode in (["--check"], ["--list"], ["--yaml"]):
        result = run(*mode, outputs=outputs)
        assert result.status == 0, result.err
        assert [line.split(": ")[1] for line in result.warnings] == [place]


ACCEPTED = [
    lambda o: cdb(o).update(ip="2001:db8::1"),
    lambda o: cdb(o).update(ip="fe80::1%eth0"),
    lambda o: cdb(o).update(ip="host.example.com"),
    lambda o: cdb(o).update(hostname="x" * 63),
    with_data(name="backup", serial="vol-0ab"),
    with_data(device="/dev/sdb", fstype="xfs", mkfs_options=["-m", "crc=1"], mode="0750",
              owner="postgres", group="postgres", existing="fail", mount_options="noatime"),
    with_data(device=None, serial=None, fstype=None, mkfs_options=None, wipe=None),
    with_data(existing="adopt", mount_options="noatime"),
]


@pytest.mark.parametrize("change", ACCEPTED)
def test_accepted_without_a_word(run, changed, change):
    outputs = changed(lambda o: (o["vms"].pop("wkr"), change(o)))
    result = run("--check", outputs=outputs)
    assert (result.status, result.err) == (0, "")


def test_null_means_not_given(run, changed):
    """Terraform's optional attributes come as null."""
    outputs = changed(with_data(device=None, serial="abc", fstype=None))
    disks = json.loads(run("--host", "cdb-1", outputs=outputs).out)["disks"]
    assert disks[1] == {"name": "data-0", "tier": "hot", "serial": "abc"}


def test_everything_at_once(run, changed):
    def spoil(outputs):
        outputs["username"] = 7
        outputs["vms"]["db"] = {}
        cdb(outputs)["hostname"] = "a b"
        cdb(outputs)["disks"][1]["tier"] = "hott"
        outputs["vms"]["wkr"][0]["provider"] = "azure"
        outputs["vms"]["wkr"][0]["disks"] = []
        outputs["vms"]["wkr"].append(None)

    places = [line.split(": ")[1] for line in run("--check", outputs=changed(spoil)).errors]
    assert places == [
        "username", "vms.cdb[0].hostname", "vms.cdb[0].disks[1].tier", "vms.wkr[0].provider",
        "vms.wkr[0].disks", "vms.wkr[0].disks", "vms.wkr[1]", "vms.db", "vms.db"]


NOT_OUTPUTS = {
    "empty": "", "blank": " \n\t ", "null": "null", "number": "7", "real": "1e999", "list": "[]",
    "string": '"hello"', "empty object": "{}", "NaN": "NaN", "infinite": '{"vms": Infinity}',
    "huge number": '{"vms": 123456789012345678901234567890}', "text": "hello",
    "deep": "[" * 100000, "deep and closed": "[" * 3000 + "]" * 3000,
    "cut": '{"username": "x"', "two": "{} {}", "yaml": "username: x",
    "duplicate": '{"username": "a", "username": "b"}', "nul": '{"username": "a\\u0000b"}',
    "half a surrogate": '{"username": "\\ud800"}', "not UTF-8": b'{"username": "\xff"}',
    "UTF-16": '{"vms": {}}'.encode("utf-16"), "nul bytes": b"\0" * 100,
    "other outputs": '{"vpc": {"sensitive": false, "type": "string", "value": "x"}}',
    "null output": '{"ansible_inventory": {"sensitive": true, "type": "string", "value": null}}',
    "no state": '{"format_version": "1.0"}',
    "string in the output": '{"ansible_inventory": {"type": "string", "value": "{"}}',
}


@pytest.mark.parametrize("text", NOT_OUTPUTS.values(), ids=NOT_OUTPUTS.keys())
def test_no_outputs_at_all(run, text):
    result = run("--yaml", outputs=text)
    assert (result.status, result.out) == (1, "")
    assert len(result.err.splitlines()) == 1
    assert result.err.startswith("error: standard input")


def test_no_file(run, tmp_path):
    for path in (tmp_path, tmp_path / "none.json", "/dev/null", ""):
        result = run("--list", str(path))
        assert (result.status, result.out) == (1, "")
        assert len(result.err.splitlines()) == 1


def test_too_large(run):
    result = run("--check", outputs=" " * (64 * 1024 * 1024 + 1))
    assert (result.status, result.out) == (1, "")
    assert "larger than" in result.err


def test_unknown_values_may_not_be_bottomless(run, changed):
    deep = []
    for _ in range(40):
        deep = [deep]
    result = run("--check", outputs=changed(lambda o: o.update(deep=deep)))
    assert len(result.errors) == 1
    assert result.errors[0].startswith("error: deep[0][0]")


def test_keys_that_no_line_can_hold(run, changed):
    for key in ("x" * 101, "a\nb", "a\u2028b", "\x01"):
        result = run("--yaml", outputs=changed(lambda o, key=key: o.update({key: 1})))
        assert (result.status, result.out, len(result.errors)) == (1, "", 1)


@pytest.mark.parametrize("spoil", [
    lambda o: None,
    lambda o: cdb(o).update(provider="azure", password=SECRET, ansible_become_password=SECRET),
    lambda o: o.update(password=[SECRET]),
    lambda o: o.update(password={"value": SECRET}, token=SECRET),
    lambda o: o.update(username={"password": SECRET}),
    lambda o: cdb(o)["disks"][0].update(luks_key=SECRET),
])
def test_no_secret_in_check_table_or_messages(run, changed, spoil):
    outputs = changed(lambda o: (o.update(password=SECRET), spoil(o)))
    for mode in (["--check"], ["--table"]):
        result = run(*mode, outputs=outputs)
        assert SECRET not in result.out + result.err
    for mode in MODES:
        assert SECRET not in run(*mode, outputs=outputs).err


@pytest.mark.parametrize("text", [
    '{"username": "u", "password": ' + SECRET, '{"password": "' + SECRET,
    '{"password": "' + SECRET + '" "x"}', '{"' + SECRET + '": 1, "' + SECRET + '": 2}',
    '{"password": "' + SECRET + '\\u0000"}', SECRET, '"' + SECRET + '"',
    '{"password": "' + SECRET + '\\ud800"}', '{"password": "' + SECRET + '\n"}',
])
def test_no_secret_in_complaints_about_json(run, text):
    result = run("--check", outputs=text)
    assert result.status == 1
    assert SECRET not in result.err


def test_messages_are_safe_for_a_terminal(run, changed):
    result = run("--check", outputs=changed(
        lambda o: cdb(o).update(hostname="\x1b[2J\u009b" + "ü" * 500)))
    assert "\x1b" not in result.err and "\u009b" not in result.err
    assert len(result.errors[0]) < 250
