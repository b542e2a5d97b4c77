import test from 'ava';
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
