#pragma once
// The shim: a tiny parent that holds one container's program, its log and its exit code, so that a control plane
// killed at any instant loses nothing. It talks to nobody: it reads start.json and leaves started.json, exit.json and
// the log in its directory (pods/shim/record.hpp).

namespace slipway::pods {

// The verb `slipway shim --dir DIR/pods/<uid>/<container>.<attempt>`. Call it first thing in main(), before anything
// that allocates: it stays for as long as the container runs. Returns the process's exit status: 0 when an exit
// record stands (or the attempt was started by another), 75 when another shim holds the directory.
//
// It starts the program at most once a directory, whatever is killed when: the shim holds a lock for its lifetime;
// it forks a child that waits at a gate, makes started.json durable, and only then opens the gate for exec. A shim
// that dies before leaves a child that sees the gate close and ends without having run anything.
// SIGTERM, SIGINT and SIGHUP are passed on to the program's process group.
int shim_main(int argc, char** argv);

}  // namespace slipway::pods
