import type { Assembler } from '../assembler/assembler.ts';
import { mem, r8, r10, r12, r13, r14, rbp, rbx, rcx, rdi, rdx, rsi, rsp } from '../assembler/instruction.ts';
import { Columns } from '../columns.ts';
import { costOfColumns, type Isa, isaOf } from '../isa.ts';
import { transposePanel } from '../products/pack.ts';
import { panelVectors, tallest } from '../products/tile.ts';
import { type Convention, routine } from '../routine.ts';
import { acrossScratch, convolveAcross, paysAcross, type Source, sourceOf, tilePixels } from './across.ts';
import { convolve, FRAME, UNROLL } from './convolve.ts';
import { countKinds, planInputs } from './input-plan.ts';
import type { Division } from './output-plan.ts';
import { type ConvShape, F32, pictureValues } from './shape.ts';

/** Products that a pixel's gradient is the sum of where no tap leads outside. */
function depthOf({ window: { kernel }, filters }: ConvShape): number {
  return kernel[0] * kernel[1] * filters;
}

interface Choices {
  isa: Isa;
  /** Of pictures as lanes; undefined: columns are lanes. */
  source: Source | undefined;
  division: Division;
}

function choose(best: Isa, shape: ConvShape): Choices {
  const { rows, window, filters } = shape;
  const { channels, width } = window;
  const values = pictureValues(shape);
  const source = sourceOf(values.y, undefined, 0);
  const products = (values.y / filters) * depthOf(shape);
  const work = { rows, columns: channels, products, columnCost: costOfColumns(best, channels) };
  if (paysAcross(best, work, source, { lineValues: width * channels, outValues: values.x })) {
    return { isa: best, source, division: { most: tilePixels(best, channels), spans: false } };
  }
  const isa = isaOf(best, channels);
  const most = tallest(isa, panelVectors(isa, new Columns(isa, channels, 0).vectors));
  return { isa, source: undefined, division: { most, spans: true } };
}

/** Bytes of scratch that the routine for a shape needs. */
export function convInputGradientScratch(best: Isa, shape: ConvShape): number {
  const { isa, source } = choose(best, shape);
  const { channels, width } = shape.window;
  if (source !== undefined) return acrossScratch(isa, source.size, width * channels);
  return depthOf(shape) * new Columns(isa, channels, 0).vectors * isa.width;
}

/**
 * The routine of an input's gradient. Arguments: dz, w, dx, scratch; 4-byte aligned, channels last.
 *
 * order: each pixel is summed over the outputs that read it in the order of scan, of each over its filters, from +0 by multiply then add; outputs
 * outside are left out: the same bits where w is finite
 */
export function convInputGradientRoutine(best: Isa, convention: Convention, shape: ConvShape): Assembler {
  const { rows, window, filters } = shape;
  const { channels, width, kernel } = window;
  const { isa, source, division } = choose(best, shape);
  const { x: out, y: x } = pictureValues(shape);
  const common = { rows, values: { x, out }, hasBias: false, relu: false };
  return routine(convention, FRAME.bytes, (a) => {
    a.mov(r8, rcx);
    a.mov(rcx, rdx);
    if (source !== undefined) {
      const last = kernel[0] * kernel[1] - 1;
      convolveAcross(a, isa, {
        ...common,
        columns: channels,
        source,
        lineValues: width * channels,
        lines: planInputs(shape, division, false),
        weightAt: (k) => ((last - Math.floor(k / filters)) * channels * filters + (k % filters)) * F32,
        bytesPerK: F32,
        bytesPerColumn: filters * F32,
      });
      return;
    }
    const columns = new Columns(isa, channels, 0);
    const vectors = panelVectors(isa, columns.vectors);
    columns.prepare(a);
    a.store64(mem(rsp, FRAME.panels), r8);
    packPanels(a, isa, columns, vectors, shape);
    const lines = planInputs(shape, division, true);
    convolve(a, isa, { ...common, columns, vectors, depth: depthOf(shape), lines }, () => a.mov(rbx, rdi));
  });
}

/** Panels of w at rsi in scratch, [taps from the last to the first, filters, channels]. Changes rax, rbp, r9 to r15. */
function packPanels(a: Assembler, isa: Isa, columns: Columns, vectors: number, { window: { kernel, channels }, filters }: ConvShape): void {
  const taps = kernel[0] * kernel[1];
  const tapBytes = channels * filters * F32;
  a.mov(r10, r8);
  a.lea(rbp, mem(rsi, (taps - 1) * tapBytes));
  for (const { runs } of columns.groups(vectors, columns.vectors)) {
    for (const run of runs) {
      a.repeat(r13, run.count, () => {
        a.repeat(r12, taps, () => {
          a.mov(r14, rbp);
          transposePanel(a, isa, { run, tail: columns.tail, depth: filters, rowBytes: filters * F32 });
          a.sub(rbp, tapBytes);
        });
        a.add(rbp, taps * tapBytes + run.vectors * isa.lanes * filters * F32);
      });
    }
  }
}

/** Bytes of code of one product, about, and of a routine, at most: beyond, tiles that differ in their taps are too many. */
const PRODUCT_BYTES = 18;
const MOST_CODE_BYTES = 2 ** 20;

/** Whether the routine for a shape has a length within reason. */
export function isShort(best: Isa, shape: ConvShape): boolean {
  const { isa, source, division } = choose(best, shape);
  const { kernel, channels } = shape.window;
  const products = division.most * (source === undefined ? panelVectors(isa, new Columns(isa, channels, 0).vectors) : channels);
  return countKinds(shape, division) * kernel[1] * Math.min(shape.filters, 2 * UNROLL) * products * PRODUCT_BYTES <= MOST_CODE_BYTES;
}
