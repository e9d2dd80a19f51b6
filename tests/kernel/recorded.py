#!/usr/bin/env python3
"""Results of tests that ran in another process, on another kernel: one file for each test.

    tests/kernel/run ──► recorded.py run ──► FOLDER/TEST.json ──► recorded.py show ──► ctest

    recorded.py run FOLDER NAME...     runs these tests and records each of them
    recorded.py show FOLDER TEST       prints what became of one test

Exit code of `show`: 0 passed, 77 skipped, 1 failed or without a result.
"""

import json
import sys
import time
import unittest
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SKIPPED = 77


@dataclass(frozen=True)
class Result:
    test: str  # MODULE.CLASS.METHOD; "setUpClass (MODULE.CLASS)" when that failed or skipped the class
    outcome: str  # "passed", "skipped", "failed"
    seconds: float
    text: str  # why it failed or was skipped


def write(folder: Path, result: Result) -> None:
    (folder / f"{result.test}.json").write_text(json.dumps(asdict(result)))


def read(folder: Path) -> Iterator[Result]:
    for path in sorted(folder.glob("*.json")):
        yield Result(**json.loads(path.read_text()))


class Recorder(unittest.TextTestResult):
    """Prints what becomes of each test, and records it as soon as that is known."""

    folder: Path  # set before it runs: the runner makes an instance by itself

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.began = time.monotonic()
        self.complaints: list[str] = []
        self.reasons: list[str] = []

    def startTest(self, test: unittest.TestCase) -> None:
        self.began, self.complaints, self.reasons = time.monotonic(), [], []
        super().startTest(test)

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        outcome = "failed" if self.complaints else "skipped" if self.reasons else "passed"
        text = "\n".join(self.complaints or self.reasons)
        write(self.folder, Result(test.id(), outcome, time.monotonic() - self.began, text))

    def complain(self, test: Any, error: Any) -> None:
        self.complaints.append(self._exc_info_to_string(error, test))  # type: ignore[attr-defined]
        if not isinstance(test, unittest.TestCase):  # preparing a class or module failed, no test starts
            write(self.folder, Result(test.id(), "failed", 0.0, self.complaints[-1]))

    def addError(self, test: Any, err: Any) -> None:
        self.complain(test, err)
        super().addError(test, err)

    def addFailure(self, test: Any, err: Any) -> None:
        self.complain(test, err)
        super().addFailure(test, err)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        if err is not None:
            self.complain(test, err)
        super().addSubTest(test, subtest, err)

    def addUnexpectedSuccess(self, test: Any) -> None:
        self.complaints.append("passed, which it should not")
        super().addUnexpectedSuccess(test)

    def addSkip(self, test: Any, reason: str) -> None:
        self.reasons.append(reason)
        if not isinstance(test, unittest.TestCase):
            write(self.folder, Result(test.id(), "skipped", 0.0, reason))
        super().addSkip(test, reason)


def run(folder: Path, names: list[str]) -> int:
    Recorder.folder = folder
    runner = unittest.TextTestRunner(verbosity=2, resultclass=Recorder)
    done = runner.run(unittest.defaultTestLoader.loadTestsFromNames(names))
    return 0 if done.wasSuccessful() and done.testsRun > 0 else 1


def result_of(folder: Path, test: str) -> Result:
    """The test's own result, or why its class or module could not be prepared or tidied up. A failure
    where there is neither."""
    found = {each.test: each for each in read(folder)}
    whole = test.rpartition(".")[0]
    module = whole.rpartition(".")[0]
    ends = [f"tearDownClass ({whole})", f"tearDownModule ({module})"]
    own_failed = test in found and found[test].outcome == "failed"
    starts = [test, f"setUpClass ({whole})", f"setUpModule ({module})"]
    for name in starts if own_failed else ends + starts:
        if name in found:
            return found[name]
    reason = f"no result in {folder}: the run ended before this test; see the output of kernel.run"
    return Result(test, "failed", 0.0, reason)


def show(folder: Path, test: str) -> int:
    result = result_of(folder, test)
    print(f"{result.test}: {result.outcome} after {result.seconds:.1f} s on the kernel's datapath")
    if result.text:
        print(result.text)
    return {"passed": 0, "skipped": SKIPPED}.get(result.outcome, 1)


def main(arguments: list[str]) -> int:
    if len(arguments) >= 3 and arguments[0] == "run":
        return run(Path(arguments[1]), arguments[2:])
    if len(arguments) == 3 and arguments[0] == "show":
        return show(Path(arguments[1]), arguments[2])
    print("usage: recorded.py run FOLDER NAME... | show FOLDER TEST", file=sys.stderr)
    return 2


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    sys.dont_write_bytecode = True
    sys.path[:0] = [str(here), str(here.parent / "cluster"), str(here.parents[1] / "tools")]
    sys.exit(main(sys.argv[1:]))
