import { type Graph, rowShape } from '../../graph/graph.ts';
import { type Op, opType } from '../../graph/op.ts';
import type { ConvOp } from '../../graph/ops/conv.ts';
import type { PoolOp } from '../../graph/ops/pool.ts';
import { type Shape, shapeText } from '../../graph/shape.ts';
import { channelsFirst } from '../../graph/window.ts';
import { wrapped } from '../text/wrapped.ts';
import type { GraphForm } from './graph-forms.ts';

/** Of what an op reads where its line is too long. */
const INDENT = 4;

/**
 * A graph as lines of text, or for Mermaid or Graphviz to draw.
 *
 * @param columns  that lines of text keep to. @default none
 */
export function renderGraph(graph: Graph, form: GraphForm, columns = Number.POSITIVE_INFINITY): string {
  switch (form) {
    case 'text':
      return renderText(graph, columns);
    case 'mermaid':
      return renderMermaid(graph);
    case 'dot':
      return renderDot(graph);
  }
}

/** `layers.0.product [128] = dense(x [784], layers.0.weight, layers.0.bias)`, an op a line, in the order of forward. */
function renderText(graph: Graph, columns: number): string {
  const lines = graph.ops.map((op) => {
    const reads = [
      ...opType(op)
        .inputs(op)
        .map((name) => rowText(graph, name)),
      ...modelTensors(op),
    ];
    return `${rowText(graph, op.y)} = ${opText(op, graph)}(${reads.join(', ')})`;
  });
  const all = [...lines, `loss = ${opText(graph.loss, graph)}(${rowText(graph, graph.loss.x)})`];
  return all.map((line) => wrapped(line, columns - INDENT, INDENT)).join('\n');
}

function renderMermaid(graph: Graph): string {
  const { nodes, edges } = drawing(graph);
  return [
    'flowchart TD',
    ...nodes.map(({ id, label }) => `  ${id}["${label}"]`),
    ...edges.map(({ from, to, label }) => `  ${from} -->|"${label}"| ${to}`),
  ].join('\n');
}

function renderDot(graph: Graph): string {
  const { nodes, edges } = drawing(graph);
  return [
    'digraph step {',
    '  node [shape=box];',
    ...nodes.map(({ id, label }) => `  ${id} [label="${label}"];`),
    ...edges.map(({ from, to, label }) => `  ${from} -> ${to} [label="${label}"];`),
    '}',
  ].join('\n');
}

interface Drawing {
  nodes: { id: string; label: string }[];
  edges: { from: string; to: string; label: string }[];
}

/** Ops as boxes, tensors of rows as arrows between them. */
function drawing(graph: Graph): Drawing {
  const idOf = new Map<string, string>([[graph.input, 'input'], ...graph.ops.map(({ y }, i): [string, string] => [y, `op${i}`])]);
  const ops: [id: string, op: Op][] = [...graph.ops.map((op, i): [string, Op] => [`op${i}`, op]), ['loss', graph.loss]];
  return {
    nodes: [{ id: 'input', label: 'inputs' }, ...ops.map(([id, op]) => ({ id, label: labelOf(op, graph) }))],
    edges: ops.flatMap(([to, op]) =>
      opType(op)
        .inputs(op)
        .map((name) => ({ from: idOf.get(name) ?? name, to, label: shapeText(shapeOf(graph, name)) })),
    ),
  };
}

function labelOf(op: Op, graph: Graph): string {
  return op.type === 'loss' ? opText(op, graph) : `${op.layer}: ${opText(op, graph)}`;
}

/** Of a row, channels first as everywhere outside of the engine; the network's input is as the data have it. */
function shapeOf(graph: Graph, name: string): Shape {
  const shape = rowShape(graph, name);
  return name === graph.input ? shape : channelsFirst(shape);
}

function rowText(graph: Graph, name: string): string {
  return `${name} [${shapeText(shapeOf(graph, name))}]`;
}

function modelTensors(op: Op): string[] {
  const type = opType(op);
  return [...type.parameters(op), ...(type.statistics?.(op) ?? [])];
}

/** An op by the name that users know. */
function opText(op: Op, graph: Graph): string {
  switch (op.type) {
    case 'activation':
      return op.function.type;
    case 'loss':
      return op.loss.type;
    case 'dropout':
      return `dropout ${op.p}`;
    case 'batch_norm':
      return op.scope === 'batch' ? 'batch_norm' : `batch_norm of each ${op.scope}`;
    case 'conv':
      return `conv ${kernelText(op, graph)}`;
    case 'pool':
      return rowShape(graph, op.y).length === 1 ? 'global avg pool' : `${op.function} pool ${kernelText(op, graph)}`;
    case 'swap_axes':
      return 'channels last';
    case 'dense':
    case 'layer_norm':
    case 'add':
      return op.type;
  }
}

/** A sequence has no height. */
function kernelText({ y, window: { kernel } }: ConvOp | PoolOp, graph: Graph): string {
  return rowShape(graph, y).length === 2 ? String(kernel[1]) : kernel.join('x');
}
