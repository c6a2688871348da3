#!/usr/bin/env python3
"""The core asks nothing of the operating system: its archives, its includes, and the checker itself."""

import os
import sys
import unittest

sys.path.insert(0, os.getcwd())
from tests.guards import purity  # noqa: E402
from tests.support import cases  # noqa: E402

TOPS = ("alloc", "protocol")
# The tree itself: this file is reached by a link into it.
TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))


class TheCore(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.libraries = purity.read_manifest("tests/guards/core.txt")

    def test_no_archive_asks_for_more_than_the_list_allows(self):
        for label, archives in self.libraries.items():
            for archive in archives:
                with self.subTest(label):
                    self.assertEqual(
                        purity.foreign_symbols(archive), [],
                        "\n%s: the core may not use these. If one touches nothing outside the program, add it "
                        "to tests/guards/purity.py with the reason." % label)

    def test_every_library_of_the_core_is_judged(self):
        declared = purity.declared_libraries(TREE, TOPS)
        self.assertGreater(len(declared), 40)
        for label, has_sources in declared.items():
            with self.subTest(label):
                self.assertIn(label, self.libraries, "name it in the deps of //tests/guards:core")
                self.assertEqual(bool(self.libraries[label]), has_sources)

    def test_sources_include_and_name_nothing_of_the_world(self):
        for top in TOPS:
            for folder, _, files in os.walk(os.path.join(TREE, top)):
                for name in files:
                    if not name.endswith((".h", ".cc")):
                        continue
                    path = os.path.join(folder, name)
                    with open(path, encoding="utf-8") as source, self.subTest(os.path.relpath(path, TREE)):
                        self.assertEqual(purity.foreign_words(source.read()), [])


class TheChecker(unittest.TestCase):
    """A library that breaks each rule is caught at each of them."""

    def test_finds_every_planted_symbol(self):
        (archive,) = purity.read_manifest("tests/guards/planted.txt")["//tests/guards:impure"]
        foreign = purity.foreign_symbols(archive)
        for planted in ("clock_gettime", "getenv", "pthread_mutex_lock", "getrandom", "recv", "printf", "setlocale",
                        "std::chrono::_V2::steady_clock::now()", "std::locale::locale()",
                        "std::random_device::_M_getval()", "absl::Now()"):
            with self.subTest(planted):
                self.assertTrue(any(name.strip("_").startswith(planted) for name in foreign), foreign)

    def test_an_allowed_name_does_not_cover_a_longer_one(self):
        allowed = purity._ALLOWED
        self.assertTrue(allowed.fullmatch("memcpy"))
        self.assertFalse(allowed.fullmatch("memcpy_to_device"))
        self.assertFalse(allowed.fullmatch("absl::Mutex::Lock()"))
        self.assertFalse(allowed.fullmatch("std::cout"))

    def test_finds_planted_includes_and_names(self):
        source = '#include <ctime>\n#include <vector>\n  #  include "absl/time/clock.h"\n' \
                 '#include "absl/synchronization/mutex.h"\n#include "adapters/pump.h"\n' \
                 '// std::mutex in a comment\nauto t = absl::Now();\nstd::mutex m;\n'
        self.assertEqual(purity.foreign_words(source), [
            "<ctime>", "absl/time/clock.h", "absl/synchronization/mutex.h", "adapters/pump.h",
            "absl::Now", "std::mutex"])

    def test_names_lose_what_differs_between_compilers(self):
        self.assertEqual(purity.plain("absl::lts_20240722::StrCat[abi:cxx11](int)"), "absl::StrCat(int)")


if __name__ == "__main__":
    cases.main()
