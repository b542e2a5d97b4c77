/** TensorFlow.js by its training API: a layers model, `trainOnBatch`. `node tfjs.mjs wasm|cpu` */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { meanLoss, serve } from './protocol.mjs';

const [, , backend] = process.argv;
/** What convolutions make of many rows does not fit into the memory of the backend. */
const ROWS_AT_A_TIME = 250;

await serve(async (task) => {
  await import(`@tensorflow/tfjs-backend-${backend}`);
  if (!(await tf.setBackend(backend))) throw new Error(`the backend ${backend} did not start`);
  await tf.ready();
  if (tf.getKernel('Conv2DBackpropFilter', backend) === undefined) registerFilterGradient(backend);
  const { type, lr } = task.optimizer;
  const optimizer = type === 'adam' ? tf.train.adam(lr, 0.9, 0.999, 1e-8) : tf.train.sgd(lr);
  const model = build(task);
  model.compile({ optimizer, loss: (labels, logits) => tf.losses.softmaxCrossEntropy(labels, logits) });
  const rows = tf.tensor(task.x, [task.rows, ...task.shape]);
  const inputs = task.shape.length === 3 ? tf.transpose(rows, [0, 2, 3, 1]) : rows;
  const labels = tf.cast(tf.oneHot(tf.tensor1d(task.y, 'int32'), task.layers.at(-1).units), 'float32');
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
      const logits = tf.tidy(() => model.predict(inputs, { batchSize: ROWS_AT_A_TIME }));
      const values = await logits.data();
      logits.dispose();
      return meanLoss(values, task.y);
    },
  };
});

/** The layers with their initial weights; pictures have their channels last. */
function build({ shape, layers: all }) {
  const model = layers.sequential();
  let inputShape = shape.length === 3 ? [shape[1], shape[2], shape[0]] : shape;
  const add = (layer) => {
    model.add(layer);
    inputShape = undefined;
    return layer;
  };
  for (const [i, { type, units, filters, kernel, input, form, weight, bias }] of all.entries()) {
    const activation = i < all.length - 1 ? 'relu' : 'linear';
    if (type === 'max_pool2d') {
      add(layers.layers.maxPooling2d({ poolSize: kernel, inputShape }));
    } else if (type === 'conv2d') {
      const conv = add(layers.layers.conv2d({ filters, kernelSize: kernel, activation, inputShape }));
      conv.setWeights([tf.transpose(tf.tensor(weight, form), [2, 3, 1, 0]), tf.tensor1d(bias)]);
    } else {
      if (input.length === 3) add(layers.layers.flatten());
      const dense = add(layers.layers.dense({ units, activation, inputShape }));
      // [out, in], where pictures have their channels first.
      const kernels = tf.tensor(weight, [units, ...input]);
      const ordered = input.length === 3 ? tf.transpose(kernels, [2, 3, 1, 0]) : tf.transpose(kernels);
      dense.setWeights([tf.reshape(ordered, [-1, units]), tf.tensor1d(bias)]);
    }
  }
  return model;
}

/**
 * The gradient of a convolution's filters, which the wasm backend does not have: a convolution of the pictures, their channels as rows, with
 * the gradients as filters. For stride 1 without padding only.
 */
function registerFilterGradient(backendName) {
  tf.registerKernel({
    kernelName: 'Conv2DBackpropFilter',
    backendName,
    kernelFunc: ({ inputs: { x, dy } }) =>
      tf.tidy(() => tf.transpose(tf.conv2d(tf.transpose(x, [3, 1, 2, 0]), tf.transpose(dy, [1, 2, 0, 3]), 1, 'valid'), [1, 2, 0, 3])),
  });
}
