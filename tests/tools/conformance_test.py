#!/usr/bin/env python3
"""tools/conformance.py on planted logs, and the committed table against the sources of the suite."""

import contextlib
import glob
import io
import os
import re
import sys
import tempfile
import unittest

sys.path.insert(0, os.getcwd())
from tests.support import cases  # noqa: E402
from tools import conformance  # noqa: E402

CASE = """<testcase name="%s" classname="%s" status="run"><properties>%s</properties>%s</testcase>"""
PROPERTY = """<property name="%s" value="%s"/>"""


def case(suite, name, failure="", **properties):
    told = "".join(PROPERTY % (key.replace("__", "/"), value) for key, value in properties.items())
    return CASE % (name, suite, told, failure and "<failure message='%s'/>" % failure)


class TheToolTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.out = os.path.join(self.folder.name, "table.txt")

    def write(self, folder, found):
        whole = os.path.join(self.folder.name, folder)
        os.makedirs(whole)
        with open(os.path.join(whole, "test.xml"), "w", encoding="utf-8") as file:
            file.write("<testsuites><testsuite>%s</testsuite></testsuites>" % "".join(found))
        return os.path.join(whole, "test.xml")

    def run_tool(self, shards):
        for number, shard in enumerate(shards, 1):
            self.write("suite_test/shard_%d_of_%d" % (number, len(shards)), shard)
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = conformance.main(["--logs", self.folder.name, "--out", self.out])
        return code, said.getvalue()

    def table(self):
        with open(self.out, encoding="utf-8") as file:
            return [line for line in file.read().splitlines() if line.startswith("|")]

    def test_what_is_the_same_is_one_line(self):
        shards = [[case("LifeTest", "Begin/UvIpc", adapter="uv", carrier="ipc", did="it is born"),
                   case("LifeTest", "Begin/OneTcp", adapter="one", carrier="tcp", did="it is born")],
                  [case("LifeTest", "Begin/UvTcp", adapter="uv", carrier="tcp", did="it is born"),
                   case("LifeTest", "Begin/SimTcp", adapter="sim", carrier="tcp", did="another thing")]]
        self.assertEqual(self.run_tool(shards)[0], 0)
        self.assertEqual(self.table(), ["| scenario | what it did | sim | uv | one |", "|---|---|---|---|---|",
                                        "| Begin | another thing | tcp |  |  |",
                                        "| Begin | it is born |  | tcp ipc | tcp |"])

    def test_what_is_absent_is_said(self):
        shards = [[case("LifeTest", "Zero/UvTcp", adapter="uv", carrier="tcp", did="it ends"),
                   case("CellsTest", "TheAbsentOnes", Life__sim__tcp="it is immortal", Life__sim__ipc="it is immortal")]]
        self.assertEqual(self.run_tool(shards)[0], 0)
        self.assertEqual(self.table()[2:], ["| Zero | it ends |  | tcp |", "| (all) | it is immortal | tcp ipc |  |"])

    def test_what_is_left_of_an_older_run_does_not_count(self):
        old = self.write("suite_test", [case("LifeTest", "Begin/UvTcp", failure="no", adapter="uv", carrier="tcp", did="x")])
        os.utime(old, (1, 1))
        shards = [[case("LifeTest", "Begin/UvTcp", adapter="uv", carrier="tcp", did="it is born")]]
        self.assertEqual(self.run_tool(shards)[0], 0)
        self.assertEqual(self.table()[2:], ["| Begin | it is born | tcp |"])

    def test_a_failed_run_makes_no_table(self):
        code, said = self.run_tool([[case("LifeTest", "Begin/UvTcp", failure="no", adapter="uv", carrier="tcp", did="x")]])
        self.assertEqual(code, 1)
        self.assertIn("LifeTest.Begin/UvTcp failed", said)
        self.assertFalse(os.path.exists(self.out))

    def test_without_a_run_it_says_what_to_do(self):
        code, said = self.run_tool([])
        self.assertEqual(code, 1)
        self.assertIn("first", said)

    # The framework's own failure, that the table differs, has neither case name nor class.
    def test_an_old_table_is_no_failure(self):
        shards = [[case("LifeTest", "Begin/UvTcp", adapter="uv", carrier="tcp", did="x"), case("", "", failure="old")]]
        self.assertEqual(self.run_tool(shards)[0], 0)


class TheTableTest(unittest.TestCase):
    """Each suite of the table is there. That its lines are right, the suites themselves say."""

    def test_every_section_is_a_suite(self):
        with open("docs/conformance.md", encoding="utf-8") as file:
            sections = re.findall(r"^## (\w+)$", file.read(), re.M)
        suites = set()
        for path in glob.glob("tests/conformance/*_test.cc"):
            with open(path, encoding="utf-8") as file:
                suites.update(re.findall(r"INSTANTIATE_TEST_SUITE_P\(\s*,\s*(\w+)Test\b", file.read()))
        self.assertEqual(sorted(sections), sorted(suites))


if __name__ == "__main__":
    cases.main()
