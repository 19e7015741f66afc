"""Through a Service against straight to its endpoint, in the same run: questions and answers a second on open connections, connections a second,
bytes a second. What answers and asks is the same for both, and plain: a socket that echoes. Usage: bench/services.py [--seconds N]
"""

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "e2e"))
from support import SLIPWAY, remove, resident_kib, scratch, wait_until  # noqa: E402

QUESTION = b"q" * 200
STREAM = b"s" * (1 << 20)


def own_host():
    return f"127.252.{random.randint(1, 254)}.{random.randint(1, 254)}"


def serve(listener):
    """Echoes; who says "s" first gets bytes until he goes."""

    def answer(client):
        with client:
            try:
                while text := client.recv(1 << 16):
                    if text[:1] == b"s":
                        while True:
                            client.sendall(STREAM)
                    client.sendall(text)
            except OSError:
                pass

    while True:
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=answer, args=(client,), daemon=True).start()


def in_child(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    return pid


def receive(connection, size):
    while size > 0:
        size -= len(connection.recv(size))


def questions(to, seconds):
    connection = socket.create_connection(to)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    count, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        connection.sendall(QUESTION)
        receive(connection, len(QUESTION))
        count += 1
    return count / seconds


def connections(to, seconds):
    count, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.create_connection(to) as connection:
            connection.sendall(QUESTION)
            receive(connection, len(QUESTION))
        count += 1
    return count / seconds


def stream(to, seconds):
    connection = socket.create_connection(to)
    connection.sendall(b"s")
    buffer, count, end = bytearray(1 << 20), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        count += connection.recv_into(buffer)
    return count / seconds / (1 << 20)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=3)
    options = parser.parse_args()
    directory, host = scratch(), own_host()
    listener = socket.create_server((host, 0), backlog=4096)
    direct, through, health = listener.getsockname(), (own_host(), 8080), own_host() + ":10256"
    server = in_child(lambda: serve(listener))
    rules = os.path.join(directory, "rules.json")
    with open(rules, "w", encoding="utf-8") as file:
        rule = {"name": "bench/echo", "protocol": "TCP", "listen": [f"{through[0]}:{through[1]}"], "endpoints": [f"{direct[0]}:{direct[1]}"]}
        json.dump({"rules": [rule]}, file)
    proxy = subprocess.Popen([SLIPWAY, "service-proxy", "--rules", rules, "--health", health], stderr=subprocess.DEVNULL)
    try:
        wait_until("the proxy serves", lambda: socket.create_connection(through, timeout=1))
        rows = [("questions a second, one connection", questions), ("connections a second", connections), ("MiB a second, one connection", stream)]
        for name, measure in rows:
            floor = measure(direct, options.seconds)
            got = measure(through, options.seconds)
            print(f"{name:36} {got:10.0f}   {got / floor:5.2f} of straight ({floor:.0f})")
        idle = [socket.create_connection(through) for _ in range(400)]
        print(f"{'proxy with ' + str(len(idle)) + ' idle connections':36} {resident_kib(proxy.pid) / 1024:10.1f} MiB")
    finally:
        proxy.terminate()
        proxy.wait()
        os.kill(server, 9)
        os.waitpid(server, 0)
        remove(directory)


main()
