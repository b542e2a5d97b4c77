/**
 * What the npm peers share: the protocol of protocol.py. Requests as JSON lines on stdin, answers as JSON lines on stdout.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** The work as the first line tells it: data, initial weights, batches in the file's order. */
export class Task {
  constructor({ directory, shape, layers, batch, optimizer }) {
    const read = (name, Kind) => {
      const bytes = readFileSync(path.join(directory, name));
      return new Kind(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    };
    this.shape = shape;
    this.optimizer = optimizer;
    this.x = read('features.f32', Float32Array);
    this.y = read('labels.i32', Int32Array);
    this.rows = this.y.length;
    this.batch = Math.min(batch, this.rows);
    const values = read('init.f32', Float32Array);
    let at = 0;
    const take = (count) => {
      at += count;
      return values.slice(at - count, at);
    };
    let from = shape;
    this.layers = layers.map((layer) => {
      const input = from;
      from = outputOf(layer, input);
      const form = weightShape(layer, input);
      return { ...layer, input, output: from, form, ...(form && { weight: take(form.reduce((a, b) => a * b)), bias: take(form[0]) }) };
    });
    this.step = 0;
  }

  /** Number, first row and end of each batch of an epoch; the last may be smaller. */
  get epoch() {
    const count = Math.ceil(this.rows / this.batch);
    return Array.from({ length: count }, (_, i) => [i * this.batch, Math.min((i + 1) * this.batch, this.rows)]);
  }
}

/** Shape of a row behind a layer, channels first. */
function outputOf({ type, units, filters, kernel }, [channels, height, width]) {
  if (type === 'dense') return [units];
  if (type === 'conv2d') return [filters, height - kernel + 1, width - kernel + 1];
  return [channels, Math.floor(height / kernel), Math.floor(width / kernel)];
}

/** [out, in], of a convolution [out, in, kernel, kernel]; a pool has no weight. */
function weightShape({ type, units, filters, kernel }, input) {
  if (type === 'dense') return [units, input.reduce((a, b) => a * b)];
  return type === 'conv2d' ? [filters, input[0], kernel, kernel] : undefined;
}

/** Softmax cross-entropy in f64, mean over the rows; logits [rows, classes]. */
export function meanLoss(logits, labels) {
  const classes = logits.length / labels.length;
  let sum = 0;
  for (let row = 0; row < labels.length; row++) {
    const z = logits.subarray(row * classes, (row + 1) * classes);
    const most = Math.max(...z);
    sum += most + Math.log(z.reduce((total, value) => total + Math.exp(value - most), 0)) - z[labels[row]];
  }
  return sum / labels.length;
}

/** Answers requests until stdin ends. `make(task)` returns a program with `version`, `train(steps)` and `loss()`, which may be null. */
export async function serve(make) {
  // What libraries print must not get between the answers.
  console.log = console.info = console.error;
  const answer = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
  let program;
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    try {
      if (program === undefined) {
        program = await make(new Task(request));
        answer({ ready: true, version: program.version, blas: '' });
      } else if (request.do === 'train') {
        const started = performance.now();
        const rows = await program.train(request.steps);
        answer({ seconds: (performance.now() - started) / 1000, rows });
      } else if (request.do === 'loss') answer({ loss: await program.loss() });
      else answer({ bytes: process.resourceUsage().maxRSS * 1024 });
    } catch (error) {
      answer({ error: String(error) });
    }
  }
}
