"""The Kubernetes client for Python, row by row. Usage: python_rows.py KUBECONFIG [WORD]
Each row is a function that is named as what it shows; rows are independent of each other. WORD: only rows with it in their name."""

import sys
import traceback

import python_objects  # noqa: F401 (its rows)
import python_wire  # noqa: F401
from python_world import ROWS, set_up, tear_down

passed, failed = 0, 0
set_up()
for function in ROWS:
    name = function.__name__.replace("_", " ")
    if len(sys.argv) > 2 and sys.argv[2] not in name:
        continue
    try:
        function()
        passed += 1
        print(f"ok    {name}", flush=True)
    except Exception:  # whatever a row meets is that row's failure
        failed += 1
        print(f"FAIL  {name}\n" + "".join(f"      | {line}\n" for line in traceback.format_exc(limit=-3).splitlines()[-12:]), end="", flush=True)
tear_down()
print(f"{passed} rows as they should be, {failed} not")
sys.exit(1 if failed else 0)
