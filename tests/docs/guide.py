"""Runs every ```sh block of a page of docs/, in order and in one shell, as a reader would. Usage: guide.py docs/PAGE.md"""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "e2e"))
from support import ROOT, expect, kill, processes_of, remove, scratch  # noqa: E402

page = sys.argv[1]
with open(os.path.join(ROOT, page), encoding="utf-8") as file:
    blocks = re.findall(r"^```sh\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)
expect(blocks, f"{page} has commands to run")

directory = scratch()
script = "set -euo pipefail\n" + "".join(
    f"echo '== block {i + 1}'\nset -x\n{block}{{ set +x; }} 2>/dev/null\n" for i, block in enumerate(blocks)
)
environment = {**os.environ, "HOME": directory, "XDG_DATA_HOME": os.path.join(directory, "data"), "GIT_CONFIG_NOSYSTEM": "1"}
try:
    # The reader stands in a clone; what the page makes there is made in a scratch directory.
    clone = os.path.join(directory, "clone")
    os.makedirs(os.path.join(clone, "build"))
    os.symlink(os.path.join(ROOT, "build/release"), os.path.join(clone, "build/release"))
    os.symlink(os.path.join(ROOT, "build/python"), os.path.join(clone, "build/python"))
    done = subprocess.run(["bash", "-c", script], cwd=clone, env=environment, timeout=600)
    expect(done.returncode == 0, f"every command of {page} works (exit code {done.returncode})")
    left = processes_of(directory)
    expect(not left, f"`slipway down` leaves no process: {left}")
finally:
    for pid in processes_of(directory):
        kill(pid)
    remove(directory)
