"""What every Python peer shares: requests as JSON lines on stdin, answers as JSON lines on stdout.

    {"directory": ..., "sizes": [784, 128, 10], "batch": 64, "optimizer": {"type": "sgd", "lr": 0.01}, "threads": 1}   the first line
    {"do": "train", "steps": 100}  ->  {"seconds": 0.05, "rows": 6400}
    {"do": "loss"}                 ->  {"loss": 2.3}        mean over all rows
    {"do": "peak"}                 ->  {"bytes": 234000000}

The directory holds features.f32 [N, D], labels.i32 [N] and init.f32: weight [out, in] and bias [out] of each layer in turn.
"""

import json
import os
import re
import resource
import sys
import time

import numpy as np


class Task:
    """The work as the first line tells it: data, initial weights, batches in the file's order."""

    def __init__(self, setup):
        self.sizes = setup["sizes"]
        self.optimizer = setup["optimizer"]["type"]
        self.lr = setup["optimizer"]["lr"]
        self.threads = setup["threads"]
        self.directory = setup["directory"]
        read = lambda name, kind: np.fromfile(os.path.join(self.directory, name), dtype=kind)
        self.x = read("features.f32", "<f4").reshape(-1, self.sizes[0])
        self.y = read("labels.i32", "<i4")
        self.rows = len(self.x)
        self.batch = min(setup["batch"], self.rows)
        self.layers = []
        values, at = read("init.f32", "<f4"), 0
        for fan_in, fan_out in zip(self.sizes, self.sizes[1:]):
            weight = values[at : at + fan_in * fan_out].reshape(fan_out, fan_in)
            at += weight.size
            self.layers.append((weight, values[at : at + fan_out]))
            at += fan_out
        self.step = 0

    def batches(self, steps):
        """The rows [start, end) of each of the next steps; the last batch of an epoch may be smaller."""
        a_epoch = -(-self.rows // self.batch)
        for _ in range(steps):
            start = (self.step % a_epoch) * self.batch
            self.step += 1
            yield start, min(start + self.batch, self.rows)


def mean_loss(logits, labels):
    """Softmax cross-entropy in f64, mean over the rows."""
    z = logits.astype(np.float64)
    z -= z.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), labels]))


def loaded_blas():
    """The BLAS libraries in this process, by their file names."""
    try:
        with open("/proc/self/maps", encoding="utf8") as maps:
            paths = set(re.findall(r"/\S*(?:openblas|mkl_rt|blis)\S*\.so\S*", maps.read()))
    except OSError:
        return ""
    return ", ".join(sorted({"/".join(path.split("/")[-2:]) for path in paths if "lapack" not in path and not path.endswith("libblas.so.3")}))


def answer(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def serve(make):
    """Answers requests until stdin ends. `make(task)` returns a program with `version`, `train(steps)`, `loss()`; `peak()` if it has more processes."""
    program = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if program is None:
                program = make(Task(request))
                program.loss()  # the BLAS is loaded by its first use
                answer({"ready": True, "version": program.version, "blas": loaded_blas()})
            elif request["do"] == "train":
                started = time.perf_counter()
                rows = program.train(request["steps"])
                answer({"seconds": time.perf_counter() - started, "rows": rows})
            elif request["do"] == "loss":
                answer({"loss": program.loss()})
            else:
                peak = getattr(program, "peak", None)
                answer({"bytes": peak() if peak else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024})
        except Exception as error:  # the driver tells its user
            answer({"error": f"{type(error).__name__}: {error}"})
