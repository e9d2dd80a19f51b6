"""Manifests as the agent understands them: read and checked by ovs-cnictl, which shares the agent's reader."""

import json
import subprocess
from pathlib import Path

from .errors import LabError
from .layout import program


def read(paths):
    """The objects of these files and folders, in order, each as {"file", "line", "object"}."""
    for path in paths:
        if not Path(path).exists():
            raise LabError(f"{path}: no such file or folder")
    return _run([str(path) for path in paths], None)


def check(manifest):
    """Refuses an object that the agents would refuse."""
    _run(["-"], json.dumps(manifest))


def _run(arguments, text):
    result = subprocess.run(
        [program("ovs-cnictl"), "manifests"] + arguments, input=text, capture_output=True, text=True
    )
    if result.returncode != 0:
        raise LabError(result.stderr.strip() or f"ovs-cnictl manifests ended with exit code {result.returncode}")
    return json.loads(result.stdout)
