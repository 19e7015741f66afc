"""`slipway demo` whose objects are in a real cluster. Usage: demo.py CLUSTER_DIRECTORY (made by tests/cluster/up)"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
from support import expect, processes_of, remove, run, scratch  # noqa: E402

directory = scratch()
profile = os.path.join(directory, "profile.yaml")
with open(profile, "w", encoding="utf-8") as file:
    file.write(f"engines: {{platform: kubernetes}}\ncluster: {{kubeconfig: {os.path.abspath(sys.argv[1])}/kubeconfig, workloads: slipway}}\n")
try:
    done = run("demo", "--runtime", "sim", "--stop", "--profile", profile, check=False, env={**os.environ, "TMPDIR": directory})
    print(done.stdout[-3000:], done.stderr[-2000:])
    expect(done.returncode == 0, f"the demo ends well, not with {done.returncode}")
    expect(not processes_of(directory), f"no process left behind, not {processes_of(directory)}")
finally:
    remove(directory)
