"""PyTorch without autograd: hand-written gradients and updates in place."""

import torch

from protocol import mean_loss, serve


class Manual:
    version = f"torch {torch.__version__}"

    def __init__(self, task):
        torch.set_num_threads(task.threads)
        torch.set_grad_enabled(False)
        self.task = task
        self.x, self.y = torch.from_numpy(task.x), torch.from_numpy(task.y).long()
        # [in, out]
        self.w = [torch.from_numpy(layer.weight.T.copy()) for layer in task.layers]
        self.b = [torch.from_numpy(layer.bias.copy()) for layer in task.layers]
        self.moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in self.w + self.b] if task.optimizer == "adam" else []
        self.updates = 0

    def forward(self, x):
        outputs = []
        for i, (w, b) in enumerate(zip(self.w, self.b)):
            x = torch.addmm(b, x, w)
            if i < len(self.w) - 1:
                x.relu_()
            outputs.append(x)
        return outputs

    def train(self, steps):
        done = 0
        last = len(self.w) - 1
        for start, end in self.task.batches(steps):
            rows = end - start
            x, y = self.x[start:end], self.y[start:end]
            outputs = self.forward(x)
            dz = torch.softmax(outputs[last], dim=1)
            dz[torch.arange(rows), y] -= 1
            dz.mul_(1 / rows)
            dw, db = [None] * len(self.w), [None] * len(self.w)
            for i in range(last, -1, -1):
                below = outputs[i - 1] if i > 0 else x
                dw[i], db[i] = below.t().mm(dz), dz.sum(dim=0)
                if i > 0:
                    dz = dz.mm(self.w[i].t()).mul_(below > 0)
            self.update(dw + db)
            done += rows
        return done

    def update(self, gradients):
        parameters = self.w + self.b
        if not self.moments:
            for p, g in zip(parameters, gradients):
                p.add_(g, alpha=-self.task.lr)
            return
        self.updates += 1
        t = self.updates
        for p, g, (m, v) in zip(parameters, gradients, self.moments):
            m.mul_(0.9).add_(g, alpha=0.1)
            v.mul_(0.999).addcmul_(g, g, value=0.001)
            root = v.sqrt().div_((1 - 0.999**t) ** 0.5).add_(1e-8)
            p.addcdiv_(m, root, value=-self.task.lr / (1 - 0.9**t))

    def loss(self):
        return mean_loss(self.forward(self.x)[-1].numpy(), self.task.y)


serve(Manual)
