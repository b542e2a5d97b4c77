/** TensorFlow.js by its training API: a layers model, `trainOnBatch`. `node tfjs.mjs wasm|cpu` */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { meanLoss, serve } from './protocol.mjs';

const [, , backend] = process.argv;

await serve(async (task) => {
  await import(`@tensorflow/tfjs-backend-${backend}`);
  if (!(await tf.setBackend(backend))) throw new Error(`the backend ${backend} did not start`);
  await tf.ready();
  const model = layers.sequential();
  for (const [i, { inputs, outputs, weight, bias }] of task.layers.entries()) {
    const activation = i < task.layers.length - 1 ? 'relu' : 'linear';
    model.add(layers.layers.dense({ units: outputs, activation, inputShape: [inputs] }));
    model.layers[i].setWeights([tf.transpose(tf.tensor2d(weight, [outputs, inputs])), tf.tensor1d(bias)]);
  }
  const { type, lr } = task.optimizer;
  const optimizer = type === 'adam' ? tf.train.adam(lr, 0.9, 0.999, 1e-8) : tf.train.sgd(lr);
  model.compile({ optimizer, loss: (labels, logits) => tf.losses.softmaxCrossEntropy(labels, logits) });
  const inputs = tf.tensor2d(task.x, [task.rows, task.sizes[0]]);
  const labels = tf.cast(tf.oneHot(tf.tensor1d(task.y, 'int32'), task.sizes.at(-1)), 'float32');
  const batches = task.epoch.map(([from, to]) => ({
    x: tf.slice(inputs, from, to - from),
    y: tf.slice(labels, from, to - from),
    rows: to - from,
  }));
  return {
    version: `tfjs ${tf.version_core}, backend ${backend}`,
    async train(steps) {
      let done = 0;
      for (let i = 0; i < steps; i++) {
        const { x, y, rows } = batches[task.step++ % batches.length];
        await model.trainOnBatch(x, y);
        done += rows;
      }
      return done;
    },
    async loss() {
      const logits = tf.tidy(() => model.predict(inputs, { batchSize: 1000 }));
      const values = await logits.data();
      logits.dispose();
      return meanLoss(values, task.y);
    },
  };
});
