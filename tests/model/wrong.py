# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders that are known to be wrong, each in one part."""

from order import Order


def moved(steps, name, before):
    """The last step of this name, moved before the first that matches."""
    step = next(s for s in reversed(steps) if s[0] == name)
    rest = [s for s in steps if s is not step]
    at = next((i for i, s in enumerate(rest) if before(s)), 0)
    return rest[:at] + [step] + rest[at:]


def erases_stamp(step):
    return step[:3] == ("write", "stamp", None)


class RecordGoesBeforeStamps(Order):
    def steps(self, *arguments):
        steps = super().steps(*arguments)
        return moved(steps, "forget", erases_stamp) if any(map(erases_stamp, steps)) else steps


class RemakesWheneverStamped(Order):
    def decide(self, facts):
        return "remake" if facts.stamped else super().decide(facts)


class StampsBeforeRecord(Order):
    def steps(self, *arguments):
        steps = super().steps(*arguments)
        at = next((i for i, s in enumerate(steps) if s[0] == "record"), None)
        return steps if at is None else [*steps[at + 1 : at + 3], steps[at], *steps[at + 3 :]]


class MountsWithoutSync(Order):
    def steps(self, *arguments):
        steps = super().steps(*arguments)
        child = max((i for i, s in enumerate(steps) if s[0] == "child"), default=None)
        if child is None:
            return steps
        return steps[: child + 1] + [step for step in steps[child:][1:] if step != ("sync",)]


class NeverLooksAtTheHead(Order):
    def decide(self, facts):
        return super().decide(facts._replace(head_zero=facts.content in ("blank", "data")))


WRONG = (
    RecordGoesBeforeStamps,
    RemakesWheneverStamped,
    StampsBeforeRecord,
    MountsWithoutSync,
    NeverLooksAtTheHead,
)
