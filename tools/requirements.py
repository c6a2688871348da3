#!/usr/bin/env python3
"""Tells which requirements of docs/requirements.txt no test cites.

Usage: tools/requirements.py [--level LEVEL]... [--later] [--summary]

A test cites a requirement by its id in a comment: `F-6`, `REP-3 to REP-5`. Read are the sources below tests/ and
tests/golden/cites.txt, which says what each golden capture shows. Requirements of what is not built (`later`) are
left out unless they are asked for. An id that is cited and not in the list is told too. Ends with 1 if a test cites
what the list says is not built: one of the two is wrong; else with 0.
"""

import argparse
import collections
import os
import re
import sys

LIST = "docs/requirements.txt"
LEVELS = ("MUST", "MUST-NOT", "SHOULD", "MAY")
SOURCES = (".cc", ".h", ".py", ".sh")
CITES = "tests/golden/cites.txt"

Requirement = collections.namedtuple("Requirement", "id level later title")

_ID = r"(?<![\w-])([A-Z]+)-(\d+)(?![\w-])"
_RANGE = re.compile(_ID + r"\s*(?:to|through|\.\.\.?|…)\s*(?:([A-Z]+)-)?(\d+)\b")


def read_list(path):
    """The requirements in their order; ValueError for a line that is none."""
    found = []
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            words = line.split(None, 3)
            if len(words) != 4 or words[1] not in LEVELS or words[2] not in ("now", "later"):
                raise ValueError("%s:%d: not `id level now|later title`" % (path, number))
            found.append(Requirement(words[0], words[1], words[2] == "later", words[3].strip()))
    return found


def ids_in(text):
    """Every id in a text, those within a range included."""
    ids = {"%s-%s" % pair for pair in re.findall(_ID, text)}
    for prefix, first, other, last in _RANGE.findall(text):
        if other in ("", prefix):
            ids.update("%s-%d" % (prefix, n) for n in range(int(first), int(last) + 1))
    return ids


def cited(tree):
    """{id: the first file that cites it} of the tests in a tree."""
    found = {}
    for folder, folders, files in os.walk(os.path.join(tree, "tests")):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(folder, name)
            if not name.endswith(SOURCES) and os.path.relpath(path, tree) != CITES:
                continue
            with open(path, encoding="utf-8", errors="replace") as source:
                for each in ids_in(source.read()):
                    found.setdefault(each, os.path.relpath(path, tree))
    return found


def report(requirements, citations, levels, later, summary):
    """The lines to print."""
    asked = [r for r in requirements if (later or not r.later) and (not levels or r.level in levels)]
    missing = [r for r in asked if r.id not in citations]
    lines = []
    if not summary:
        lines += ["%-10s %-8s %s" % (r.id, r.level, r.title) for r in missing]
        known = {r.id for r in requirements}
        prefixes = {each.split("-")[0] for each in known}
        lines += ["%s: %s is in no list" % (citations[each], each) for each in sorted(citations)
                  if each not in known and each.split("-")[0] in prefixes]
    counts = []
    for level in LEVELS:
        of_level = [r for r in asked if r.level == level]
        if of_level:
            done = sum(1 for r in of_level if r.id in citations)
            counts.append("%s %d of %d" % (level, done, len(of_level)))
    lines.append("requirements cited by tests: %s" % (", ".join(counts) or "none asked for"))
    return lines


def main(args):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--level", action="append", choices=LEVELS, help="only of this level; may be repeated")
    parser.add_argument("--later", action="store_true", help="also of what is not built")
    parser.add_argument("--summary", action="store_true", help="the counts alone")
    parser.add_argument("--tree", default=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    options = parser.parse_args(args)
    requirements = read_list(os.path.join(options.tree, LIST))
    citations = cited(options.tree)
    for line in report(requirements, citations, options.level, options.later, options.summary):
        print(line)
    wrong = [each.id for each in requirements if each.later and each.id in citations]
    for each in wrong:
        print("%s: %s is cited, and the list says `later`" % (citations[each], each))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
