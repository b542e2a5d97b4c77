import { sampleShape } from '../../data/preprocess/preprocess.ts';
import { printable } from '../../errors.ts';
import { shapeText } from '../../graph/shape.ts';
import { parameterCount } from '../../model/network.ts';
import { listed } from '../rows/values.ts';
import type { LoadedModel } from './parse.ts';

/** Layers, shapes and parameters in columns, and what goes in and out. */
export function summaryOf({ network, preprocess, loss, origin }: LoadedModel): string {
  const { graph, layers } = network;
  const rows = layers.flatMap(({ index, inputs, outputs, parameters, statistics }) => {
    const layer = `${index} ${graph.layers[index]?.type ?? ''}`;
    const tensors = [...parameters, ...statistics];
    if (tensors.length === 0) return [[layer, `${inputs} -> ${outputs}`, '', '', '']];
    return tensors.map(({ name, shape, size }, i) => [
      i === 0 ? layer : '',
      i === 0 ? `${inputs} -> ${outputs}` : '',
      name,
      shapeText(shape),
      String(size),
    ]);
  });
  const table = columns([['layer', 'values', 'tensor', 'shape', 'count'], ...rows]);
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

/** The last two columns to the right. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, j) => Math.max(...rows.map((row) => (row[j] ?? '').length)));
  const cell = (text: string, j: number): string => (j < widths.length - 2 ? text.padEnd(widths[j] ?? 0) : text.padStart(widths[j] ?? 0));
  return rows.map((row) => row.map(cell).join('  ').trimEnd());
}
