# SPDX-License-Identifier: GPL-2.0-only
"""
What a test program works with: the target, its images, a disk that can be
made to hang, and a neighbour.

    main(lambda: Bed.begin(CONF, size=4 << 20, neighbour=(TARGET, LUN)),
         Bed.end, around)
"""

import re

from hangdisk import HangDisk
from ktap import FOLDER, Failed, Target, image, note, sessions, wait_for
from neighbour import Neighbour


class Bed:
    """There is one: what begin() made, None where it was not asked for."""

    target = neighbour = disk = None

    @classmethod
    def begin(cls, conf, size=16 << 20, neighbour=None):
        """
        The images of FOLDER that `conf` names are made, and its device
        /dev/mapper/NAME, if it has one, hangs when Bed.disk is told to; all
        have `size` bytes. `neighbour`: its target and LUN.
        """
        for name in set(re.findall(rf"Path={FOLDER}/([^,\s]+)", conf)):
            image(name, size)
        device = re.search(r"Path=/dev/mapper/([^,\s]+)", conf)
        if device:
            cls.disk = HangDisk(device[1], size)
        cls.target = Target(conf)
        if neighbour:
            cls.neighbour = Neighbour(*neighbour)

    @classmethod
    def check(cls, stay=()):
        """
        The daemon lives, and the neighbour is served. The sessions of a case
        end before the next one begins, but those of initiators that `stay`.
        """
        if cls.neighbour:
            cls.neighbour.check()
            stay = {*stay, cls.neighbour.NAME}
        if not cls.target.alive():
            raise Failed("ietd is gone")
        wait_for("the sessions end", lambda: set(sessions()) <= set(stay))

    @classmethod
    def end(cls):
        if cls.disk:
            cls.disk.resume()
        if cls.neighbour:
            cls.neighbour.end()
            note(f"the neighbour: {cls.neighbour.rounds} rounds, the slowest "
                 f"took {cls.neighbour.slowest:.2f} s")
        if cls.target:
            cls.target.end()
        if cls.disk:
            cls.disk.end()
