"""PyTorch as its tutorials write it: nn.Sequential, autograd, torch.optim."""

import torch
from torch import nn
from torch.nn import functional

from protocol import mean_loss, serve


def build(task):
    """The network with the task's initial weights, and its optimizer."""
    parts = []
    for i, (weight, bias) in enumerate(task.layers):
        linear = nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weight))
            linear.bias.copy_(torch.from_numpy(bias))
        parts += [linear, nn.ReLU()] if i < len(task.layers) - 1 else [linear]
    return nn.Sequential(*parts)


def optimizer_for(task, model):
    make = torch.optim.Adam if task.optimizer == "adam" else torch.optim.SGD
    return make(model.parameters(), lr=task.lr)


class Eager:
    version = f"torch {torch.__version__}"

    def __init__(self, task):
        torch.set_num_threads(task.threads)
        self.task = task
        self.x, self.y = torch.from_numpy(task.x), torch.from_numpy(task.y).long()
        self.model = build(task)
        self.optimizer = optimizer_for(task, self.model)

    def train(self, steps):
        done = 0
        for start, end in self.task.batches(steps):
            self.optimizer.zero_grad(set_to_none=True)
            functional.cross_entropy(self.model(self.x[start:end]), self.y[start:end]).backward()
            self.optimizer.step()
            done += end - start
        return done

    def loss(self):
        with torch.no_grad():
            return mean_loss(self.model(self.x).numpy(), self.task.y)


if __name__ == "__main__":
    serve(Eager)
