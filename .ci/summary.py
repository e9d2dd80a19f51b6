#!/usr/bin/env python3
"""A line for each lane of .ci/run, from what its steps left in a folder.

    steps          NAME EXIT-CODE SECONDS, a line for each of lint, asan, release
    asan.xml       ctest's JUnit of the unit tests under address sanitizer
    release.xml    ctest's JUnit of all tests; a test's label in build/release names its lane

Exit code: 0 when every step succeeded and no test failed.
"""

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

LANE_OF_LABEL = {
    "unit": "unit+switch",
    "switch": "unit+switch",
    "cluster": "cluster",
    "kernel": "kernel",
    "image": "image",
    "kubernetes": "kubernetes",
}


@dataclass
class Lane:
    ran: int = 0
    skipped: int = 0
    seconds: float = 0.0
    failed: list[str] = field(default_factory=list)

    def add(self, case: ElementTree.Element) -> None:
        self.seconds += float(case.get("time", "0"))
        skip = case.find("skipped")
        # A test whose set-up failed was not run either, and that is no skip.
        if skip is not None and skip.get("message", "").startswith("SKIP_"):
            self.skipped += 1
            return
        self.ran += 1
        if case.get("status") != "run":
            self.failed.append(case.get("name", ""))

    def text(self) -> str:
        if self.ran + self.skipped == 0:
            return "left out: no tests, as was said above"
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        failed = f", {len(self.failed)} FAILED" if self.failed else ""
        return f"{self.ran} tests{skipped}{failed}, {self.seconds:.0f} s"


def cases(junit: Path) -> list[ElementTree.Element]:
    return list(ElementTree.parse(junit).getroot().iter("testcase")) if junit.exists() else []


def labels(preset: str) -> dict[str, str]:
    """The first label of each test."""
    command = ["ctest", "--test-dir", f"build/{preset}", "--show-only=json-v1"]
    shown = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {
        test["name"]: each["value"][0]
        for test in shown["tests"]
        for each in test.get("properties", [])
        if each["name"] == "LABELS"
    }


def main(folder: Path) -> int:
    steps = {}
    for line in (folder / "steps").read_text().splitlines():
        name, code, seconds = line.split()
        steps[name] = (int(code), int(seconds))

    lanes = {"asan unit": Lane()} | {name: Lane() for name in LANE_OF_LABEL.values()}
    asan, release = cases(folder / "asan.xml"), cases(folder / "release.xml")
    for case in asan:
        lanes["asan unit"].add(case)
    label_of = labels("release") if release else {}
    others: dict[str, Lane] = defaultdict(Lane)
    for case in release:
        label = label_of.get(case.get("name", ""), "none")
        lane = lanes[LANE_OF_LABEL[label]] if label in LANE_OF_LABEL else others[f"label {label}"]
        lane.add(case)
    lanes |= others

    print("\n.ci/run, lane by lane:")
    print(f"  {'lint':13} {'passed' if steps['lint'][0] == 0 else 'FAILED'}, {steps['lint'][1]} s")
    for name, lane in lanes.items():
        print(f"  {name:13} {lane.text()}")
    for name, found in ("asan", asan), ("release", release):
        exit_code, took = steps[name]
        building = max(0.0, took - sum(float(case.get("time", "0")) for case in found))
        state = "" if found else ", FAILED before any test ran" if exit_code else ", ran no tests"
        print(f"  {'build ' + name:13} {building:.0f} s{state}")
    for name, lane in lanes.items():
        for test in lane.failed:
            print(f"  FAILED in {name}: {test}")
    bad = any(code for code, _ in steps.values()) or any(lane.failed for lane in lanes.values())
    print(f".ci/run: {'FAILED' if bad else 'passed'} after {sum(seconds for _, seconds in steps.values())} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
