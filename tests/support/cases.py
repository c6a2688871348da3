"""Runs unittest cases under Bazel and writes each of them to test.xml, as GoogleTest does."""

import os
import sys
import time
import unittest
import xml.etree.ElementTree as ET


class _Result(unittest.TextTestResult):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.rows = []  # (test, "failure", "skipped" or None, text, seconds)
        self._began = 0.0
        self._bad = {}

    def startTest(self, test):
        super().startTest(test)
        self._began = time.monotonic()

    def _row(self, test, kind, text=""):
        self.rows.append((test, kind, text, time.monotonic() - self._began))

    def addSuccess(self, test):
        super().addSuccess(test)
        if id(test) not in self._bad:
            self._row(test, None)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._row(test, "skipped", reason)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._row(test, "failure", self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self._row(test, "failure", self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._bad[id(test)] = True
            self._row(subtest, "failure", self._exc_info_to_string(err, subtest))


def _write_xml(result, path):
    suite = ET.Element("testsuite", name=os.environ.get("TEST_TARGET", "tests"))
    for test, kind, text, seconds in result.rows:
        case = ET.SubElement(
            suite, "testcase", name=str(test), classname=type(test).__name__, time="%.3f" % seconds
        )
        if kind is not None:
            ET.SubElement(case, kind, message=text.strip().splitlines()[-1] if text else "").text = text
    ET.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)


def main():
    """Runs all cases of the main module, or those named by --test_filter; ends the process."""
    only = os.environ.get("TESTBRIDGE_TEST_ONLY")
    loader = unittest.TestLoader()
    if only:
        loader.testNamePatterns = ["*%s*" % only]
    suite = loader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(resultclass=_Result, verbosity=2).run(suite)
    xml = os.environ.get("XML_OUTPUT_FILE")
    if xml:
        _write_xml(result, xml)
    if not result.rows:
        print("no case ran", file=sys.stderr)
        sys.exit(1)
    sys.exit(0 if result.wasSuccessful() else 1)
