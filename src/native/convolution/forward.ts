import type { Assembler } from '../assembler/assembler.ts';
import { mem, r8, r10, r11, r13, r14, r15, rbx, rdi, rsi, rsp } from '../assembler/instruction.ts';
import { Columns } from '../columns.ts';
import { costOfColumns, type Isa, isaOf } from '../isa.ts';
import { copyRows } from '../products/pack.ts';
import { panelVectors, tallest } from '../products/tile.ts';
import { type Convention, routine } from '../routine.ts';
import { acrossScratch, convolveAcross, paysAcross, type Source, sourceOf, tilePixels } from './across.ts';
import { convolve, FRAME } from './convolve.ts';
import { planOutputs } from './output-plan.ts';
import { copyBytes, copyPicture, zeroCopy } from './padded.ts';
import { type ConvShape, depthOf, F32, type Padded, paddedOf, pictureValues } from './shape.ts';

/** y = act(x * w + bias). */
export interface ConvForwardShape extends ConvShape {
  hasBias: boolean;
  relu: boolean;
  /** Of a leaky relu. */
  slope?: number;
}

/** How a shape is computed, and where what it needs stands in scratch. */
interface Choices {
  isa: Isa;
  padded: Padded;
  /** Of pictures as lanes; undefined: columns are lanes. */
  source: Source | undefined;
  /** Bytes of packed panels; 0 where w itself is one. */
  panels: number;
}

function choose(best: Isa, shape: ConvShape): Choices {
  const { rows, window, filters } = shape;
  const padded = paddedOf(window);
  const values = pictureValues(shape);
  const source = sourceOf(values.x, padded, window.width * window.channels);
  const lineValues = window.outWidth * filters;
  const work = { rows, columns: filters, products: (values.y / filters) * depthOf(shape), columnCost: costOfColumns(best, filters) };
  const across = paysAcross(best, work, source, { lineValues, outValues: values.y });
  const isa = across ? best : isaOf(best, filters);
  const { vectors, tail } = new Columns(isa, filters, 0);
  const isPanel = vectors === panelVectors(isa, vectors) && tail === 0;
  return { isa, padded, source: across ? source : undefined, panels: isPanel ? 0 : depthOf(shape) * vectors * isa.width };
}

/** Bytes of scratch that the routine for a shape needs. */
export function convForwardScratch(best: Isa, shape: ConvShape): number {
  const { isa, padded, source, panels } = choose(best, shape);
  return source === undefined ? panels + copyBytes(isa, padded) : acrossScratch(isa, source.size, shape.window.outWidth * shape.filters);
}

/**
 * The routine of a convolution. Arguments: x, w, bias, y, scratch; 4-byte aligned, channels last.
 *
 * order: each output is summed over ky, kx, c from +0 by multiply then add, zeros outside of the picture included, then the bias is added
 */
export function convForwardRoutine(best: Isa, convention: Convention, shape: ConvForwardShape): Assembler {
  const { rows, window, filters, hasBias, relu, slope } = shape;
  const { isa, padded, source, panels } = choose(best, shape);
  const { x, y: out } = pictureValues(shape);
  const common = { rows, values: { x, out }, hasBias, relu, ...(slope !== undefined && { slope }) };
  return routine(convention, FRAME.bytes, (a) => {
    if (source !== undefined) {
      convolveAcross(a, isa, {
        ...common,
        columns: filters,
        source,
        lineValues: window.outWidth * filters,
        lines: planOutputs(shape, padded, { most: tilePixels(isa, filters), spans: false }),
        weightAt: (k) => k * filters * F32,
        bytesPerK: filters * F32,
        bytesPerColumn: F32,
      });
      return;
    }
    const columns = new Columns(isa, filters, 0);
    const vectors = panelVectors(isa, columns.vectors);
    const lines = planOutputs(shape, padded, { most: tallest(isa, vectors), spans: true });
    columns.prepare(a);
    a.store64(mem(rsp, FRAME.panels), panels > 0 ? r8 : rsi);
    if (panels > 0) packPanels(a, isa, columns, vectors, depthOf(shape), filters * F32);
    if (padded.size > 0) zeroCopy(a, isa, padded, r8, panels);
    convolve(a, isa, { ...common, columns, vectors, depth: depthOf(shape), lines }, () => {
      if (padded.size === 0) {
        a.mov(rbx, rdi);
        return;
      }
      copyPicture(a, isa, padded, window.width * window.channels * F32, rdi, r8, panels);
      a.lea(rbx, mem(r8, panels));
    });
  });
}

/** Panels of w at rsi, `depth` rows, in scratch. Changes r10, r11, r13 to r15. */
function packPanels(a: Assembler, isa: Isa, columns: Columns, vectors: number, depth: number, stride: number): void {
  a.mov(r10, r8);
  a.mov(r14, rsi);
  for (const { runs } of columns.groups(vectors, columns.vectors)) {
    for (const run of runs) {
      a.repeat(r13, run.count, () => {
        a.mov(r15, r14);
        copyRows(a, { isa, columns }, { from: r15, to: r10, counter: r11 }, { ...run, rows: depth, stride });
        a.add(r14, run.vectors * isa.width);
      });
    }
  }
}
