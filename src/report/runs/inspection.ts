import type { LoadedExperiment } from '../../config/validate.ts';
import { printable } from '../../errors.ts';
import { shapeText } from '../../graph/shape.ts';
import type { Inspection, MemoryUse } from '../../runs/prepare/inspect.ts';
import { renderAnnotated } from '../text/annotated.ts';
import { formatBytes, formatCount, formatCounted, formatFlops } from '../text/numbers.ts';
import { renderFacts, renderTable, type TableLook } from '../text/table.ts';

const PARTS: Record<keyof MemoryUse['parts'], string> = {
  parameters: 'parameters',
  optimizer: 'optimizer state, averages',
  gradients: 'gradient slabs',
  activations: 'activations and their gradients',
  inputs: 'inputs and targets of a batch',
  scratch: 'scratch of the workers',
  other: 'control words, losses, alignment',
};

/** All that `gradloom check` shows. */
export function renderInspection(
  loaded: Pick<LoadedExperiment, 'experiment' | 'origins'>,
  inspection: Inspection,
  look: TableLook,
): string {
  return [
    renderAnnotated(loaded, look.paint),
    renderLayers(inspection, look),
    renderMemory(inspection, look),
    renderPlan(inspection, look),
  ].join('\n\n');
}

/** Shapes are channels first: 32x26x26 are 32 channels of 26 lines and columns. */
function renderLayers({ dataset, layers, parameters }: Inspection, look: TableLook): string {
  const rows = layers.flatMap(({ index, type, shape, parameters: own, tensors }) => {
    const lines = tensors.map((tensor) => [tensor.name, tensor.shape.join(' x ')]);
    const first = [`${index} ${type}`, shapeText(shape), own === 0 ? '' : formatCount(own)];
    return [[...first, ...(lines[0] ?? ['', ''])], ...lines.slice(1).map((line) => ['', '', '', ...line])];
  });
  rows.unshift(['input', shapeText(dataset.shape), '', '', '']);
  rows.push(['all', '', formatCount(parameters), '', '']);
  const head = ['layer', 'output', 'parameters', 'tensor', 'shape'];
  return renderTable({ head, rows, align: ['left', 'right', 'right', 'left', 'right'] }, look);
}

function renderMemory({ memory }: Inspection, look: TableLook): string {
  const parts = Object.entries(PARTS) as [keyof MemoryUse['parts'], string][];
  const rows = parts.map(([part, label]) => [label, formatBytes(memory.parts[part])]);
  rows.push(['shared memory of the workers', formatBytes(memory.shared)], ['data set, shared by all', formatBytes(memory.dataset)]);
  const { bytes, file } = memory.limit;
  rows.push([file === undefined ? 'of the machine' : `allowed by the cgroup (${printable(file)})`, formatBytes(bytes)]);
  return renderTable({ head: ['memory', 'size'], rows, align: ['left', 'right'] }, look);
}

function renderPlan({ dataset, batches, flopsPerStep, workers, code, codeReason }: Inspection, look: TableLook): string {
  const { batchRows, lastRows, batchesPerStep, stepsPerEpoch, totalSteps } = batches;
  const grouped = batchesPerStep === 1 ? '' : `, ${formatCount(batchesPerStep)} batches a step`;
  const last = lastRows === batchRows ? '' : `, the last of an epoch of ${formatCount(lastRows)}`;
  const { forward, backward } = flopsPerStep;
  return renderFacts(
    [
      ['data', printable(dataset.description, 500)],
      [
        'batches',
        `${formatCounted(batchRows, 'row')}${last}${grouped}; ${formatCounted(stepsPerEpoch, 'step')} an epoch, ${formatCount(totalSteps)} in all`,
      ],
      ['step', `${formatFlops(forward + backward)}: ${formatFlops(forward)} forward, ${formatFlops(backward)} backward`],
      ['workers', `${workers.count} (${workers.reason})`],
      ['code', codeReason === undefined ? code : `${code} (${codeReason})`],
    ],
    look,
  );
}
