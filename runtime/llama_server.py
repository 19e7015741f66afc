"""llama.cpp's own HTTP server, from the xllamacpp wheel, behind llama-server's command line.

Slipway starts this when no `llama-server` is on PATH. Only the flags Slipway uses are known; an unknown one is an
error, so that a difference between the two shows at once.
"""

import argparse
import os
import signal
import sys

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # spinning threads starve a small machine


def parse(argv):
    parser = argparse.ArgumentParser(prog="llama_server.py", description=__doc__)
    parser.add_argument("-m", "--model", required=True, help="GGUF weights")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("-t", "--threads", type=int, default=1)
    parser.add_argument("-tb", "--threads-batch", type=int, default=1)
    parser.add_argument("-np", "--parallel", type=int, default=1, help="requests at once")
    parser.add_argument("-c", "--ctx-size", type=int, default=2048, help="context in tokens, shared by all slots")
    parser.add_argument("--alias", default="", help="the model name that clients see")
    parser.add_argument("--metrics", action="store_true")
    parser.add_argument("--slots", action="store_true")
    parser.add_argument("--cache-ram", type=int, default=0)
    parser.add_argument("--offline", action="store_true")
    parser.add_argument("--no-ui", action="store_true")
    return parser.parse_args(argv)


def main():
    options = parse(sys.argv[1:])
    if not os.path.exists(options.model):
        sys.exit(f"llama_server.py: no weights at {options.model}")
    try:
        import xllamacpp
    except ImportError:
        sys.exit("llama_server.py: the Python package xllamacpp is missing; ./quickstart installs it")

    params = xllamacpp.CommonParams()
    params.model.path = options.model
    params.hostnames = [options.host]
    params.port = options.port
    params.n_parallel = options.parallel
    params.n_ctx = options.ctx_size
    params.cpuparams.n_threads = options.threads
    params.cpuparams_batch.n_threads = options.threads_batch
    params.endpoint_metrics = options.metrics
    params.endpoint_slots = options.slots
    params.endpoint_props = False
    params.cache_ram_mib = options.cache_ram
    params.fit_params = False
    params.n_gpu_layers = 0
    if options.alias:
        params.model_alias = {options.alias}

    # The server's threads must not take the signals this one waits for.
    stop = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    server = xllamacpp.Server(params)
    print(f"listening on {server.listening_address}", flush=True)
    signal.sigwait(stop)
    os._exit(0)  # no Python teardown while native threads run


if __name__ == "__main__":
    main()
