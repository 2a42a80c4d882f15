# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of a build, linked anew with one source file changed."""

import functools
import json
import re
import shlex
import subprocess
from pathlib import Path


class Programs:
    """The tests' programs, linked with one source file changed."""

    def __init__(self, build, folder, original, old, new):
        self.build, self.folder, self.original = build, Path(folder), original
        self.source = self.folder / original.name
        self.source.write_text(changed(original, old, new), encoding="utf-8")
        self.object = self.compile()

    def compile(self):
        entry = next(entry for entry in compile_commands(self.build) if Path(entry["file"]) == self.original)
        words = [word for word in shlex.split(entry["command"]) if word != "-Werror"]
        words[words.index("-o") + 1] = str(self.folder / "mutant.o")
        words[words.index("-c") + 1] = str(self.source)
        subprocess.run([*words, "-w", "-iquote", self.original.parent], cwd=entry["directory"], check=True,
                       stderr=subprocess.DEVNULL)
        return self.folder / "mutant.o"

    def program(self, target):
        """The changed object takes the place of the program's own one; or comes before the library, whose
        one the linker then leaves out."""
        made = self.folder / Path(target).name
        command = link_command(self.build, target)
        own = re.compile(r" \S*/" + re.escape(self.original.name) + r"\.o(?= )")
        if own.search(command):
            command = own.sub(f" {self.object}", command, count=1)
            command = re.sub(r" -o \S+ ", f" -o {made} ", command, count=1)
        else:
            command = re.sub(r" -o \S+ ", f" {self.object} -o {made} ", command, count=1)
        subprocess.run(command, shell=True, cwd=self.build, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        return made


def changed(original, old, new):
    """The text of a source file with `new` in the place of `old`, which has to be there once."""
    text = original.read_text(encoding="utf-8") if original.exists() else ""
    if text.count(old) != 1:
        raise ValueError(f"found {text.count(old)} times in {original.name}: {old}")
    return text.replace(old, new)


def all_fit(mistakes):
    """Whether each (source, old, new) can be made and changes something; says which can't."""
    misfits = 0
    for original, old, new in mistakes:
        try:
            if changed(original, old, new) == changed(original, old, old):
                raise ValueError(f"changes nothing in {original.name}: {old}")
        except ValueError as error:
            misfits += 1
            print(error)
    print(f"{len(mistakes)} mistakes, {misfits} of which don't fit the code")
    return misfits == 0


@functools.cache
def compile_commands(build):
    return json.loads((build / "compile_commands.json").read_text())


@functools.cache
def link_command(build, target):
    commands = subprocess.run(["ninja", "-C", build, "-t", "commands", "-s", target], check=True,
                              stdout=subprocess.PIPE, text=True).stdout
    return commands.splitlines()[-1]


def part_of(mistakes, part):
    """Of a list every Nth from the Kth on, for "K/N"."""
    number, count = map(int, part.split("/"))
    if not 1 <= number <= count:
        raise ValueError(f"no part of a whole: {part}")
    return mistakes[number - 1::count]


def passes(*words, timeout=200):
    try:
        return subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              check=False, timeout=timeout).returncode == 0
    except subprocess.TimeoutExpired:
        return False  # it doesn't come to an end
