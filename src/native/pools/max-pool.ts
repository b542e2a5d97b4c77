import type { Assembler } from '../assembler/assembler.ts';
import { type Gpr, mem, PREDICATE, r8, r11, r14, r15, rax, rbx, rdi, rdx, rsi, type Vec } from '../assembler/instruction.ts';
import { Columns, isTail, type PanelRun } from '../columns.ts';
import { F32 } from '../convolution/shape.ts';
import type { Isa } from '../isa.ts';
import { type Convention, routine } from '../routine.ts';
import { Distances, eachWindow, type PoolShape, type Taps, windowLines } from './windows.ts';

/** Vectors of channels at a time. */
const VECTORS = 4;
/** Taps of a window, at most: each is code of its own. */
const MOST_TAPS = 64;
/** Byte offsets in the frame, behind the mask. */
const FRAME = { row: 32, spread: 40, taps: 48 };
/** Mask registers of what is looked for; the first is that of the tail. */
const FOUND = 2;
const IS_NUMBER = 3;
/** Vector registers; those of a vector of channels come first, then those of its pixels. */
const V = { best: 0, at: VECTORS, value: 8, found: 9, other: 10, spare: 11, pixel: 12, step: 13, zero: 14 } as const;

/** Whether there is a routine: all windows have a tap in the picture, and not too many. */
export function hasMaxPool({ window }: PoolShape): boolean {
  return window.kernel[0] * window.kernel[1] <= MOST_TAPS && windowLines(window) !== undefined;
}

/** Runs a body for the channels of a window, some vectors at a time, at rax and r14. Changes r15. */
function eachChannel(a: Assembler, isa: Isa, columns: Columns, body: (run: PanelRun) => void): void {
  const panels = columns.groups(VECTORS, columns.vectors).flatMap(({ runs }) => runs);
  const isOne = panels.length === 1 && panels[0]?.count === 1;
  for (const run of panels) {
    a.repeat(r15, run.count, () => {
      body(run);
      if (isOne) return;
      a.add(rax, run.vectors * isa.width);
      a.add(r14, run.vectors * isa.width);
    });
  }
  if (isOne) return;
  a.sub(rax, columns.vectors * isa.width);
  a.sub(r14, columns.vectors * isa.width);
}

/**
 * The routine of a pool of the largest values. Arguments: x, y, index; 4-byte aligned, channels last.
 *
 * order: taps in scan order; the first of equal ones stays, the first NaN before all, as in max_pool_forward
 */
export function maxPoolRoutine(isa: Isa, convention: Convention, shape: PoolShape & { hasIndex: boolean }): Assembler {
  const { rows, window, hasIndex } = shape;
  const { channels, height, width, outHeight, outWidth } = window;
  const columns = new Columns(isa, channels, 0);
  const lines = windowLines(window) ?? [];
  const distances = new Distances(lines, FRAME.taps);
  const pixelBytes = channels * F32;
  return routine(convention, distances.frameBytes, (a) => {
    columns.prepare(a);
    if (hasIndex) distances.prepare(a);
    const take = (vector: number, tap: number): void => {
      const [largest, at] = [V.best + vector, V.at + vector];
      takeLarger(a, isa, largest);
      if (!hasIndex) return;
      if (isa.broadcasts) a.vector('vbroadcastss', isa.width, { r: at, rm: distances.of(tap) }, { mask: FOUND });
      else {
        a.broadcast(isa.width, V.other, distances.of(tap));
        blend(a, isa, at, V.other);
      }
    };
    const largestOf = (run: PanelRun, taps: Taps): void => {
      for (let vector = 0; vector < run.vectors; vector++) {
        columns.load(a, V.best + vector, mem(rax, vector * isa.width), isTail(run, vector), V.spare);
        if (hasIndex) a.zero(isa.width, V.at + vector);
      }
      for (const tap of taps.slice(1)) {
        for (let vector = 0; vector < run.vectors; vector++) {
          columns.load(a, V.value, mem(rax, tap * pixelBytes + vector * isa.width), isTail(run, vector), V.spare);
          take(vector, tap);
        }
      }
      for (let vector = 0; vector < run.vectors; vector++) {
        columns.store(a, mem(rsi, vector * isa.width, r14), V.best + vector, isTail(run, vector), V.spare);
        if (!hasIndex) continue;
        a.op('vpaddd', isa.width, V.at + vector, V.at + vector, V.pixel);
        columns.store(a, mem(rdx, vector * isa.width, r14), V.at + vector, isTail(run, vector), V.spare);
      }
    };
    const site = { lines, pixelBytes, picture: rdi, frameAt: FRAME.spread, pixel: [V.pixel, V.step] as const };
    a.repeat(r8, rows, () => {
      eachWindow(a, isa, site, (taps) => eachChannel(a, isa, columns, (run) => largestOf(run, taps)));
      a.add(rdi, height * width * pixelBytes);
      a.add(rsi, outHeight * outWidth * pixelBytes);
      if (hasIndex) a.add(rdx, outHeight * outWidth * pixelBytes);
    });
  });
}

