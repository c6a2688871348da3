#!/usr/bin/env python3
"""tools/requirements.py on a planted tree, and on the real list."""

import contextlib
import io
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.getcwd())
from tests.support import cases  # noqa: E402
from tools import requirements  # noqa: E402

PLANTED = {
    "docs/requirements.txt": (
        "# What is asked.\n\n"
        "Q-1  MUST      now    the first\n"
        "Q-2  MUST      now    the second\n"
        "Q-3  SHOULD    now    the third\n"
        "Q-4  MAY       now    the fourth\n"
        "QQ-1 MUST-NOT  now    another kind\n"
        "QQ-2 MUST      now    shown by a capture\n"
        "QQ-3 MUST      later  not built\n"),
    "tests/a_test.cc": "// Q-1, and UTF-8: no id.\nTEST(A, B) {}\n",
    "tests/deep/er/b_test.cc": "// Q-3 to Q-4; XQ-2 and Q-22 are other ids\n",
    "tests/golden/cites.txt": "some-capture: QQ-2\n",
    "tests/golden/some-capture.zv": "# QQ-1 in a capture is no citation\n",
    "tests/notes.txt": "Q-2 in prose is no citation\n",
}


class RequirementsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        for path, text in PLANTED.items():
            self.write(path, text)

    def write(self, path, text):
        whole = os.path.join(self.folder.name, path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "w", encoding="utf-8") as file:
            file.write(text)

    def run_tool(self, *args, ends_with=0):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            self.assertEqual(requirements.main(["--tree", self.folder.name, *args]), ends_with)
        return out.getvalue().splitlines()

    def test_names_what_no_test_cites(self):
        lines = self.run_tool()
        self.assertEqual([line.split()[0] for line in lines[:2]], ["Q-2", "QQ-1"])
        self.assertIn("the second", lines[0])
        self.assertEqual(lines[2], "tests/deep/er/b_test.cc: Q-22 is in no list")
        self.assertEqual(lines[3:], ["requirements cited by tests: MUST 2 of 3, MUST-NOT 0 of 1, SHOULD 1 of 1, MAY 1 of 1"])

    def test_a_level_narrows_it(self):
        self.assertEqual([line.split()[0] for line in self.run_tool("--level", "MUST")][:1], ["Q-2"])
        both = self.run_tool("--level", "MUST", "--level", "MAY", "--summary")
        self.assertEqual(both, ["requirements cited by tests: MUST 2 of 3, MAY 1 of 1"])

    def test_what_is_not_built_counts_when_it_is_asked_for(self):
        self.assertIn("MUST 2 of 4", self.run_tool("--later", "--summary")[0])
        self.assertTrue(any(line.startswith("QQ-3 ") for line in self.run_tool("--later")))

    def test_the_summary_is_one_line(self):
        self.assertEqual(len(self.run_tool("--summary")), 1)

    def test_ranges_count_each_id_in_them(self):
        self.assertEqual(requirements.ids_in("QA-2 to QA-4, QB-9…11, QC-1 to QD-3"),
                         {"QA-2", "QA-3", "QA-4", "QB-9", "QB-10", "QB-11", "QC-1", "QD-3"})

    def test_what_is_not_built_and_cited_is_a_failure(self):
        self.write("tests/c_test.cc", "// QQ-3\n")
        lines = self.run_tool("--summary", ends_with=1)
        self.assertIn("tests/c_test.cc: QQ-3 is cited, and the list says `later`", lines)

    def test_a_line_of_another_form_is_refused(self):
        self.write("docs/requirements.txt", "Q-1 PERHAPS now the first\n")
        with self.assertRaisesRegex(ValueError, ":1: "):
            self.run_tool()


class TheRealListTest(unittest.TestCase):
    def test_every_id_is_there_once_and_has_a_title(self):
        found = requirements.read_list("docs/requirements.txt")
        ids = [each.id for each in found]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertGreater(len(ids), 250)
        for each in found:
            self.assertRegex(each.id, r"^[A-Z]+-\d+$")
            self.assertGreater(len(each.title.split()), 1, each.id)


if __name__ == "__main__":
    cases.main()
