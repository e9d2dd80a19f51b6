#!/usr/bin/env python3
"""Runs the cluster tests, one at a time, as ctest wants them.

    run.py list                          prints every test, as MODULE.CLASS.METHOD, or as MODULE.CLASS where the tests
                                         of a class share what it prepares (setUpClass)
    run.py up | down                     brings the tests' cluster up, removes it
    run.py MODULE[.CLASS[.METHOD]]...    runs them; exit code 77 when all were skipped
"""

import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tools")]

import lab_under_test  # noqa: E402

SKIPPED = 77


def tests_in(suite):
    for each in suite:
        if isinstance(each, unittest.TestSuite):
            yield from tests_in(each)
        else:
            yield each


def name_of(test):
    """As ctest runs it: a process for each test, or for each class where preparing is done once for all of it."""
    shares = any("setUpClass" in vars(each) for each in type(test).__mro__ if each is not unittest.TestCase)
    return test.id().rpartition(".")[0] if shares else test.id()


def main(arguments, folder=HERE, kind=("--nodes", "3", "--family", "dual"), shared=()):
    """Of the tests in `folder`, and those named in `shared`, in a lab of this kind."""
    loader = unittest.defaultTestLoader
    if arguments == ["list"]:
        found = [loader.discover(str(folder), pattern="test_*.py"), loader.loadTestsFromNames(shared)]
        print("\n".join(sorted({name_of(test) for test in tests_in(found)})))
        return 1 if loader.errors else 0
    if arguments == ["up"]:
        lab_under_test.lab("down")
        lab_under_test.lab("up", *kind)
        return 0
    if arguments == ["down"]:
        lab_under_test.lab("down")
        return 0
    result = unittest.TextTestRunner(verbosity=2).run(loader.loadTestsFromNames(arguments))
    if not result.wasSuccessful() or result.testsRun == 0:
        return 1
    return SKIPPED if len(result.skipped) == result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
