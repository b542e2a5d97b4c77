import type { Window } from '../../graph/window.ts';
import type { Assembler } from '../assembler/assembler.ts';
import { type Gpr, mem, r9, r10, r11, r12, r13, r14, rax, rbx, rsp, type Vec } from '../assembler/instruction.ts';
import { type Placed, type Run, runsOf } from '../convolution/plan.ts';
import { F32 } from '../convolution/shape.ts';
import type { Isa } from '../isa.ts';

/** A pool of pictures, channels last. */
export interface PoolShape {
  rows: number;
  window: Window;
}

/** The taps of a window that lie in the picture, in pixels from the first of them, which is 0. */
export type Taps = readonly number[];

/** Windows of a line: `x` is the pixel of the first tap, `out` the bytes from the line's first output. */
type WindowLine = readonly Run<Taps>[];

/** Lines and columns that a window has of the picture. */
function inside(at: number, axis: 0 | 1, { kernel, stride, padding, height, width }: Window): { first: number; count: number } {
  const start = at * stride[axis] - padding[axis];
  const first = Math.max(0, start);
  return { first, count: Math.min(axis === 0 ? height : width, start + kernel[axis]) - first };
}

/** All windows of a picture; undefined if one has no tap in it. */
export function windowLines(window: Window): readonly Run<WindowLine>[] | undefined {
  const { width, channels, outHeight, outWidth } = window;
  const down = Array.from({ length: outHeight }, (_, oy) => inside(oy, 0, window));
  const across = Array.from({ length: outWidth }, (_, ox) => inside(ox, 1, window));
  if ([...down, ...across].some(({ count }) => count <= 0)) return undefined;
  const lineOf = (lines: number): WindowLine => {
    const windows = across.map(({ first, count }, ox): Placed<Taps> => {
      const plan = Array.from({ length: lines * count }, (_, tap) => Math.floor(tap / count) * width + (tap % count));
      return { x: first, out: ox * channels * F32, plan };
    });
    return runsOf(windows);
  };
  return runsOf(down.map(({ first, count }, oy) => ({ x: first * width, out: oy * outWidth * channels * F32, plan: lineOf(count) })));
}

/** Distances of taps that a routine needs as vectors, by their place in the frame. */
export class Distances {
  readonly #places = new Map<number, number>();
  readonly #at: number;

  /** @param at  where in the frame there are four bytes for each tap of any window */
  constructor(lines: readonly Run<WindowLine>[], at: number) {
    this.#at = at;
    for (const taps of lines.flatMap(({ plan }) => plan.map((run) => run.plan))) {
      for (const tap of taps) if (!this.#places.has(tap)) this.#places.set(tap, this.#places.size);
    }
  }

  /** Of the frame, with what stands before. */
  get frameBytes(): number {
    return this.#at + Math.ceil(this.#places.size / 2) * 2 * F32;
  }

  /** Once. Changes rax. */
  prepare(a: Assembler): void {
    for (const [tap, place] of this.#places) {
      a.set(rax, tap);
      a.store32(mem(rsp, this.#at + place * F32), rax);
    }
  }

  /** Where a distance stands. */
  of(tap: number): ReturnType<typeof mem> {
    return mem(rsp, this.#at + (this.#places.get(tap) ?? 0) * F32);
  }
}

/**
 * Runs a body for each window of the picture at `picture`: the first tap at rax, the output r14 bytes from the first one. The body must
 * leave r9 to r14, rax and `pixel`. Changes these and rbx.
 *
 * @param frameAt  where in the frame four bytes are free
 * @param pixel    two vector registers: the number of the first tap's pixel in all lanes, and what it grows by
 */
export function eachWindow(
  a: Assembler,
  isa: Isa,
  {
    lines,
    pixelBytes,
    picture,
    frameAt,
    pixel: [pixel, step],
  }: {
    lines: readonly Run<WindowLine>[];
    pixelBytes: number;
    picture: Gpr;
    frameAt: number;
    pixel: readonly [Vec, Vec];
  },
  body: (taps: Taps) => void,
): void {
  const spread = (dst: Vec, from: Gpr): void => {
    a.store32(mem(rsp, frameAt), from);
    a.broadcast(isa.width, dst, mem(rsp, frameAt));
  };
  for (const line of lines) {
    a.lea(r9, mem(picture, line.x * pixelBytes));
    a.set(r10, line.out);
    a.set(r11, line.x);
    a.repeat(r12, line.count, () => {
      for (const run of line.plan) {
        a.set(rbx, run.xStep);
        spread(step, rbx);
        a.lea(rbx, mem(r11, run.x));
        spread(pixel, rbx);
        a.lea(rax, mem(r9, run.x * pixelBytes));
        a.lea(r14, mem(r10, run.out));
        a.repeat(r13, run.count, () => {
          body(run.plan);
          if (run.count === 1) return;
          a.add(rax, run.xStep * pixelBytes);
          a.add(r14, run.outStep);
          a.op('vpaddd', isa.width, pixel, pixel, step);
        });
      }
      a.add(r9, line.xStep * pixelBytes);
      a.add(r10, line.outStep);
      a.add(r11, line.xStep);
    });
  }
}
