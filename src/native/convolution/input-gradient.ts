import type { Assembler } from '../assembler/assembler.ts';
import { mem, r8, r10, r12, r13, r14, rbp, rbx, rcx, rdi, rdx, rsi, rsp } from '../assembler/instruction.ts';
import { Columns, split } from '../columns.ts';
import { type Isa, isaOf } from '../isa.ts';
import { transposePanel } from '../products/pack.ts';
import { panelVectors, tallest } from '../products/tile.ts';
import { type Convention, routine } from '../routine.ts';
import { convolve, FRAME, type LinePlan, UNROLL } from './convolve.ts';
import { joined, type Placed, passesOf, type Run, runsOf, type Segment, type TilePlan } from './plan.ts';
import { type ConvShape, F32, pictureBytes } from './shape.ts';

/** Products that a pixel's gradient is the sum of where no tap leads outside. */
function depthOf({ window: { kernel }, filters }: ConvShape): number {
  return kernel[0] * kernel[1] * filters;
}

/** Bytes of scratch that the routine for a shape needs. */
export function convInputGradientScratch(best: Isa, shape: ConvShape): number {
  const isa = isaOf(best, shape.window.channels);
  return depthOf(shape) * new Columns(isa, shape.window.channels, 0).vectors * isa.width;
}

/**
 * The routine of an input's gradient. Arguments: dz, w, dx, scratch; 4-byte aligned, channels last.
 *
 * order: each pixel is summed over the outputs that read it in the order of scan, of each over its filters, from +0 by multiply then add; outputs
 * outside are left out: the same bits where w is finite
 */
export function convInputGradientRoutine(best: Isa, convention: Convention, shape: ConvShape): Assembler {
  const isa = isaOf(best, shape.window.channels);
  const columns = new Columns(isa, shape.window.channels, 0);
  const vectors = panelVectors(isa, columns.vectors);
  const { x: outBytes, y: xBytes } = pictureBytes(shape);
  return routine(convention, FRAME.bytes, (a) => {
    columns.prepare(a);
    a.mov(r8, rcx);
    a.mov(rcx, rdx);
    a.store64(mem(rsp, FRAME.panels), r8);
    packPanels(a, isa, columns, vectors, shape);
    const lines = linesOf(shape, tallest(isa, vectors));
    const convolution = { rows: shape.rows, columns, vectors, depth: depthOf(shape), lines, xBytes, outBytes, hasBias: false, relu: false };
    convolve(a, isa, convolution, () => a.mov(rbx, rdi));
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

/** Of one line or column: where the outputs stand that read it, by tap; undefined: none does by that tap. */
type Readers = readonly (number | undefined)[];

function readersOf(at: number, axis: 0 | 1, { kernel, stride, dilation, padding, outHeight, outWidth }: ConvShape['window']): Readers {
  return Array.from({ length: kernel[axis] }, (_, tap) => {
    const reader = (at + padding[axis] - tap * dilation[axis]) / stride[axis];
    return Number.isInteger(reader) && reader >= 0 && reader < (axis === 0 ? outHeight : outWidth) ? reader : undefined;
  });
}

/** Lines or columns that a tile covers, their readers counted from the first one. */
function cover(first: number, count: number, axis: 0 | 1, window: ConvShape['window']): { base: number; readers: Readers[] } {
  const all = Array.from({ length: count }, (_, i) => readersOf(first + i, axis, window));
  const base = Math.min(...all.flat().filter((reader) => reader !== undefined));
  if (base === Number.POSITIVE_INFINITY) return { base: 0, readers: all };
  return { base, readers: all.map((readers) => readers.map((reader) => (reader === undefined ? undefined : reader - base))) };
}

/** Bytes of code of one product, about, and of a routine, at most: beyond, tiles that differ in their taps are too many. */
const PRODUCT_BYTES = 18;
const MOST_CODE_BYTES = 2 ** 20;

/** Whether the routine for a shape has a length within reason. */
export function isShort(best: Isa, { window, filters }: ConvShape): boolean {
  const { height, width, kernel, channels } = window;
  const isa = isaOf(best, channels);
  const vectors = panelVectors(isa, new Columns(isa, channels, 0).vectors);
  const most = tallest(isa, vectors);
  const kinds = (axis: 0 | 1, extent: number, size: number): number => {
    return new Set(partsOf(extent, size).map(({ first, size: count }) => JSON.stringify(cover(first, count, axis, window).readers))).size;
  };
  const tiles = kinds(0, height, Math.max(1, Math.floor(most / width))) * kinds(1, width, most);
  return tiles * kernel[1] * Math.min(filters, UNROLL) * most * vectors * PRODUCT_BYTES <= MOST_CODE_BYTES;
}

/** The parts of an extent that `split` makes, one by one. */
function partsOf(extent: number, most: number): { first: number; size: number }[] {
  let first = 0;
  return split(extent, most).flatMap(({ size, count }) =>
    Array.from({ length: count }, () => {
      first += size;
      return { first: first - size, size };
    }),
  );
}

/** Tiles of at most `most` pixels of dx: parts of a line, or some whole lines. */
function linesOf(shape: ConvShape, most: number): Run<LinePlan>[] {
  const { window, filters } = shape;
  const { height, width, channels, outWidth } = window;
  const pixel = channels * F32;
  const columns = partsOf(width, most).map(({ first, size }) => ({ first, ...cover(first, size, 1, window) }));
  const plans = new Map<string, LinePlan>();
  const lines = partsOf(height, Math.max(1, Math.floor(most / width))).map(({ first, size }): Placed<LinePlan> => {
    const { base, readers } = cover(first, size, 0, window);
    const key = JSON.stringify(readers);
    let plan = plans.get(key);
    if (plan === undefined) {
      const tiles = columns.map((part): Placed<TilePlan> => {
        return { x: part.base * filters * F32, out: part.first * pixel, plan: tilePlan(shape, readers, part.readers) };
      });
      plan = runsOf(tiles);
      plans.set(key, plan);
    }
    return { x: base * outWidth * filters * F32, out: first * width * pixel, plan };
  });
  return runsOf(lines);
}

function tilePlan({ window, filters }: ConvShape, lines: readonly Readers[], columns: readonly Readers[]): TilePlan {
  const { width, channels, outWidth } = window;
  const [kh, kw] = window.kernel;
  const places = lines.flatMap((_, line) => columns.map((_readers, column) => [line, column] as const));
  const groups = Array.from({ length: kh }, (_, i) => {
    const segments = Array.from({ length: kw }, (_kx, j): Segment => {
      // Outputs further on read by taps further back.
      const [ky, kx] = [kh - 1 - i, kw - 1 - j];
      const x = places.map(([line, column]) => {
        const [oy, ox] = [lines[line]?.[ky], columns[column]?.[kx]];
        return oy === undefined || ox === undefined ? undefined : (oy * outWidth + ox) * filters * F32;
      });
      return { depth: filters, x, k: (i * kw + j) * filters };
    });
    return joined(segments.filter(({ x }) => x.some((at) => at !== undefined)));
  });
  return { out: places.map(([line, column]) => (line * width + column) * channels * F32), passes: passesOf(groups) };
}
