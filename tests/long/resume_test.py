#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/lib/long on a checkout made up for the purpose: its parts are shell scripts that note that they ran."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEVEL = "mutation"
SOURCES = ("CMakeLists.txt", "CMakePresets.json", "cmake/a", "library_src/a.c", "modules/CMakeLists.txt",
           "tests/CMakeLists.txt", "tests/mutation/a", "tests/unit/a", "tests/model/a", "tests/cases/a",
           "tests/protocol/a", "scripts/lib/requirements.txt")


class Checkout:
    def __init__(self, folder):
        self.folder, self.build = folder, folder / "build"
        self.ran, self.hold = folder / "ran", folder / "hold"
        self.environment = {**os.environ, "XDG_STATE_HOME": str(folder / "state")}
        self.parts = {}
        for name in SOURCES:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(f"{name}\n", encoding="utf-8")
        for name in ("long", "summary"):
            shutil.copy2(ROOT / "scripts" / "lib" / name, folder / "scripts" / "lib" / name)
        self.build.mkdir()
        (folder / ".gitignore").write_text("/build/\n/state/\n/ran\n/hold\n", encoding="utf-8")
        subprocess.run(["git", "init", "-q", folder], check=True)

    def part(self, name, script, cost=1):
        """A part that runs this script. Calling it again for the same name changes it, but no source."""
        self.parts[name] = script, cost
        lines = []
        for name, (script, cost) in self.parts.items():
            path = self.build / f"{name}.sh"
            path.write_text(f"echo {name} >>{self.ran}\n{script}\n", encoding="utf-8")
            lines += [f'add_test({name} "sh" "{path}")', f"set_tests_properties({name} PROPERTIES "
                      f"LABELS {LEVEL} SKIP_RETURN_CODE 77 COST {cost})"]
        (self.build / "CTestTestfile.cmake").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def long(self, *words):
        return [sys.executable, "-B", self.folder / "scripts" / "lib" / "long", *words]

    def digest(self):
        return subprocess.run(self.long("digest", LEVEL), env=self.environment, check=True, text=True,
                              stdout=subprocess.PIPE).stdout.strip()

    def results(self):
        shutil.rmtree(self.build / "results", ignore_errors=True)
        (self.build / "results").mkdir()
        return self.build / "results"

    def command(self, *words):
        return self.long("run", LEVEL, "--build", self.build, "--results", self.results(), "--digest",
                         self.digest(), *words)

    def run(self, *words):
        """(exit status, what it printed, the parts that it ran)"""
        self.ran.unlink(missing_ok=True)
        done = subprocess.run(self.command(*words), env=self.environment, check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout, self.what_ran()

    def start(self):
        return subprocess.Popen(self.command(), env=self.environment, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def wait_here(self):
        """A script that a part waits with until `let_go`."""
        hold = self.hold
        return f"echo $$ >{hold}.new; mv {hold}.new {hold}; while [ -e {hold} ]; do sleep 0.05; done"

    def wait_for_part(self):
        """Returns its process."""
        while not self.hold.exists():
            time.sleep(0.01)
        return int(self.hold.read_text(encoding="utf-8"))

    def let_go(self):
        self.hold.unlink()

    def what_ran(self):
        return self.ran.read_text(encoding="utf-8").split() if self.ran.exists() else []

    def report(self):
        return subprocess.run(self.long("report", LEVEL, "--build", self.build), env=self.environment, check=True,
                              text=True, stdout=subprocess.PIPE).stdout

    def summary(self, *failed):
        done = subprocess.run([self.folder / "scripts" / "lib" / "summary", self.build / "results", *failed],
                              check=False, text=True, stdout=subprocess.PIPE)
        return done.returncode, done.stdout.splitlines()

    def records(self):
        return list((self.folder / "state").glob(f"ecoma-fleet/long/{LEVEL}/*/*.json"))


def is_alive(pid):
    """Whether it runs: the first process of a container may leave the ended ones lying about."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def noticed(count, among):
    return f"echo {count} of {among} mistakes noticed"


class LongLevels(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.checkout = Checkout(Path(folder.name))

    def test_what_passed_does_not_run_again_and_the_figures_add_up(self):
        for number in range(3):
            self.checkout.part(f"part_{number}", noticed(10 + number, 20))
        status, _, ran = self.checkout.run()
        self.assertEqual((status, ran), (0, ["part_0", "part_1", "part_2"]))
        self.assertEqual(self.checkout.summary(), (0, ["3 passed, 0 failed, 0 skipped; parts: 0 passed earlier, "
                                                       "0 left"]))
        status, said, ran = self.checkout.run()
        self.assertEqual((status, ran), (0, []))
        self.assertIn("mistakes noticed: 33 of 60", said)
        self.assertIn("3 passed, 0 failed, 0 left", self.checkout.report())
        self.assertEqual(self.checkout.summary(), (0, ["0 passed, 0 failed, 0 skipped; parts: 3 passed earlier, "
                                                       "0 left"]))

    def end_in_the_second_part(self, how):
        """(the run's exit status, the process of the part)"""
        self.checkout.part("first", noticed(1, 1))
        self.checkout.part("second", f"{noticed(1, 1)}; {self.checkout.wait_here()}")
        process = self.checkout.start()
        pid = self.checkout.wait_for_part()
        process.send_signal(how)
        status = process.wait()
        self.assertIn("1 passed, 0 failed, 1 left", self.checkout.report())
        self.assertIn("mistakes noticed: 1 of 1", self.checkout.report())
        return status, pid

    def test_it_ends_with_its_part_and_goes_on_there(self):
        status, pid = self.end_in_the_second_part(signal.SIGTERM)
        self.assertEqual(status, 128 + signal.SIGTERM)
        self.assertFalse(is_alive(pid))
        self.checkout.part("second", noticed(1, 1))
        self.assertEqual(self.checkout.run()[::2], (0, ["second"]))

    def test_killed_it_goes_on_when_its_part_has_ended(self):
        _, pid = self.end_in_the_second_part(signal.SIGKILL)
        status, said, ran = self.checkout.run()
        self.assertEqual((status, ran), (1, []))
        self.assertIn("another run of it goes on", said)
        self.checkout.let_go()
        while is_alive(pid):
            time.sleep(0.01)
        self.checkout.part("second", noticed(1, 1))
        while "another run of it goes on" in (done := self.checkout.run())[1]:
            time.sleep(0.1)  # ctest's own end
        self.assertEqual(done[::2], (0, ["second"]))

    def test_other_sources_begin_anew_and_the_old_ones_are_remembered(self):
        self.checkout.part("only", noticed(1, 1))
        self.checkout.run()
        digests = {self.checkout.digest()}
        for number, name in enumerate(SOURCES, start=2):
            self.checkout.write(name, "another\n")
            digests.add(self.checkout.digest())
            self.assertEqual(len(digests), number, name)
        self.assertEqual(self.checkout.run()[::2], (0, ["only"]))
        os.chmod(self.checkout.folder / "tests/unit/a", 0o755)
        self.assertIn("0 passed, 0 failed, 1 left", self.checkout.report())
        os.chmod(self.checkout.folder / "tests/unit/a", 0o644)
        self.assertEqual(self.checkout.run()[2], [])
        for name in SOURCES:
            self.checkout.write(name, f"{name}\n")
        self.assertEqual(self.checkout.run()[2], [])

    def test_a_failed_part_stays_failed_until_it_passes(self):
        self.checkout.part("bad", f"{noticed(3, 4)}; exit 1")
        self.checkout.part("good", noticed(5, 5))
        status, said, ran = self.checkout.run()
        self.assertEqual((status, ran), (1, ["bad", "good"]))
        self.assertIn("1 passed, 1 failed, 0 left", said)
        self.assertIn("mistakes noticed: 8 of 9", said)
        self.assertEqual(self.checkout.summary(LEVEL)[1][-2:],
                         ["failed: bad", "1 passed, 1 failed, 0 skipped; parts: 0 passed earlier, 0 left"])

        self.checkout.part("bad", "exit 77")
        status, said, ran = self.checkout.run()
        self.assertEqual((status, ran), (1, ["bad"]))
        self.assertIn("1 passed, 1 failed, 0 left", said)

        self.checkout.part("bad", noticed(4, 4), cost=900)
        status, said, ran = self.checkout.run("--until", str(time.time() + 60))
        self.assertEqual((status, ran), (1, []))
        self.assertEqual(self.checkout.summary(LEVEL)[0], 1)

        status, said, ran = self.checkout.run()
        self.assertEqual((status, ran), (0, ["bad"]))
        self.assertIn("passed after 1 failed run: ", said)
        self.assertIn("mistakes noticed: 9 of 9", said)

    def test_what_was_skipped_is_left(self):
        for name in ("many_1", "many_2", "bare"):
            self.checkout.part(name, "exit 77")
        for _ in range(2):
            status, said, ran = self.checkout.run()
            self.assertEqual((status, ran), (0, ["many_1", "many_2", "bare"]))
            self.assertIn("0 passed, 0 failed, 3 left", said)
            self.assertIn(": many_{1,2}, bare\n", said)
        self.assertEqual(self.checkout.summary()[1][-1],
                         "0 passed, 0 failed, 3 skipped; parts: 0 passed earlier, 3 left")

    def test_a_part_that_passes_without_figures_is_failed(self):
        self.checkout.part("only", "echo nothing at all")
        self.assertEqual(self.checkout.run()[0], 1)
        self.assertEqual(self.checkout.report().count("failed: only"), 1)

    def test_time_is_kept_and_what_is_left_is_said(self):
        self.checkout.part("long", noticed(1, 1), cost=600)
        self.checkout.part("short", noticed(2, 2), cost=60)
        status, said, ran = self.checkout.run("--until", str(time.time() + 120))
        self.assertEqual((status, ran), (0, ["short"]))
        self.assertIn("LEFT, about 10 minutes: long", said)
        self.assertEqual(self.checkout.summary()[1][-1],
                         "1 passed, 0 failed, 0 skipped; parts: 0 passed earlier, 1 left")
        status, _, ran = self.checkout.run("--until", str(time.time() + 120))
        self.assertEqual((status, ran), (0, []))
        self.assertEqual(self.checkout.summary()[0], 1)  # nothing ran
        self.assertEqual(self.checkout.run()[2], ["long"])

        # How long a part took is known then, whatever the sources.
        self.checkout.write("tests/unit/a", "another\n")
        self.assertEqual(self.checkout.run("--until", str(time.time() + 120))[2], ["long", "short"])

    def test_sources_that_change_meanwhile_leave_no_record(self):
        source = self.checkout.folder / "library_src" / "a.c"
        self.checkout.part("only", f"echo edited >>{source}; {noticed(1, 1)}")
        status, said, _ = self.checkout.run()
        self.assertEqual((status, self.checkout.records()), (1, []))
        self.assertIn("the sources changed", said)

    def test_fresh_forgets(self):
        self.checkout.part("only", noticed(1, 1))
        self.checkout.run()
        self.checkout.part("only", f"{noticed(0, 1)}; exit 1")
        self.assertEqual(self.checkout.run()[2], [])
        self.assertEqual(self.checkout.run("--fresh")[::2], (1, ["only"]))

    def test_a_record_that_is_not_whole_is_none(self):
        self.checkout.part("only", noticed(1, 1))
        self.checkout.run()
        (record,) = self.checkout.records()
        whole = record.read_text(encoding="utf-8")
        for text in ("", whole[:len(whole) // 2], "[]", json.dumps({"result": "passed"})):
            record.write_text(text, encoding="utf-8")
            self.assertEqual(self.checkout.run()[2], ["only"])

    def test_two_runs_of_a_level_do_not_meet(self):
        self.checkout.part("only", f"{self.checkout.wait_here()}; {noticed(1, 1)}")
        process = self.checkout.start()
        self.checkout.wait_for_part()
        status, said, _ = self.checkout.run("--fresh")
        self.assertEqual(status, 1)
        self.assertIn("another run of it goes on", said)
        self.checkout.let_go()
        self.assertEqual(process.wait(), 0)

    def test_no_parts_and_no_sources_are_failures(self):
        (self.checkout.build / "CTestTestfile.cmake").touch()
        self.assertEqual(self.checkout.run()[0], 1)
        shutil.rmtree(self.checkout.folder / "tests" / "unit")
        done = subprocess.run(self.checkout.long("digest", LEVEL), check=False, text=True, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("tests/unit", done.stderr)


if __name__ == "__main__":
    unittest.main()
