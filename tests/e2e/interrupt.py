"""Ctrl-C in the middle of a demo stops every process it started, and a second run works."""

import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from support import SLIPWAY, expect, processes_of, remove, scratch, wait_until  # noqa: E402

for seconds in (0.5, 6):
    directory = scratch()
    out = os.path.join(directory, "out")
    with open(out, "w", encoding="utf-8") as file:
        demo = subprocess.Popen([SLIPWAY, "demo", "--runtime", "sim"], stdout=file, stderr=subprocess.STDOUT, env={**os.environ, "TMPDIR": directory})
    wait_until("the platform is starting", lambda: len(processes_of(directory)) >= 1)
    time.sleep(seconds)
    demo.send_signal(signal.SIGINT)
    code = demo.wait(60)
    expect(code == 130, f"exit code 130, not {code}")
    wait_until(f"nothing is left: {processes_of(directory)}", lambda: not processes_of(directory), 20)
    expect(not any(name.startswith("slipway-demo") for name in os.listdir(directory)), "the scratch directory is gone")
    remove(directory)
print("interrupted after 0.5 s and after 6 s: nothing left behind")
