"""A person at a terminal: kubectl on a real pty, typed to when it has said what is waited for."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

PATIENCE = 30


def size(rows, columns):
    """An act: the window gets another size."""

    def act(pid, fd):
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(pid, signal.SIGWINCH)

    return act


def converse(argv, env, cwd, script, rows=30, columns=100):
    """Runs argv; SCRIPT is (text, act) in turn: once the output after the last act holds the text, the act is typed, or called.
    Returns what was said, and the exit code; a conversation that stands still is killed, and its code is None."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.execve(argv[0], argv, env)
    size(rows, columns)(pid, fd)
    said, heard, script = b"", 0, list(script)
    deadline = time.monotonic() + PATIENCE
    stands_still = False
    while not stands_still:
        if select.select([fd], [], [], 0.1)[0]:
            try:
                part = os.read(fd, 65536)
            except OSError:
                part = b""
            if not part:
                break
            said += part
        if script and script[0][0].encode() in said[heard:]:
            act = script.pop(0)[1]
            heard = len(said)
            act(pid, fd) if callable(act) else os.write(fd, act.encode())
        stands_still = time.monotonic() > deadline
    if stands_still:
        os.kill(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    os.close(fd)
    return said.decode(errors="replace"), None if stands_still else os.waitstatus_to_exitcode(status)
