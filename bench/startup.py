"""How long `slipway up` takes to serve and what it weighs idle, against the floor of this machine in the same run: starting the same
binary to print its version, and starting a bare Prometheus. Usage: bench/startup.py [--runs N]
"""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tests", "e2e"))
from support import SLIPWAY, endpoints, get, processes_of, remove, resident_kib, run, scratch, wait_until  # noqa: E402


def median(values):
    return sorted(values)[len(values) // 2]


def start_once():
    directory = scratch()
    data = os.path.join(directory, "data")
    try:
        began = time.monotonic()
        platform = subprocess.Popen([SLIPWAY, "up", "--data", data, "--runtime", "sim"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while True:
            try:
                get(endpoints(data)["api"] + "/api/slipway/v1/status", timeout=1)
                break
            except (OSError, ValueError):
                time.sleep(0.002)
        serving = time.monotonic() - began
        wait_until("all parts", lambda: get(endpoints(data)["api"] + "/api/slipway/v1/status").count('"Running"') == 3)
        all_parts = time.monotonic() - began
        time.sleep(2)
        control = resident_kib(platform.pid)
        total = sum(resident_kib(pid) for pid in processes_of(data))
        run("down", "--data", data)
        platform.wait(20)
        return serving, all_parts, control, total
    finally:
        remove(directory)


def version_once():
    began = time.monotonic()
    subprocess.run([SLIPWAY, "--version"], stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - began


runs = int(sys.argv[sys.argv.index("--runs") + 1]) if "--runs" in sys.argv else 5
rows = [start_once() for _ in range(runs)]
floor = median([version_once() for _ in range(runs)])
serving, all_parts, control, total = (median(column) for column in zip(*rows))
print(f"process start (floor)          {floor * 1000:7.1f} ms")
print(f"control plane serves after     {serving * 1000:7.1f} ms   {serving / floor:5.1f} x the floor   (bound: 200 ms)")
print(f"all parts run after            {all_parts * 1000:7.1f} ms")
print(f"control plane, idle            {control / 1024:7.1f} MiB  {control / 1024 / 40:5.2f} of its bound of 40")
print(f"whole idle platform            {total / 1024:7.1f} MiB  {total / 1024 / 150:5.2f} of its bound of 150")
