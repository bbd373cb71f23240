# SPDX-License-Identifier: GPL-2.0-only
"""
Reads the KTAP output of a test program. Only the outermost results count; a
program may print several documents one after the other.
"""

import re
from dataclasses import dataclass, field

RESULT = re.compile(r"(not )?ok\b\s*(\d+)?\s*(?:- )?(.*)")
PLAN = re.compile(r"1\.\.(\d+)\s*(?:#\s*SKIP\s*(.*))?", re.I)
SKIP = re.compile(r"#\s*SKIP\b", re.I)


@dataclass
class Tally:
    """Numbers of results."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        return (f"{self.passed} passed, {self.failed} failed, "
                f"{self.skipped} skipped")


@dataclass
class Reader:
    """Takes a program's lines one at a time, then finish()."""

    tally: Tally = field(default_factory=Tally)
    plan: int | None = None
    seen: int = 0
    documents: int = 0
    problems: list = field(default_factory=list)

    def line(self, text):
        if re.match(r"(K?TAP) version \d+", text):
            self.close()
            self.documents += 1
        elif m := PLAN.match(text):
            self.plan = int(m[1])
            if self.plan == 0:
                self.tally.skipped += 1
        elif text.startswith("Bail out!"):
            self.problems.append(text)
        elif m := RESULT.match(text):
            self.result(m)

    def result(self, m):
        self.seen += 1
        if m[2] and int(m[2]) != self.seen:
            self.problems.append(f"result {m[2]} came as number {self.seen}")
        if m[1]:
            self.tally.failed += 1
        elif SKIP.search(m[3]):
            self.tally.skipped += 1
        else:
            self.tally.passed += 1

    def close(self):
        """Ends a document: its plan must be there and be kept."""
        if self.documents == 0 and self.plan is None and self.seen == 0:
            return
        if self.plan is None:
            self.problems.append("no plan (1..N)")
        elif self.plan != self.seen:
            self.problems.append(f"planned {self.plan} results, "
                                 f"printed {self.seen}")
        self.plan, self.seen = None, 0

    def finish(self, status):
        """All that is wrong beyond the failed results; status: exit status."""
        self.close()
        if status and not self.tally.failed:
            self.problems.append(f"exit status {status}")
        elif not self.documents:
            self.problems.append("printed no KTAP")
        return self.problems
