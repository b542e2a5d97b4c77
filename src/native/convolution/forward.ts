import type { Assembler } from '../assembler/assembler.ts';
import { mem, r8, r10, r11, r13, r14, r15, rbx, rdi, rsi, rsp } from '../assembler/instruction.ts';
import { Columns, split } from '../columns.ts';
import { type Isa, isaOf } from '../isa.ts';
import { copyRows } from '../products/pack.ts';
import { panelVectors, tallest } from '../products/tile.ts';
import { type Convention, routine } from '../routine.ts';
import { convolve, FRAME, type LinePlan } from './convolve.ts';
import { copyBytes, copyPicture, zeroCopy } from './padded.ts';
import { joined, type Placed, passesOf, type Run, runsOf, type Segment, type TilePlan } from './plan.ts';
import { type ConvShape, depthOf, F32, type Padded, paddedOf, pictureBytes } from './shape.ts';

/** y = act(x * w + bias). */
export interface ConvForwardShape extends ConvShape {
  hasBias: boolean;
  relu: boolean;
  /** Of a leaky relu. */
  slope?: number;
}

/** Bytes of packed panels; 0 where w itself is one. */
function panelBytes(isa: Isa, shape: ConvShape): number {
  const { vectors, tail } = new Columns(isa, shape.filters, 0);
  return vectors === panelVectors(isa, vectors) && tail === 0 ? 0 : depthOf(shape) * vectors * isa.width;
}

/** Bytes of scratch that the routine for a shape needs. */
export function convForwardScratch(best: Isa, shape: ConvShape): number {
  const isa = isaOf(best, shape.filters);
  return panelBytes(isa, shape) + copyBytes(isa, paddedOf(shape.window));
}

/**
 * The routine of a convolution. Arguments: x, w, bias, y, scratch; 4-byte aligned, channels last.
 *
 * order: each output is summed over ky, kx, c from +0 by multiply then add, zeros outside of the picture included, then the bias is added
 */
export function convForwardRoutine(best: Isa, convention: Convention, shape: ConvForwardShape): Assembler {
  const { rows, window, filters, hasBias, relu, slope } = shape;
  const isa = isaOf(best, filters);
  const columns = new Columns(isa, filters, 0);
  const vectors = panelVectors(isa, columns.vectors);
  const padded = paddedOf(window);
  const copyAt = panelBytes(isa, shape);
  const { x: xBytes, y: outBytes } = pictureBytes(shape);
  return routine(convention, FRAME.bytes, (a) => {
    columns.prepare(a);
    a.store64(mem(rsp, FRAME.panels), copyAt > 0 ? r8 : rsi);
    if (copyAt > 0) packPanels(a, isa, columns, vectors, depthOf(shape), filters * F32);
    if (padded.bytes > 0) zeroCopy(a, isa, padded, r8, copyAt);
    const convolution = {
      ...{ rows, columns, vectors, depth: depthOf(shape), lines: linesOf(shape, padded, tallest(isa, vectors)), xBytes, outBytes },
      ...{ hasBias, relu, ...(slope !== undefined && { slope }) },
    };
    convolve(a, isa, convolution, () => {
      if (padded.bytes === 0) {
        a.mov(rbx, rdi);
        return;
      }
      copyPicture(a, isa, padded, window.width * window.channels * F32, rdi, r8, copyAt);
      a.lea(rbx, mem(r8, copyAt));
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

/** Tiles of at most `most` pixels: parts of a line, or some whole lines. */
function linesOf({ window, filters }: ConvShape, padded: Padded, most: number): Run<LinePlan>[] {
  const { outHeight, outWidth, stride, channels } = window;
  const pixel = filters * F32;
  const [xLine, xPixel] = [stride[0] * padded.line, stride[1] * channels * F32];
  const placed: Placed<LinePlan>[] = [];
  let line = 0;
  for (const { size: lines, count } of split(outHeight, Math.max(1, Math.floor(most / outWidth)))) {
    const tiles: Placed<TilePlan>[] = [];
    let first = 0;
    for (const { size: pixels, count: parts } of split(outWidth, most)) {
      const plan = tilePlan(window, padded, { lines, pixels, outLine: outWidth * pixel, outPixel: pixel });
      for (let part = 0; part < parts; part++, first += pixels) tiles.push({ x: first * xPixel, out: first * pixel, plan });
    }
    const plan = runsOf(tiles);
    for (let i = 0; i < count; i++, line += lines) placed.push({ x: line * xLine, out: line * outWidth * pixel, plan });
  }
  return runsOf(placed);
}

function tilePlan(
  { kernel, stride, dilation, channels }: ConvShape['window'],
  padded: Padded,
  { lines, pixels, outLine, outPixel }: { lines: number; pixels: number; outLine: number; outPixel: number },
): TilePlan {
  const places = Array.from({ length: lines * pixels }, (_, i) => [Math.floor(i / pixels), i % pixels] as const);
  const value = channels * F32;
  const groups = Array.from({ length: kernel[0] }, (_ky, ky) => {
    const taps = Array.from({ length: kernel[1] }, (_kx, kx): Segment => {
      const tap = ky * dilation[0] * padded.line + kx * dilation[1] * value;
      const x = places.map(([line, pixel]) => line * stride[0] * padded.line + pixel * stride[1] * value + tap);
      return { depth: channels, x, k: (ky * kernel[1] + kx) * channels };
    });
    return joined(taps);
  });
  return { out: places.map(([line, pixel]) => line * outLine + pixel * outPixel), passes: passesOf(groups) };
}