/** Whether there is a routine for backward: windows do not overlap, and as for forward. */
export function hasMaxPoolBackward(shape: PoolShape): boolean {
  const { kernel, stride } = shape.window;
  return kernel[0] <= stride[0] && kernel[1] <= stride[1] && hasMaxPool(shape);
}

/**
 * The routine of its gradient, for windows that do not overlap. Arguments: dy, index, dx.
 *
 * order: each pixel is +0, or +0 + dy where it is its window's largest, as in max_pool_backward
 */
export function maxPoolBackwardRoutine(isa: Isa, convention: Convention, shape: PoolShape): Assembler {
  const { rows, window } = shape;
  const { channels, height, width, outHeight, outWidth } = window;
  const columns = new Columns(isa, channels, 0);
  const lines = windowLines(window) ?? [];
  const distances = new Distances(lines, FRAME.taps);
  const pixelBytes = channels * F32;
  const inWindows = lines.reduce((sum, line) => {
    return sum + line.count * line.plan.reduce((all, run) => all + run.count * run.plan.length, 0);
  }, 0);
  return routine(convention, distances.frameBytes, (a) => {
    columns.prepare(a);
    distances.prepare(a);
    a.zero(isa.width, V.zero);
    const spread = (run: PanelRun, taps: Taps): void => {
      for (let vector = 0; vector < run.vectors; vector++) {
        columns.load(a, V.best + vector, mem(rdi, vector * isa.width, r14), isTail(run, vector), V.spare);
        a.op('vaddps', isa.width, V.best + vector, V.zero, V.best + vector);
        columns.load(a, V.at + vector, mem(rsi, vector * isa.width, r14), isTail(run, vector), V.spare);
      }
      for (const tap of taps) {
        a.broadcast(isa.width, V.other, distances.of(tap));
        a.op('vpaddd', isa.width, V.other, V.other, V.pixel);
        for (let vector = 0; vector < run.vectors; vector++) {
          a.op('vpcmpeqd', isa.width, isa.broadcasts ? FOUND : V.found, V.at + vector, V.other);
          if (isa.broadcasts) a.load(isa.width, V.value, V.best + vector, { mask: FOUND, zero: true });
          else a.op('vandps', isa.width, V.value, V.found, V.best + vector);
          columns.store(a, mem(rax, tap * pixelBytes + vector * isa.width), V.value, isTail(run, vector), V.spare);
        }
      }
    };
    const site = { lines, pixelBytes, picture: rdx, frameAt: FRAME.spread, pixel: [V.pixel, V.step] as const };
    a.repeat(r8, rows, () => {
      if (inWindows < height * width) zeroFloats(a, isa, rdx, height * width * channels);
      eachWindow(a, isa, site, (taps) => eachChannel(a, isa, columns, (run) => spread(run, taps)));
      a.add(rdi, outHeight * outWidth * pixelBytes);
      a.add(rsi, outHeight * outWidth * pixelBytes);
      a.add(rdx, height * width * pixelBytes);
    });
  });
}

/** Changes rax, rbx, r11. */
function zeroFloats(a: Assembler, isa: Isa, at: Gpr, floats: number): void {
  a.mov(rax, at);
  a.set(rbx, 0);
  a.repeat(r11, Math.floor(floats / isa.lanes), () => {
    a.store(isa.width, mem(rax), V.zero);
    a.add(rax, isa.width);
  });
  a.repeat(r11, floats % isa.lanes, () => {
    a.store32(mem(rax), rbx);
    a.add(rax, F32);
  });
}

/** largest = the value where it is larger or no number, and `largest` is one; `found` where that is so. Changes `value` and `other`. */
function takeLarger(a: Assembler, isa: Isa, largest: Vec): void {
  const { width } = isa;
  const compare = (r: number, v: Vec, rm: Vec, immediate: number, mask?: number): void =>
    a.vector('vcmpps', width, { r, v, rm, immediate }, mask === undefined ? {} : { mask });
  if (isa.broadcasts) {
    compare(IS_NUMBER, largest, largest, PREDICATE.ordered);
    compare(FOUND, V.value, largest, PREDICATE.notLessOrEqual, IS_NUMBER);
    a.load(width, largest, V.value, { mask: FOUND });
    return;
  }
  compare(V.found, V.value, largest, PREDICATE.notLessOrEqual);
  compare(V.other, largest, largest, PREDICATE.ordered);
  a.op('vandps', width, V.found, V.found, V.other);
  blend(a, isa, largest, V.value);
}

/** dst = src where `found` is set, without masks. Changes `src`. */
function blend(a: Assembler, { width }: Isa, dst: Vec, src: Vec): void {
  a.op('vxorps', width, src, src, dst);
  a.op('vandps', width, src, src, V.found);
  a.op('vxorps', width, dst, dst, src);
}
