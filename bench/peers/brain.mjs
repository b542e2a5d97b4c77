/**
 * brain.js. It has no batches (one update a sample), no softmax and no cross-entropy (outputs and squared errors through the same
 * activation), momentum as it comes, and draws its own weights: so only its rows a second can be compared, not its loss.
 */
import { createRequire } from 'node:module';
import brain from 'brain.js';
import { serve } from './protocol.mjs';

const manifest = createRequire(import.meta.url)('brain.js/package.json');

await serve((task) => {
  const [features] = task.shape;
  const hidden = task.layers.map(({ units }) => units);
  const classes = hidden.pop();
  const net = new brain.NeuralNetwork({ inputSize: features, hiddenLayers: hidden, outputSize: classes, activation: 'relu' });
  const batches = task.epoch.map(([from, to]) =>
    Array.from({ length: to - from }, (_, i) => ({
      input: task.x.subarray((from + i) * features, (from + i + 1) * features),
      output: Float32Array.from({ length: classes }, (_, label) => (label === task.y[from + i] ? 1 : 0)),
    })),
  );
  return {
    version: `brain.js ${manifest.version}`,
    train(steps) {
      let done = 0;
      for (let i = 0; i < steps; i++) {
        const batch = batches[task.step++ % batches.length];
        net.train(batch, { iterations: 1, errorThresh: 1e-9, learningRate: task.optimizer.lr });
        done += batch.length;
      }
      return done;
    },
    loss: () => null,
  };
});
