#!/usr/bin/env python3
"""Prints cites.txt: which requirements each capture shows that was played to its end.

    tests/golden/cites.py SPECIFICATION TEST_LOG > tests/golden/cites.txt

SPECIFICATION: the document that numbers the requirements; its tables name captures in their last column.
TEST_LOG: what //tests/golden:replay_test printed.
"""

import collections
import fnmatch
import pathlib
import re
import sys

ID = re.compile(r"[A-Z]+-\d+")
# The padding of the signature may differ from run to run: it is not compared, and nothing is shown of it.
NOT_COMPARED = {"G-4"}
HERE = pathlib.Path(__file__).parent


def natural(text):
    """D-2 before D-11."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text)]


def named_captures(text, captures):
    """Captures in backquotes: a name, a pattern, or the new end of the name before (`meta-identity-256`, `-empty`)."""
    found = []
    last = ""
    for name in re.findall(r"`([a-z-][a-z0-9.*-]{2,})`", text):
        if name.startswith("-"):
            stems = [last.rsplit("-", count)[0] for count in range(1, last.count("-") + 1)]
            name = next((stem + name for stem in stems if stem + name in captures), name)
        last = name
        found += fnmatch.filter(captures, name)
    return found


def citations(specification, captures):
    """(id, capture) for each row of a table, and for "Vectors for ID: ...; ID: ..."."""
    for line in specification.splitlines():
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|\n").split("|")]
            if ID.fullmatch(cells[0]):
                yield from ((cells[0], capture) for capture in named_captures(cells[-1], captures))
    for paragraph in re.findall(r"^Vectors for (.*?)\.$", specification, re.MULTILINE | re.DOTALL):
        for part in paragraph.split(";"):
            identifier, _, names = part.strip().partition(":")
            yield from ((identifier, capture) for capture in named_captures(names, captures))


def played(log, captures):
    tests = set(re.findall(r"^\[ +OK \] \S+Plays/(\S+)", log, re.MULTILINE))
    tests = {re.sub("_as_[SC]$", "", test) for test in tests}
    return [name for name in captures if re.sub("[-.]", "_", name) in tests]


def main():
    specification, log = (pathlib.Path(path).read_text(encoding="utf-8") for path in sys.argv[1:3])
    captures = sorted(path.stem for path in (HERE / "vectors").glob("*.zv"))
    shown = collections.defaultdict(set)
    for identifier, capture in citations(specification, captures):
        if identifier not in NOT_COMPARED:
            shown[capture].add(identifier)
    print("# Which requirements each capture shows that is played to its end. Made by cites.py.")
    for capture in played(log, captures):
        if shown[capture]:
            print(f"{capture}: {' '.join(sorted(shown[capture], key=natural))}")


if __name__ == "__main__":
    main()
