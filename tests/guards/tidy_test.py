#!/usr/bin/env python3
"""The whole tree keeps the rules of tests/guards/tidy.py, and each rule finds a planted offence."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.getcwd())
from tests.guards import tidy  # noqa: E402
from tests.support import cases  # noqa: E402

# The tree itself: this file is reached by a link into it.
TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
# They quote what they forbid.
QUOTING = ("tests/guards/tidy.py", "tests/guards/tidy_test.py")


def read(path):
    with open(os.path.join(TREE, path), encoding="utf-8", errors="replace") as file:
        return file.read()


class TheTree(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.files = tidy.tree_files(TREE)
        cls.texts = {path: read(path) for path in cls.files if path.endswith(tidy.TEXT)}

    def complaints(self, check, *rest, skip=()):
        return [each for path, text in self.texts.items() if path not in skip
                for each in check(path, text, *rest)]

    def assertNone(self, found):
        self.assertEqual(found, [], "\n" + "\n".join(found))

    def test_the_tree_was_found(self):
        for path in ("WORKSPACE", "README.md", "protocol/socket/socket.h", "tests/guards/tidy.py"):
            self.assertIn(path, self.files)

    def test_files_and_functions_are_short(self):
        self.assertNone(self.complaints(tidy.check_length))

    def test_adapters_are_small(self):
        self.assertNone(tidy.check_folders(self.texts))
        for folder in tidy.MAX_FOLDER_LINES:
            self.assertTrue(any(os.path.dirname(path) == folder for path in self.texts), folder)

    def test_header_guards_are_paths(self):
        self.assertNone(self.complaints(tidy.check_guard))

    def test_no_tabs_no_machine_paths_no_unowned_work(self):
        docs = "\n".join(text for path, text in self.texts.items() if path.startswith("docs/"))
        self.assertNone(self.complaints(tidy.check_words, docs, skip=QUOTING))

    def test_documents_that_are_named_exist(self):
        self.assertNone(self.complaints(tidy.check_documents, self.files, skip=QUOTING))

    def test_adapters_do_not_speak_of_the_protocol(self):
        self.assertNone(self.complaints(tidy.check_vocabulary))

    def test_nobody_asks_the_wall_clock(self):
        self.assertNone(self.complaints(tidy.check_clock))

    def test_operations_on_asio_stand_under_headings(self):
        self.assertNone(self.complaints(tidy.check_headings))

    def test_operations_on_asio_were_found(self):
        names = [name for name, _ in tidy.asio_operations(self.texts["adapters/asio/socket.h"])]
        self.assertEqual(len(names), len(set(names)))
        self.assertLess(set("bind connect unbind disconnect subscribe unsubscribe join leave async_bind async_connect "
                            "async_send async_send_many async_receive async_receive_many async_wait_receive "
                            "async_wait_send async_flush async_wait_ready async_wait_event".split()), set(names))
        self.assertEqual(sum(name.startswith("async_") for name in names),
                         len(set(re.findall(r"\bauto (async_\w+)\(", self.texts["adapters/asio/socket.h"]))))

    def test_layers_know_those_below(self):
        self.assertNone(self.complaints(tidy.check_layers))

    def test_sources_have_mirrored_tests(self):
        self.assertNone(tidy.check_mirrors(self.files))

    def test_corpora_are_named(self):
        self.assertNone(tidy.check_corpora(self.files, read("fuzz/BUILD.bazel")))


def lines(count, indent="  "):
    return "".join("%sx += %d;\n" % (indent, i) for i in range(count))


class TheRules(unittest.TestCase):
    """Planted offences, and what must not be taken for one."""

    def functions(self, source):
        return [(name, count) for name, _, count in tidy.cc_functions(source)]

    def test_a_function_is_measured_from_its_head_to_its_brace(self):
        source = "namespace a {\n\ntemplate <typename T>\nint F(T t,\n      int u) {\n%s}\n\n}\n" % lines(3)
        self.assertEqual(tidy.cc_functions(source), [("F", 3, 7)])

    def test_functions_of_every_form_are_found(self):
        source = (
            "class C : public B {\n public:\n  C(int a, std::string b = \"}{\")\n      : a_{a}, b_(std::move(b)), c_{} {\n    Go();\n  }\n"
            "  bool operator==(const C& o) const { return a_ == o.a_; }\n"
            "  ~C() override;\n\n private:\n  int a_ = 1;\n  std::vector<int> v_{1, 2};\n};\n"
            "C::~C() {\n  // }\n  char brace = '}';\n  for (int i = 0; i < 3; ++i) {\n    F([&] { return i; });\n  }\n}\n"
            "const int kTable[] = {\n  1,\n  2,\n};\n"
            "TEST(Suite, Case) {\n  const std::string s = R\"(}}})\";\n}\n")
        self.assertEqual(self.functions(source), [("C", 4), ("operator==", 1), ("C::~C", 7), ("TEST", 3)])

    def test_a_long_function_is_found_and_a_long_table_is_not(self):
        body = lines(68)
        self.assertEqual(len(tidy.check_length("a.cc", "void F() {\n%s}\n" % body)), 1)
        self.assertEqual(tidy.check_length("a.cc", "void F() {\n%s}\n" % lines(67)), [])
        self.assertEqual(tidy.check_length("a.cc", "int t[] = {\n%s};\n" % ("  1,\n" * 90)), [])
        self.assertEqual(tidy.check_length("a.cc", "class C {\n%s};\n" % ("  int x;\n" * 90)), [])
        self.assertEqual(tidy.check_length("a.cc", "class alignas(64) C {\n%s};\n" % ("  int x;\n" * 90)), [])

    def test_a_long_python_function_is_found(self):
        self.assertEqual(len(tidy.check_length("a.py", "def f():\n%s" % ("  x = 1\n" * 70))), 1)

    def test_a_long_file_is_found(self):
        self.assertEqual(len(tidy.check_length("a.h", "int x;\n" * 600)), 1)
        self.assertEqual(tidy.check_length("a.h", "int x;\n" * 599), [])
        self.assertEqual(tidy.check_length("corpus.bin", "\n" * 6000), [])

    def test_a_guard_of_another_name_is_found(self):
        text = "#ifndef %s\n#define %s\nint x;\n#endif  // %s\n"
        right, wrong = ("MONOCOQUE_ALLOC_A_B_H_",) * 3, ("MONOCOQUE_A_B_H_",) * 3
        self.assertEqual(tidy.check_guard("alloc/a_b.h", text % right), [])
        self.assertEqual(len(tidy.check_guard("alloc/a_b.h", text % wrong)), 1)
        self.assertEqual(len(tidy.check_guard("alloc/a_b.h", "#pragma once\n")), 1)

    def test_words_that_do_not_belong_are_found(self):
        # Put together here, so that this file holds none of them.
        owed = "TO" + "DO"
        for line in ("\tx;", f"// {owed}: later", f"// {owed}(nobody): later", "FIX" + "ME",
                     'open("%s")' % "/".join(["", "work", "x"]), "cd " + "/".join(["", "root", "y"])):
            with self.subTest(line):
                self.assertEqual(len(tidy.check_words("a.cc", line, "ada keeps the pool")), 1)
        for line in (f"// {owed}(ada): later", "/".join(["https://x.org", "home", "y"]),
                     "/".join(["network", "root", "z"]), "/".join(["fuzz", "corpus", "work", ""])):
            with self.subTest(line):
                self.assertEqual(tidy.check_words("a.cc", line, "ada keeps the pool"), [])

    def test_a_document_that_is_not_there_is_found(self):
        files = ["docs/design.md", "README.md"]
        self.assertEqual(tidy.check_documents("a.h", "// see docs/design.md, design.md and README.md", files), [])
        self.assertEqual(len(tidy.check_documents("a.h", "// see docs/plan.md", files)), 1)
        self.assertEqual(len(tidy.check_documents("a.h", "// see old/design.md", files)), 1)

    def test_a_word_of_the_protocol_in_an_adapter_is_found(self):
        for line in ("int frame = 0;", "void OnHandshake();", "ping_timer_", 'return "no greeting";',
                     "SendPING();", 'Say("// metadata");', "x = 1;  /* so */ Heartbeat h;",
                     "case '\"': subscription();", "options = mechanism;"):
            with self.subTest(line):
                self.assertEqual(len(tidy.check_vocabulary("adapters/uv/socket.cc", line)), 1)
        for line in ("// a frame", "/* the\n handshake */", "bool stopping;", "framework.Frames();",
                     '#include "protocol/mechanism/options.h"', "made = options.mechanism;",
                     "F(options_.heartbeat, socket.options().link.mechanism);",
                     "options->link.handshake_timeout = made.options.link.heartbeat.interval;"):
            with self.subTest(line):
                self.assertEqual(tidy.check_vocabulary("adapters/uv/socket.cc", line), [])
        for path in ("protocol/wire/frame.h", "adapters/zap.h", "adapters/net/socks5.cc", "docs/adapters.md"):
            self.assertEqual(tidy.check_vocabulary(path, "frame"), [])
        for path in ("adapters/net/socks5_more.cc", "adapters/zap_inquiry.cc", "adapters/auth/key_file.h"):
            self.assertEqual(len(tidy.check_vocabulary(path, "\n frame")), 1)

    def test_a_folder_that_is_too_large_is_found(self):
        most = tidy.MAX_FOLDER_LINES["adapters/uv"]
        lines = "// a comment\n\nint a;  // and code\n/* more\n of it */\n"
        full = {"adapters/uv/a.cc": lines * (most - 1), "adapters/uv/b.h": lines, "adapters/uv/BUILD.bazel": "a",
                "adapters/uv/more/c.cc": lines, "adapters/asio/a.cc": lines}
        self.assertEqual(tidy.check_folders(full), [])
        full["adapters/uv/b.h"] += "char text[] = \"// not a comment\";\n"
        self.assertEqual(len(tidy.check_folders(full)), 1)

    def test_a_look_at_the_wall_clock_is_found(self):
        for line in ("begin = absl::Now();", "std::chrono::system_clock::now()", "clock_gettime(CLOCK_REALTIME, &t);"):
            with self.subTest(line):
                self.assertEqual(len(tidy.check_clock("bench/a.cc", line)), 1)
        for line in ("begin = net::Now();", "std::chrono::steady_clock::now()", "// not absl::Now()"):
            with self.subTest(line):
                self.assertEqual(tidy.check_clock("bench/a.cc", line), [])
        self.assertEqual(tidy.check_clock("tests/a.cc", "absl::Now()"), [])

    def test_an_operation_without_its_headings_is_found(self):
        head = "  // Signature: void()\n  // Completes when: at once\n  //   or later.\n  // Codes: none.\n"
        whole = head + "  // Cancellation: none.\n"
        send = "  template <typename T>\n    requires Sends<T>\n  auto async_send(T&& t = {}) {\n  }\n"
        join = "  void join(std::string_view g, ErrorOut ec = {})\n    requires Joins<T>\n  {\n    ec.Tell(Ask(g));\n  }\n"
        path = "adapters/asio/socket.h"
        for source in (whole + send, "  // DISH.\n" + whole + join, whole + join + join.replace("join", "leave"),
                       "  // see async_send(m)\n  return async_send(m);\n", "  void close();\n"):
            with self.subTest(source):
                self.assertEqual(tidy.check_headings(path, source), [])
        swapped = whole.replace("Codes", "X").replace("Signature", "Codes").replace("X", "Signature")
        for source in (send, head + send, whole + "\n" + send, swapped + send, join, whole + join + "\n" + send,
                       "  // Codes: not_found.\n  std::string bind(int at);\n"):
            with self.subTest(source):
                self.assertEqual(len(tidy.check_headings(path, source)), 1)
        self.assertEqual(tidy.check_headings("adapters/uv/socket.h", join), [])

    def test_an_include_of_what_stands_above_is_found(self):
        for path, other in (("alloc/a.h", "protocol/wire/b.h"), ("protocol/socket/a.cc", "adapters/pump.h"),
                            ("protocol/wire/a.cc", "protocol/mechanism/b.h"), ("adapters/uv/a.cc", "adapters/asio/b.h"),
                            ("adapters/net/a.cc", "adapters/uv/b.h"), ("adapters/uring/a.cc", "cli/b.h"),
                            ("adapters/coro/a.cc", "adapters/uring/b.h"), ("adapters/net/a.cc", "adapters/coro/b.h"),
                            ("protocol/connection/a.h", "tests/support/pair.h")):
            with self.subTest(path):
                self.assertEqual(len(tidy.check_layers(path, '#include <b>\n#include "%s"\n' % other)), 1)
        for path, other in (("cli/a.cc", "alloc/b.h"), ("adapters/uv/a.cc", "adapters/uv/b.h"),
                            ("adapters/uring/a.cc", "adapters/coro/b.h"), ("adapters/net/a.cc", "adapters/b.h"), ("tests/a.cc", "cli/b.h"), ("alloc/a.cc", "absl/b.h")):
            with self.subTest(path):
                self.assertEqual(tidy.check_layers(path, '#include "%s"\n' % other), [])

    def test_a_folder_without_a_mirror_is_found(self):
        self.assertEqual(tidy.check_mirrors(["alloc/a.cc", "tests/alloc/b_test.cc", "cli/c.cc"]), [])
        self.assertEqual(len(tidy.check_mirrors(["protocol/wire/a.cc", "tests/protocol/wire/BUILD.bazel"])), 1)

    def test_a_nameless_seed_is_found(self):
        build = 'fuzzer(\n    name = "frame_fuzzer",\n)'
        self.assertEqual(tidy.check_corpora(["fuzz/corpus/frame/short_header"], build), [])
        for path in ("fuzz/corpus/frame/0a1b2c3d4e5f60718293a4b5c6d7e8f901234567", "fuzz/corpus/frame/Crash 1",
                     "fuzz/corpus/other/short_header", "fuzz/corpus/stray"):
            with self.subTest(path):
                self.assertGreaterEqual(len(tidy.check_corpora([path], build)), 1)


if __name__ == "__main__":
    cases.main()
