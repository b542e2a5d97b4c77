import test from 'ava';
import { experimentFromObject } from '../../../src/config/load.ts';
import { buildGraph } from '../../../src/model/network.ts';
import { renderGraph } from '../../../src/report/runs/graph.ts';
import { makeExperiment } from '../../engine/support/outcome.ts';

const layers = [{ units: 6, activation: 'relu', batch_norm: true, dropout: 0.25, residual: true }, { units: 3 }];
const graph = buildGraph(makeExperiment({ layers }), [6]);

test('a graph as text names every op, what it reads and the shape of a row', (t) => {
  t.is(
    renderGraph(graph, 'text'),
    `layers.0.product [6] = dense(x [6], layers.0.weight, layers.0.bias)
layers.0.norm [6] = batch_norm(layers.0.product [6], layers.0.norm.weight, layers.0.norm.bias, layers.0.norm.running_mean, layers.0.norm.running_var)
layers.0.activation [6] = relu(layers.0.norm [6])
layers.0.dropout [6] = dropout 0.25(layers.0.activation [6])
layers.0.residual [6] = add(layers.0.dropout [6], x [6])
layers.1.product [3] = dense(layers.0.residual [6], layers.1.weight, layers.1.bias)
loss = softmax_cross_entropy(layers.1.product [3])`,
  );
});

test('a graph for Mermaid and for Graphviz has a box an op and an arrow a tensor that it reads', (t) => {
  t.is(
    renderGraph(graph, 'mermaid'),
    `flowchart TD
  input["inputs"]
  op0["0: dense"]
  op1["0: batch_norm"]
  op2["0: relu"]
  op3["0: dropout 0.25"]
  op4["0: add"]
  op5["1: dense"]
  loss["softmax_cross_entropy"]
  input -->|"6"| op0
  op0 -->|"6"| op1
  op1 -->|"6"| op2
  op2 -->|"6"| op3
  op3 -->|"6"| op4
  input -->|"6"| op4
  op4 -->|"6"| op5
  op5 -->|"3"| loss`,
  );
  t.regex(renderGraph(graph, 'dot'), /^digraph step \{\n {2}node \[shape=box\];\n {2}input \[label="inputs"\];\n/);
  t.true(renderGraph(graph, 'dot').includes('  op3 -> op4 [label="6"];\n  input -> op4 [label="6"];'));
});

test('shapes of pictures and sequences are channels first, and sequences have kernels of one extent', (t) => {
  const linesOf = (entries: object[], sample: number[]): string[] => {
    const { experiment } = experimentFromObject({
      data: { source: { type: 'synthetic', kind: 'blobs' } },
      model: { layers: [...entries, { type: 'dense', units: 2 }] },
      train: { steps: 1 },
    });
    return renderGraph(buildGraph(experiment, sample), 'text').split('\n');
  };
  const [first, product, pool, dense] = linesOf(
    [
      { type: 'conv2d', filters: 4, kernel: [3, 2] },
      { type: 'max_pool2d', kernel: 2, drop_rest: true },
    ],
    [3, 8, 9],
  );
  t.is(first, 'layers.0.channels_last [3x8x9] = channels last(x [3x8x9])');
  t.is(product, 'layers.0.product [4x6x8] = conv 3x2(layers.0.channels_last [3x8x9], layers.0.weight, layers.0.bias)');
  t.is(pool, 'layers.1.pool [4x3x4] = max pool 2x2(layers.0.product [4x6x8])');
  t.is(dense, 'layers.2.product [2] = dense(layers.1.pool [4x3x4], layers.2.weight, layers.2.bias)');
  const sequence = linesOf([{ type: 'conv1d', filters: 4, kernel: 3 }, { type: 'global_avg_pool' }], [9]);
  t.is(sequence[0], 'layers.0.product [4x7] = conv 3(x [9], layers.0.weight, layers.0.bias)');
  t.is(sequence[1], 'layers.1.pool [4] = global avg pool(layers.0.product [4x7])');
});
