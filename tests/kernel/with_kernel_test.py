#!/usr/bin/env python3
"""tools/with-kernel from outside: what a command sees, what it leaves behind, errors in its use."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
NOBODY = "65534"
DEADLINE_SECONDS = 60.0


def built_kernel() -> Path:
    command = [str(CHECKOUT / "tools" / "setup-kernel"), "--print"]
    return Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())


def processes_with(word: str) -> list[int]:
    """Processes that have this word among their arguments."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if word in line:
            found.append(int(path.parent.name))
    return sorted(found)


class WithKernel(unittest.TestCase):
    def setUp(self) -> None:
        """A checkout and a cache, both in /tmp, with what with-kernel needs."""
        self.checkout = Path(tempfile.mkdtemp(prefix="with-kernel-test.", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.checkout)
        self.checkout.chmod(0o755)
        (self.checkout / "tools").mkdir()
        for name in ("with-kernel", "setup-kernel", "setup", "kernel.config"):
            shutil.copy(CHECKOUT / "tools" / name, self.checkout / "tools" / name)
        self.program = str(self.checkout / "tools" / "with-kernel")
        self.cache = self.checkout / "cache"
        self.cache.mkdir()
        self.kernel = self.cache / built_kernel().name
        self.kernel.symlink_to(built_kernel())
        self.environment = os.environ | {"OVS_CNI_CACHE": str(self.cache)}

    def run_program(self, *command: str, through: tuple[str, ...] = ()) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*through, self.program, *command],
            cwd=self.checkout,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=DEADLINE_SECONDS,
        )

    def end(self, started: "subprocess.Popen[str]") -> None:
        """Ends a run, or its kernel, that a failed test left. The kernel ends its processes itself."""
        if started.poll() is None:
            started.terminate()
        for left in processes_with(str(self.kernel))[:1]:
            os.kill(left, signal.SIGTERM)
        started.communicate(timeout=DEADLINE_SECONDS)

    def assert_nothing_is_left(self) -> None:
        self.assertEqual(list(self.cache.glob("with-kernel.*")), [])
        self.assertEqual(processes_with(str(self.checkout)), [])

    def test_a_checkout_in_tmp_is_seen_and_written_to_while_the_rest_of_tmp_is_the_runs_own(self) -> None:
        with tempfile.NamedTemporaryFile(dir="/tmp") as other:
            script = f"echo from the kernel >written; touch /tmp/of-the-run; ls {other.name} {self.checkout} /tmp; exit 7"
            done = self.run_program("sh", "-c", script)
        self.assertEqual(done.returncode, 7, done.stdout + done.stderr)
        self.assertEqual((self.checkout / "written").read_text(), "from the kernel\n")
        self.assertIn("of-the-run", done.stdout)
        self.assertIn("tools", done.stdout)
        self.assertIn(f"cannot access '{other.name}'", done.stdout + done.stderr)
        self.assertFalse(Path("/tmp/of-the-run").exists())
        self.assert_nothing_is_left()

    def ended_by(self, number: signal.Signals, whole_group: bool) -> "tuple[int, list[str]]":
        """Exit code and last words of a run that gets the signal while its command runs."""
        word = f"sleep-of-{self.checkout.name}"
        (self.checkout / word).write_text("#!/bin/sh\necho it runs\nexec sleep 1000\n")
        (self.checkout / word).chmod(0o755)
        started = subprocess.Popen(
            [self.program, f"./{word}"],
            cwd=self.checkout,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.addCleanup(self.end, started)
        assert started.stdout is not None
        self.assertIn("it runs\n", iter(started.stdout.readline, ""))
        self.assertNotEqual(processes_with(str(self.kernel)), [], "what must be gone afterwards is there")
        os.killpg(started.pid, number) if whole_group else os.kill(started.pid, number)
        said = started.communicate(timeout=DEADLINE_SECONDS)[0].splitlines()
        return started.returncode, said

    def test_control_c_ends_the_kernel_with_one_line_and_leaves_nothing(self) -> None:
        code, said = self.ended_by(signal.SIGINT, whole_group=True)
        self.assertEqual(said, ["tools/with-kernel: ended by a signal, and with it the kernel and all that ran on it"])
        self.assertEqual(code, 130)
        self.assert_nothing_is_left()

    def test_when_it_is_killed_its_kernel_ends_and_the_next_run_tidies_up(self) -> None:
        code, _ = self.ended_by(signal.SIGKILL, whole_group=False)
        self.assertEqual(code, -signal.SIGKILL)
        deadline = time.monotonic() + DEADLINE_SECONDS
        while processes_with(str(self.checkout)) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(processes_with(str(self.checkout)), [])
        self.assertEqual(self.run_program("true").returncode, 0)
        self.assert_nothing_is_left()

    def test_a_command_that_does_not_exist_is_named_before_a_kernel_boots(self) -> None:
        done = self.run_program("tools/lba", "up")
        self.assertEqual(done.returncode, 127)
        self.assertEqual(done.stderr, "tools/with-kernel: tools/lba: no such command, or not executable\n")
        self.assert_nothing_is_left()

    def test_without_root_it_says_so(self) -> None:
        done = self.run_program("true", through=("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"))
        self.assertEqual((done.returncode, done.stdout, done.stderr), (1, "", "tools/with-kernel: needs root\n"))

    def test_without_a_command_it_says_how_to_use_it(self) -> None:
        done = self.run_program()
        self.assertEqual((done.returncode, done.stderr), (2, "usage: tools/with-kernel COMMAND [ARGUMENT...]\n"))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
