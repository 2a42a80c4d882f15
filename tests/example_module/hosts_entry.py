#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""hosts_entry.py PROGRAM GUIDE: the example module does what the guide says, and the guide's code is the
module's."""

import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM, GUIDE = sys.argv[1], Path(sys.argv[2])
SOURCE = Path(__file__).with_name("hosts_entry.c")
BEFORE = "127.0.0.1\tlocalhost\n# kept\n192.0.2.7 old\n192.0.2.70 other\n192.0.2.7\tolder # x\n"


class Example(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.file = Path(self.folder.name, "hosts")
        self.file.write_text(BEFORE, encoding="utf-8")

    def run_module(self, **arguments):
        arguments = {"path": str(self.file), "address": "192.0.2.7", **arguments}
        done = subprocess.run([PROGRAM, "-"], input=json.dumps(arguments), text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.stderr, "")
        return json.loads(done.stdout)

    def test_check_mode_then_run_then_nothing(self):
        wanted = {"names": ["wkr-1.example.org", "wkr-1"]}
        checked = self.run_module(**wanted, _ansible_check_mode=True, _ansible_diff=True)
        self.assertEqual(self.file.read_text(), BEFORE)
        done = self.run_module(**wanted)
        self.assertEqual(self.file.read_text(), "127.0.0.1\tlocalhost\n# kept\n192.0.2.7\twkr-1.example.org "
                         "wkr-1\n192.0.2.70 other\n")
        self.assertEqual((checked["changed"], checked["actions"]), (done["changed"], done["actions"]))
        self.assertEqual(checked["diff"][0]["after"], self.file.read_text())
        self.assertFalse(self.run_module(**wanted)["changed"])

    def test_absent(self):
        self.assertTrue(self.run_module(state="absent")["changed"])
        self.assertEqual(self.file.read_text(), "127.0.0.1\tlocalhost\n# kept\n192.0.2.70 other\n")
        self.assertIsNone(self.run_module(state="absent")["line"])

    def test_new_line_at_the_end(self):
        self.file.write_text("::1 localhost", encoding="utf-8")
        self.assertTrue(self.run_module(address="2001:db8::7", hostnames="a,b")["changed"])
        self.assertEqual(self.file.read_text(), "::1 localhost\n2001:db8::7\ta b\n")

    def test_errors_of_the_parameters(self):
        for arguments, message in (({}, "state is present but all of the following are missing: names"),
                                   ({"names": []}, "names is empty"),
                                   ({"names": ["a b"]}, "no host name"),
                                   ({"names": ["a"], "address": "192.0.2"}, "no IP address")):
            result = self.run_module(**arguments, path="/nowhere/hosts")
            self.assertIn(message, result["msg"])
        self.assertIn("No such file", self.run_module(names=["a"], path="/nowhere/hosts")["msg"])


class Guide(unittest.TestCase):
    def test_its_code_is_the_module(self):
        source = SOURCE.read_text(encoding="utf-8")
        blocks = re.findall(r"^```c\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.M | re.S)
        self.assertGreater(len(blocks), 4)
        for block in blocks:
            self.assertIn(block, source)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
