# SPDX-License-Identifier: GPL-2.0-only
"""
Rounds of random steps beside a model, of which each can be played again.

    rounds = Rounds()
    rounds.play(Model, (20, 60, 150))

A model is made with the random numbers of its round. It has run(steps),
close(), and `log`, lines that are shown if a round fails.
"""

import collections
import itertools
import random
import sys
import time

from ktap import note, sessions, wait_for

COUNTS = collections.Counter()
LINES = 200  # of a log that are shown


class Rounds:
    """The command line has [SECONDS [SEED [ROUNDS [FIRST]]]]."""

    def __init__(self, seconds=60):
        args = [int(word, 0) for word in sys.argv[1:]]
        defaults = (seconds, random.getrandbits(32), 1 << 62, 0)
        self.seconds, self.seed, self.rounds, self.first = (
            *args, *defaults[len(args):])
        del sys.argv[1:]

    def numbers(self):
        end = time.monotonic() + self.seconds
        for number in itertools.count(self.first):
            if number >= self.first + self.rounds or time.monotonic() > end:
                return
            yield number

    def play(self, make, lengths):
        note(f"seed {self.seed}")
        for number in self.numbers():
            wait_for("the last sessions end", lambda: not sessions(),
                     pause=0.01)
            model = make(random.Random(f"{self.seed} {number}"))
            try:
                model.run(model.rng.choice(lengths))
            except Exception:
                note(f"round {number} of seed {self.seed}")
                for line in model.log[-LINES:]:
                    note(line)
                raise
            finally:
                model.close()
            COUNTS["rounds"] += 1
        note(", ".join(f"{n} {what}" for what, n in sorted(COUNTS.items())))
