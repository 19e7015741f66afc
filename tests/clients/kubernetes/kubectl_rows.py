"""kubectl's everyday commands, row by row. Usage: kubectl_rows.py KUBECTL KUBECONFIG [--record] [--only TABLE,...] [--verbose]
--record writes expected/*.txt: do that against kube-apiserver (tests/cluster/up) only."""

import argparse
import sys

import kubectl_change
import kubectl_create
import kubectl_custom
import kubectl_read
from rows import Table

TABLES = {**kubectl_read.TABLES, **kubectl_create.TABLES, **kubectl_change.TABLES, **kubectl_custom.TABLES}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("kubectl")
    arguments.add_argument("kubeconfig")
    arguments.add_argument("--record", action="store_true")
    arguments.add_argument("--only", default=",".join(TABLES))
    arguments.add_argument("--verbose", action="store_true")
    wanted = arguments.parse_args()
    passed, failed, skipped = 0, [], 0
    for name in wanted.only.split(","):
        print(f"-- {name}")
        with Table(name, wanted.kubectl, wanted.kubeconfig, wanted.record, wanted.verbose) as table:
            table.play(TABLES[name])
        passed, skipped = passed + table.passed, skipped + table.skipped
        failed += [f"{name}: {row}" for row in table.failed]
    print("".join(f"failed: {row}\n" for row in failed) + f"{passed} rows as they should be, {len(failed)} not, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
