#!/usr/bin/env python3
"""Makes docs/conformance.md from the last run of the conformance suite.

Usage: tools/bazel test //tests/conformance/... ; tools/conformance.py [--logs FOLDER] [--out FILE]

Each case leaves in its test.xml what it did, and where: an adapter, a carrier. Lines of the table that say the same
are one line. A run in which a case failed makes no table; that the old table differs from the run is no such failure.
"""

import argparse
import collections
import glob
import os
import re
import sys
import xml.etree.ElementTree as ET

LOGS = "bazel-testlogs/tests/conformance"
DOCUMENT = "docs/conformance.md"
SIM = "sim"
CARRIERS = ("tcp", "ipc", "inproc")
ALL = "(all)"
# The plain test whose properties are the cells that there are not.
ABSENT = ("CellsTest", "TheAbsentOnes")

HEAD = """# Conformance

One suite for all adapters, [tests/conformance](../tests/conformance): the same scenarios on each adapter, and in the simulator, over each
carrier. This table is made by `tools/conformance.py` from a run of the suite; the suite fails when a run differs from it.

A line says what happened; behind it stands in which cells it did: for each adapter, the carriers. "(all)" is where a
suite has nothing to show, and why. The scenarios themselves are short: see the test of the name.

The suites named Zmq... are the same with a live libzmq at one side, "theirs" being its sockets. What no peer has a part in stands above alone:
texts that are no endpoints, names without an address, files in the way, dials that nobody answers, loops and listeners without a descriptor.
"""

Outcome = collections.namedtuple("Outcome", "suite scenario adapter carrier text")


def suite_name(name):
    return name[:-len("Test")] if name.endswith("Test") else name


def read_case(case):
    """The outcomes that one testcase element tells."""
    told = {each.get("name"): each.get("value") for each in case.iter("property")}
    if (case.get("classname"), case.get("name")) == ABSENT:
        return [Outcome(*key.split("/")[:1], ALL, *key.split("/")[1:], why) for key, why in told.items()]
    if "did" not in told:
        return []
    scenario = case.get("name").split("/")[0]
    return [Outcome(suite_name(case.get("classname")), scenario, told["adapter"], told["carrier"], told["did"])]


def last_logs(folder):
    """The test.xml of each target's last run, which may have had another number of shards than those before it."""
    runs = collections.defaultdict(lambda: collections.defaultdict(list))
    for path in glob.glob(os.path.join(folder, "**", "test.xml"), recursive=True):
        shard = re.search(r"/shard_\d+_of_(\d+)/test\.xml$", path)
        target = path[:shard.start()] if shard else os.path.dirname(path)
        runs[target][shard.group(1) if shard else ""].append(path)
    return sorted(path for counts in runs.values()
                  for path in max(counts.values(), key=lambda paths: max(map(os.path.getmtime, paths))))


def read_logs(folder):
    """(outcomes in the order of the run, cases that failed) of the last run below a folder."""
    found, failed = [], []
    for path in last_logs(folder):
        for case in ET.parse(path).getroot().iter("testcase"):
            # What the framework writes for a table that differs has no class of its own.
            if case.get("name") and (case.find("failure") is not None or case.find("error") is not None):
                failed.append("%s.%s" % (case.get("classname"), case.get("name")))
            elif case.get("status") != "notrun":
                found += read_case(case)
    return found, failed


def in_order(names, first):
    """The names without repetition: those of `first` in its order, then the others in theirs."""
    there = list(dict.fromkeys(names))
    return [name for name in first if name in there] + [name for name in there if name not in first]


def render(outcomes, adapters):
    """The document. `adapters`: the order of the columns."""
    text = [HEAD]
    columns = in_order((each.adapter for each in outcomes), adapters)
    suites = collections.defaultdict(lambda: collections.defaultdict(list))
    for each in outcomes:
        suites[each.suite][(each.scenario, each.text)].append(each)
    for suite in sorted(suites):
        text += ["## " + suite, "", "| scenario | what it did | %s |" % " | ".join(columns),
                 "|---" * (len(columns) + 2) + "|"]
        # What is absent stands last; outcomes of one scenario stand together.
        for (scenario, did), cells in sorted(suites[suite].items(), key=lambda line: (line[0][0] == ALL, line[0])):
            there = [" ".join(in_order((each.carrier for each in cells if each.adapter == column), CARRIERS))
                     for column in columns]
            text.append("| %s | %s | %s |" % (scenario, did, " | ".join(there)))
        text.append("")
    return "\n".join(text)


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--logs", default=LOGS, help="where the test.xml are")
    parser.add_argument("--out", default=DOCUMENT)
    opts = parser.parse_args(words)
    outcomes, failed = read_logs(opts.logs)
    for name in failed:
        print("%s failed: no table is made of this run" % name, file=sys.stderr)
    if not outcomes:
        print("no outcome in %s: run `tools/bazel test //tests/conformance/...` first" % opts.logs, file=sys.stderr)
    if failed or not outcomes:
        return 1
    with open(opts.out, "w", encoding="utf-8") as file:
        file.write(render(outcomes, [SIM, "uring", "uv", "asio"]))
    print("%s: %d cells" % (opts.out, len(outcomes)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
