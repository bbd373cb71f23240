# SPDX-License-Identifier: GPL-2.0-only
"""
Measurements are kept in a CSV file, a line for each; table and plots are made
of it, at any time.

The measurements of one round were taken one after the other, so ratios are
made of each round; told are their median and their range.
"""

import csv
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

DISTURBED = 0.05
# of the CSV file: of each measurement, and under which circumstances
FIELDS = ("row", "target", "ios", "cpu_ns", "iops", "disturbed")
NUMBERS = {"ios": int, "cpu_ns": int, "iops": float, "disturbed": float}
OPTIONS = ("bed", "kernel", "cpu", "guest cpus", "rounds", "seconds", "set",
           "source")
HEAD = ["row", "unit", "ours", "LIO", "tgt", "floor", "memory", "ours/LIO",
        "range", "ours/tgt", "ours/floor", "ours/memory", "ns per I/O: ours",
        "LIO", "floor", "memory",
        "cost over the floor, ours/LIO", "range"]


def ratios(above, below):
    """Median, least and greatest of above[i]/below[i]."""
    pairs = [a / b for a, b in zip(above, below) if b > 0]
    return (statistics.median(pairs), min(pairs), max(pairs)) if pairs else None


class Result:
    """A row's measurements by target."""

    def __init__(self, row, cpus):
        self.row = row
        self.cpus = cpus
        self.name = row.name + (f"-{cpus}-cpus" if cpus else "")
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
        return [self.name, self.row.unit,
                *(number(self.rate(t)) for t in ("ours", "lio", "tgt",
                                                 "floor", "memory")),
                median(lio), spread(lio), median(self.rate_ratio("tgt")),
                median(self.rate_ratio("floor")),
                median(self.rate_ratio("memory")),
                *(number(self.cost(t)) for t in ("ours", "lio", "floor",
                                                 "memory")),
                median(cost), spread(cost)]


def load(path):
    """The lines of a CSV file, numbers as such."""
    if not path.exists():
        return []
    with open(path, encoding="utf-8", newline="") as text:
        lines = csv.DictReader(text)
        if tuple(lines.fieldnames or ()) != FIELDS + OPTIONS:
            raise SystemExit(f"{path} has other columns: --fresh")
        return [{k: NUMBERS.get(k, str)(v) for k, v in line.items()}
                for line in lines]


def merge(path, options, samples):
    """Adds measurements; those of the same rows are replaced."""
    def key(line):
        return line["row"], str(line["guest cpus"])
    samples = [{k: s[k] for k in FIELDS} | options |
               {"iops": round(s["iops"]), "disturbed": round(s["disturbed"], 3)}
               for s in samples]
    new = {key(s) for s in samples}
    kept = [line for line in load(path) if key(line) not in new]
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, FIELDS + OPTIONS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept + samples)


def collect(rows, lines, cpus):
    """Results by row; @cpus is the usual number of them."""
    numbers = sorted({line["guest cpus"] for line in lines}, key=int)
    results = {(row.name, n): Result(row, "" if int(n) == cpus else n)
               for row in rows for n in numbers}
    for line in lines:
        result = results.get((line["row"], line["guest cpus"]))
        if result:
            result.add(line)
    return [r for r in results.values() if r.samples]


def options_of(lines):
    """What is told of the circumstances; of several, all."""
    for name in OPTIONS:
        values = list(dict.fromkeys(line[name] for line in lines))
        yield f"{name} {' or '.join(values)}"


def scaling(results, cpus):
    """How much each target gains by more CPUs."""
    def median(result, target):
        rate = result.rate(target)
        return statistics.median(rate) if rate else None
    several = {}
    for result in results:
        several.setdefault(result.row.name, {})[
            int(result.cpus or cpus)] = result
    for name, table in several.items():
        few, *more = sorted(table)
        for many in more:
            gains = [(t, median(table[many], t), median(table[few], t))
                     for t in table[many].samples]
            yield f"- {name}, {many} CPUs / {few}: " + ", ".join(
                f"{t} {a / b:.2f}" for t, a, b in gains if a and b)


def markdown(lines, results, cpus):
    yield f"# Benchmark: {lines[0]['bed']}"
    yield ""
    yield ", ".join(options_of(lines))
    yield ""
    yield "| " + " | ".join(HEAD) + " |"
    yield "|" + "---|" * len(HEAD)
    for result in results:
        if not result.disturbed:
            yield "| " + " | ".join(result.cells()) + " |"
    dropped = [r.name for r in results if r.disturbed]
    if dropped:
        yield ""
        yield ("Disturbed by other load, in spite of repetition, and left "
               "out: " + ", ".join(dropped))
    gains = list(scaling(results, cpus))
    if gains:
        yield from ("", "Rates with more CPUs against those with fewer:", "",
                    *gains)


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
            print(f'"{result.name}"',
                  *(statistics.median(v) if v else "NaN" for v in values),
                  file=data, flush=True)
        script = PLOT.format(out=path, title=title, label=label, height=600,
                             columns=1 + len(targets), data=data.name)
        subprocess.run(["gnuplot"], input=script, text=True, check=True)


def render(folder, name, rows, cpus, noisy):
    """Makes name.md and the plots of name.csv, and prints the table."""
    lines = load(folder / f"{name}.csv")
    if noisy:
        for line in lines:
            line["disturbed"] = 0.0
    results = collect(rows, lines, cpus)
    text = "\n".join(markdown(lines, results, cpus)) + "\n"
    (folder / f"{name}.md").write_text(text, encoding="utf-8")
    print(text)
    good = [r for r in results if not r.disturbed]
    targets = list(dict.fromkeys(t for r in good for t in r.samples))
    title = f"{name}, Linux {lines[0]['kernel']}, {lines[0]['cpu']}"
    for what, label, unit, value in (
            ("iops", "IOPS", "IOPS", Result.rate),
            ("throughput", "MB/s", "MB/s", Result.rate),
            ("cost", "ns of CPU time per I/O", "IOPS", Result.cost)):
        some = [r for r in good if r.row.unit == unit]
        if some:
            plot(Path(folder, f"{name}-{what}.svg"), title, label, targets,
                 some, value)
