"""PyTorch as its tutorials write it: nn.Sequential, autograd, torch.optim."""

import torch
from torch import nn
from torch.nn import functional

from protocol import mean_loss, serve

ROWS_AT_A_TIME = 250


def build(task):
    """The network with the task's initial weights."""
    parts = []
    is_flat = len(task.shape) == 1
    for i, layer in enumerate(task.layers):
        if layer.type == "max_pool2d":
            parts.append(nn.MaxPool2d(layer.kernel))
            continue
        if layer.type == "dense" and not is_flat:
            parts.append(nn.Flatten())
            is_flat = True
        outputs, inputs = layer.weight.shape[:2]
        module = nn.Linear(inputs, outputs) if layer.type == "dense" else nn.Conv2d(inputs, outputs, layer.kernel)
        with torch.no_grad():
            module.weight.copy_(torch.from_numpy(layer.weight))
            module.bias.copy_(torch.from_numpy(layer.bias))
        parts += [module, nn.ReLU()] if i < len(task.layers) - 1 else [module]
    return nn.Sequential(*parts)


def logits_of(model, x):
    """Some rows at a time: what convolutions make of all of them would be most of the memory that is measured."""
    with torch.no_grad():
        return torch.cat([model(rows) for rows in x.split(ROWS_AT_A_TIME)]).numpy()


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
        return mean_loss(logits_of(self.model, self.x), self.task.y)


if __name__ == "__main__":
    serve(Eager)
