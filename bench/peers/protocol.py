"""What every Python peer shares: requests as JSON lines on stdin, answers as JSON lines on stdout.

    {"directory": ..., "shape": [784], "layers": [...], "batch": 64, "optimizer": {"type": "sgd", "lr": 0.01}, "threads": 1}   the first line
    {"do": "train", "steps": 100}  ->  {"seconds": 0.05, "rows": 6400}
    {"do": "loss"}                 ->  {"loss": 2.3}        mean over all rows
    {"do": "peak"}                 ->  {"bytes": 234000000}

The shape is a row's: [features], or [channels, height, width]. Layers are {"type": "dense", "units": 10},
{"type": "conv2d", "filters": 6, "kernel": 5} and {"type": "max_pool2d", "kernel": 2}; behind each dense and conv2d but the last is a ReLU.
The directory holds features.f32 [N, ...shape], labels.i32 [N] and init.f32: weight and bias of each layer in turn, as torch has them.
"""

import json
import os
import re
import resource
import sys
import time
from math import prod
from typing import NamedTuple, Optional

import numpy as np


class Layer(NamedTuple):
    type: str
    # [out, in] of a dense layer, [out, in, kernel, kernel] of a convolution; a pool has neither weight nor bias.
    weight: Optional[np.ndarray]
    bias: Optional[np.ndarray]
    kernel: int


class Task:
    """The work as the first line tells it: data, initial weights, batches in the file's order."""

    def __init__(self, setup):
        self.setup = setup
        self.shape = setup["shape"]
        self.optimizer = setup["optimizer"]["type"]
        self.lr = setup["optimizer"]["lr"]
        self.threads = setup["threads"]
        self.directory = setup["directory"]
        read = lambda name, kind: np.fromfile(os.path.join(self.directory, name), dtype=kind)
        self.x = read("features.f32", "<f4").reshape(-1, *self.shape)
        self.y = read("labels.i32", "<i4")
        self.rows = len(self.x)
        self.batch = min(setup["batch"], self.rows)
        self.layers = list(layers_of(setup, read("init.f32", "<f4")))
        self.step = 0

    def batches(self, steps):
        """The rows [start, end) of each of the next steps; the last batch of an epoch may be smaller."""
        a_epoch = -(-self.rows // self.batch)
        for _ in range(steps):
            start = (self.step % a_epoch) * self.batch
            self.step += 1
            yield start, min(start + self.batch, self.rows)


def layers_of(setup, values):
    shape, at = setup["shape"], 0
    for layer in setup["layers"]:
        kernel = layer.get("kernel", 0)
        if layer["type"] == "max_pool2d":
            shape = [shape[0], shape[1] // kernel, shape[2] // kernel]
            yield Layer("max_pool2d", None, None, kernel)
            continue
        if layer["type"] == "conv2d":
            form = [layer["filters"], shape[0], kernel, kernel]
            shape = [layer["filters"], shape[1] - kernel + 1, shape[2] - kernel + 1]
        else:
            form = [layer["units"], prod(shape)]
            shape = [layer["units"]]
        weight, bias = values[at : at + prod(form)].reshape(form), values[at + prod(form) :][: form[0]]
        at += weight.size + bias.size
        yield Layer(layer["type"], weight, bias, kernel)


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
