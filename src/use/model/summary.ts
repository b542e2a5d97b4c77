import { sampleShape } from '../../data/preprocess/preprocess.ts';
import { printable } from '../../errors.ts';
import { shapeText } from '../../graph/shape.ts';
import { parameterCount } from '../../model/network.ts';
import { listed } from '../rows/values.ts';
import type { LoadedModel } from './parse.ts';

/** Layers, shapes and parameters in columns, and what goes in and out. Shapes are channels first, as PyTorch has them. */
export function summaryOf({ network, preprocess, loss, origin }: LoadedModel): string {
  const { graph, layers } = network;
  const rows = layers.flatMap(({ index, shape: output, parameters, statistics }) => {
    const own = parameters.reduce((sum, { size }) => sum + size, 0);
    const first = [`${index} ${graph.layers[index]?.type ?? ''}`, shapeText(output), own === 0 ? '' : String(own)];
    const lines = [...parameters, ...statistics].map(({ name, shape }) => [name, shapeText(shape)]);
    return [[...first, ...(lines[0] ?? ['', ''])], ...lines.slice(1).map((line) => ['', '', '', ...line])];
  });
  const table = columns([['layer', 'output', 'parameters', 'tensor', 'shape'], ...rows]);
  const { target, input } = preprocess;
  const out = target.kind === 'class' ? `${target.classes.length} classes: ${listed(target.classes)}` : listed(target.names);
  return [
    `model      ${printable(origin.run ?? origin.path)}`,
    `input      ${input.kind} ${shapeText(sampleShape(input))}`,
    `output     ${out}`,
    `loss       ${loss.type}`,
    `parameters ${parameterCount(network)}`,
    '',
    ...table,
  ].join('\n');
}

/** Numbers and shapes to the right. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, j) => Math.max(...rows.map((row) => (row[j] ?? '').length)));
  const isText = (j: number): boolean => j === 0 || j === 3;
  const cell = (text: string, j: number): string => (isText(j) ? text.padEnd(widths[j] ?? 0) : text.padStart(widths[j] ?? 0));
  return rows.map((row) => row.map(cell).join('  ').trimEnd());
}
