# SPDX-License-Identifier: GPL-2.0-only
"""
From measurements to a table, a CSV file and plots.

The measurements of one round were taken one after the other, so ratios are
made of each round; told are their median and their range.
"""

import csv
import json
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

DISTURBED = 0.05
HEAD = ["row", "unit", "ours", "LIO", "tgt", "floor", "ours/LIO", "range",
        "ours/tgt", "ours/floor", "ns per I/O: ours", "LIO", "floor",
        "cost over the floor, ours/LIO", "range"]


def ratios(above, below):
    """Median, least and greatest of above[i]/below[i]."""
    pairs = [a / b for a, b in zip(above, below) if b > 0]
    return (statistics.median(pairs), min(pairs), max(pairs)) if pairs else None


class Result:
    """A row's measurements by target."""

    def __init__(self, row):
        self.row = row
        self.samples = {}

    def add(self, sample):
        self.samples.setdefault(sample["target"], []).append(sample)

    @property
    def disturbed(self):
        return any(s["disturbed"] > DISTURBED
                   for samples in self.samples.values() for s in samples)

    def rate(self, target):
        """In the row's unit, by round; None if it was not measured."""
        scale = self.row.load["bs"] / 1e6 if self.row.unit == "MB/s" else 1
        samples = self.samples.get(target)
        return samples and [s["iops"] * scale for s in samples]

    def cost(self, target):
        """ns of CPU time for each I/O, by round."""
        samples = self.samples.get(target)
        return samples and [s["cpu_ns"] / s["ios"] for s in samples]

    def rate_ratio(self, peer):
        ours, theirs = self.rate("ours"), self.rate(peer)
        return ours and theirs and ratios(ours, theirs)

    def over_floor(self):
        """(ours - floor) / (LIO - floor) of CPU time."""
        costs = [self.cost(t) for t in ("ours", "lio", "floor")]
        if not all(costs):
            return None
        ours, lio, floor = costs
        return ratios([o - f for o, f in zip(ours, floor)],
                      [l - f for l, f in zip(lio, floor)])

    def cells(self):
        def number(values):
            return f"{statistics.median(values):.0f}" if values else ""

        def median(ratio):
            return f"{ratio[0]:.2f}" if ratio else ""

        def spread(ratio):
            return f"{ratio[1]:.2f}–{ratio[2]:.2f}" if ratio else ""

        lio, cost = self.rate_ratio("lio"), self.over_floor()
        return [self.row.name, self.row.unit,
                *(number(self.rate(t)) for t in ("ours", "lio", "tgt",
                                                 "floor")),
                median(lio), spread(lio), median(self.rate_ratio("tgt")),
                median(self.rate_ratio("floor")),
                *(number(self.cost(t)) for t in ("ours", "lio", "floor")),
                median(cost), spread(cost)]


def collect(rows, lines, noisy):
    """Results that count, and the names of those that do not."""
    results = {row.name: Result(row) for row in rows}
    for line in lines:
        sample = json.loads(line)
        results[sample["row"]].add(sample)
    measured = [r for r in results.values() if r.samples]
    good = [r for r in measured if noisy or not r.disturbed]
    return good, [r.row.name for r in measured if r not in good]


def markdown(options, results, dropped):
    yield f"# Benchmark: {options['bed']}"
    yield ""
    yield ", ".join(f"{key} {value}" for key, value in options.items())
    yield ""
    yield "| " + " | ".join(HEAD) + " |"
    yield "|" + "---|" * len(HEAD)
    for result in results:
        yield "| " + " | ".join(result.cells()) + " |"
    if dropped:
        yield ""
        yield ("Disturbed by other load, in spite of repetition, and left "
               "out: " + ", ".join(dropped))


PLOT = """
set terminal svg size 1000,{height} dynamic background "white"
set output "{out}"
set title "{title}"
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.8 border -1
set yrange [0:*]
set ylabel "{label}"
set xtics rotate by -45 right font ",9"
set bmargin 12
set rmargin 6
set grid ytics
set key outside top horizontal
plot for [i=2:{columns}] "{data}" using i:xtic(1) title columnheader(i)
"""


def plot(path, title, label, targets, results, value):
    """Bars for each row, one for each target."""
    if not shutil.which("gnuplot"):
        print("# no gnuplot, no plots (apt install gnuplot-nox)")
        return
    # gnuplot takes no column without a number
    targets = [t for t in targets if any(value(r, t) for r in results)]
    with tempfile.NamedTemporaryFile("w", suffix=".dat") as data:
        print("row", *targets, file=data)
        for result in results:
            values = [value(result, target) for target in targets]
            print(f'"{result.row.name}"',
                  *(statistics.median(v) if v else "NaN" for v in values),
                  file=data, flush=True)
        script = PLOT.format(out=path, title=title, label=label, height=600,
                             columns=1 + len(targets), data=data.name)
        subprocess.run(["gnuplot"], input=script, text=True, check=True)


def write(folder, bed, options, rows, lines, noisy):
    """Writes bed.md, bed.csv and the plots, and prints the table."""
    folder.mkdir(parents=True, exist_ok=True)
    results, dropped = collect(rows, lines, noisy)
    text = "\n".join(markdown(options, results, dropped)) + "\n"
    (folder / f"{bed}.md").write_text(text)
    print(text)
    with open(folder / f"{bed}.csv", "w", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(HEAD)
        writer.writerows(result.cells() for result in results)
    targets = list(dict.fromkeys(t for r in results for t in r.samples))
    title = f"{bed}, Linux {options['kernel']}, {options['cpu']}"
    for name, label, unit, value in (
            ("iops", "IOPS", "IOPS", Result.rate),
            ("throughput", "MB/s", "MB/s", Result.rate),
            ("cost", "ns of CPU time per I/O", "IOPS", Result.cost)):
        some = [r for r in results if r.row.unit == unit]
        if some:
            plot(Path(folder, f"{bed}-{name}.svg"), title, label, targets,
                 some, value)
