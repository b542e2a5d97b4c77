"""PyTorch DistributedDataParallel over gloo: as many processes as asked for, one thread each, on this machine only.

The process that was started is rank 0; it starts the others, which read the same requests from their own stdin.
"""

import json
import os
import subprocess
import sys

import torch
from torch import distributed
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel

from protocol import Task, mean_loss, serve
from torch_eager import build, logits_of, optimizer_for


class Rank:
    def __init__(self, task, rank, world, meeting):
        os.environ["GLOO_SOCKET_IFNAME"] = "lo"
        torch.set_num_threads(1)
        distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=world)
        self.task, self.rank, self.world = task, rank, world
        self.x, self.y = torch.from_numpy(task.x), torch.from_numpy(task.y).long()
        self.model = DistributedDataParallel(build(task))
        self.optimizer = optimizer_for(task, self.model)

    def train(self, steps):
        done = 0
        for start, end in self.task.batches(steps):
            rows = end - start
            a, b = start + rows * self.rank // self.world, start + rows * (self.rank + 1) // self.world
            self.optimizer.zero_grad(set_to_none=True)
            loss = functional.cross_entropy(self.model(self.x[a:b]), self.y[a:b], reduction="sum")
            # DDP averages over the ranks; so this is the mean over the whole batch, whatever the shares.
            (loss * (self.world / rows)).backward()
            self.optimizer.step()
            done += rows
        return done


class Ddp:
    version = f"torch {torch.__version__}"

    def __init__(self, task):
        world = task.threads
        meeting = os.path.join(task.directory, f"ddp-{os.getpid()}")
        self.others = [
            subprocess.Popen([sys.executable, __file__, str(rank), str(world), meeting], stdin=subprocess.PIPE, text=True)
            for rank in range(1, world)
        ]
        self.tell(task.setup)
        self.rank = Rank(task, 0, world, meeting)

    def tell(self, message):
        for other in self.others:
            other.stdin.write(json.dumps(message) + "\n")
            other.stdin.flush()

    def train(self, steps):
        self.tell({"steps": steps})
        return self.rank.train(steps)

    def loss(self):
        return mean_loss(logits_of(self.rank.model.module, self.rank.x), self.rank.task.y)

    def peak(self):
        return sum(peak_of(pid) for pid in [os.getpid(), *(other.pid for other in self.others)])


def peak_of(pid):
    with open(f"/proc/{pid}/status", encoding="utf8") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def follow(rank, world, meeting):
    """A rank other than 0: does what rank 0 does, until its stdin ends."""
    program = Rank(Task(json.loads(sys.stdin.readline())), rank, world, meeting)
    for line in sys.stdin:
        program.train(json.loads(line)["steps"])
    # The others may be gone already, and a goodbye would wait for them.
    os._exit(0)


if len(sys.argv) > 1:
    follow(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
else:
    serve(Ddp)
    os._exit(0)
