"""numpy, f32, hand-written gradients; buffers are made once."""

import numpy as np

from protocol import mean_loss, serve


class Numpy:
    version = f"numpy {np.__version__}"

    def __init__(self, task):
        self.task = task
        # [in, out], so that neither product needs a transposed copy.
        self.w = [np.ascontiguousarray(layer.weight.T) for layer in task.layers]
        self.b = [layer.bias.copy() for layer in task.layers]
        self.dw = [np.empty_like(w) for w in self.w]
        self.db = [np.empty_like(b) for b in self.b]
        self.moments = [(np.zeros_like(p), np.zeros_like(p)) for p in self.w + self.b] if task.optimizer == "adam" else []
        self.updates = 0
        self.buffers = {}

    def forward(self, x, outputs):
        for i, (w, b) in enumerate(zip(self.w, self.b)):
            z = np.matmul(x, w, out=outputs[i])
            z += b
            if i < len(self.w) - 1:
                np.maximum(z, 0, out=z)
            x = z
        return x

    def outputs_for(self, rows):
        if rows not in self.buffers:
            self.buffers[rows] = [[np.empty((rows, w.shape[1]), np.float32) for w in self.w] for _ in range(2)]
        return self.buffers[rows]

    def train(self, steps):
        task, done = self.task, 0
        last = len(self.w) - 1
        for start, end in task.batches(steps):
            rows = end - start
            x, y = task.x[start:end], task.y[start:end]
            outputs, deltas = self.outputs_for(rows)
            z = self.forward(x, outputs)
            dz = deltas[last]
            np.subtract(z, z.max(axis=1, keepdims=True), out=dz)
            np.exp(dz, out=dz)
            dz /= dz.sum(axis=1, keepdims=True)
            dz[np.arange(rows), y] -= 1
            dz *= np.float32(1 / rows)
            for i in range(last, -1, -1):
                below = outputs[i - 1] if i > 0 else x
                np.matmul(below.T, dz, out=self.dw[i])
                np.sum(dz, axis=0, out=self.db[i])
                if i > 0:
                    dz = np.matmul(dz, self.w[i].T, out=deltas[i - 1])
                    dz *= below > 0
            self.update()
            done += rows
        return done

    def update(self):
        lr = np.float32(self.task.lr)
        pairs = list(zip(self.w + self.b, self.dw + self.db))
        if not self.moments:
            for p, g in pairs:
                g *= lr
                p -= g
            return
        self.updates += 1
        t = self.updates
        step, root = np.float32(self.task.lr / (1 - 0.9**t)), np.float32(np.sqrt(1 - 0.999**t))
        for (p, g), (m, v) in zip(pairs, self.moments):
            m *= np.float32(0.9)
            m += np.float32(0.1) * g
            v *= np.float32(0.999)
            g *= g
            g *= np.float32(0.001)
            v += g
            p -= step * m / (np.sqrt(v) / root + np.float32(1e-8))

    def loss(self):
        outputs = [np.empty((self.task.rows, w.shape[1]), np.float32) for w in self.w]
        return mean_loss(self.forward(self.task.x, outputs), self.task.y)


serve(Numpy)
