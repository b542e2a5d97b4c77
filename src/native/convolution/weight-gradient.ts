import type { Assembler } from '../assembler/assembler.ts';
import { mem, r8, r9, r10, r11, r12, r13, r14, r15, rax, rbp, rbx, rcx, rdi, rdx, rsi, rsp } from '../assembler/instruction.ts';
import { Columns, isTail, type PanelRun, split } from '../columns.ts';
import { type Isa, isaOf } from '../isa.ts';
import { waitingTiles } from '../products/schedule.ts';
import { panelVectors, sumOverK, Tile, tallest } from '../products/tile.ts';
import { type Convention, routine } from '../routine.ts';
import { eachOfRun, inBytes, UNROLL } from './convolve.ts';
import { copyBytes, copyPicture, zeroCopy } from './padded.ts';
import { type Run, runsOf } from './plan.ts';
import { type ConvShape, depthOf, F32, type Padded, paddedOf, pictureValues } from './shape.ts';

/** Bytes of leaf gradients that are kept at a time, if one panel takes no more. */
const STACK_BYTES = 2 ** 20;

/** dw, summed per leaf and then by the tree. */
export interface ConvGradientShape extends ConvShape {
  leaves: number;
}

/** Byte offsets in the frame, behind the mask. */
const FRAME = { count: 32, panel: 40, x: 48, dz: 56, dzNow: 64, schedule: 72, bytes: 80 };

interface Layout {
  vectors: number;
  /** Panels whose leaf gradients are summed together. */
  perGroup: number;
  /** Bytes of the gradients of a leaf and of those that wait, at most: a bound that grows with the leaves. A copied picture is behind them. */
  stack: number;
}

function layoutOf(isa: Isa, shape: ConvGradientShape): Layout {
  const { vectors: all } = new Columns(isa, shape.filters, 0);
  const vectors = panelVectors(isa, all);
  const panel = (waitingTiles(shape.leaves) + 1) * depthOf(shape) * vectors * isa.width;
  const perGroup = Math.max(1, Math.floor(STACK_BYTES / panel));
  return { vectors, perGroup, stack: Math.min(Math.max(panel, STACK_BYTES), panel * Math.ceil(all / vectors)) };
}

/** Bytes of scratch that the routine for a shape needs, beside the schedule. */
export function convWeightGradientScratch(best: Isa, shape: ConvGradientShape): number {
  const isa = isaOf(best, shape.filters);
  return layoutOf(isa, shape).stack + copyBytes(isa, paddedOf(shape.window));
}

/**
 * The routine of a weight's gradient. Arguments: x, dz, dw, schedule (`leafSchedule`), scratch.
 *
 * order: leaf: rows, oy, ox in order from +0, multiply then add, zeros outside of the picture included; tree: from the left, as in
 * dense_weight_gradient. A leaf's gradient stays in scratch from picture to picture
 */
export function convWeightGradientRoutine(best: Isa, convention: Convention, shape: ConvGradientShape): Assembler {
  const { window, filters } = shape;
  const isa = isaOf(best, filters);
  const columns = new Columns(isa, filters, 0);
  const { vectors, perGroup, stack } = layoutOf(isa, shape);
  const padded = paddedOf(window);
  return routine(convention, FRAME.bytes, (a) => {
    columns.prepare(a);
    if (padded.size > 0) zeroCopy(a, isa, padded, r8, stack);
    for (const [register, at] of [
      [rdi, FRAME.x],
      [rsi, FRAME.dz],
      [rcx, FRAME.schedule],
    ] as const)
      a.store64(mem(rsp, at), register);
    for (const { first, runs } of columns.groups(vectors, perGroup)) {
      const bytes = depthOf(shape) * runs.reduce((sum, run) => sum + run.vectors * run.count, 0) * isa.width;
      a.mov(rdi, mem(rsp, FRAME.x));
      a.mov(rcx, mem(rsp, FRAME.schedule));
      a.mov(rax, mem(rsp, FRAME.dz));
      a.add(rax, first * isa.width);
      a.store64(mem(rsp, FRAME.dzNow), rax);
      leafSums(a, isa, bytes, () => {
        if (padded.size === 0) a.mov(rbx, rdi);
        else {
          copyPicture(a, isa, padded, window.width * window.channels * F32, rdi, r8, stack);
          a.lea(rbx, mem(r8, stack));
        }
        addPicture(a, isa, shape, { columns, runs, padded, vectors });
      });
      storeSums(a, isa, shape, { columns, runs, first });
    }
  });
}

/**
 * Gradients of a group of panels, `bytes` in all, leaf by leaf from rbp = r8 on, along the schedule at rcx: the sum is at rbp in the end. Changes
 * r10, r11, rax.
 *
 * @param add  adds a picture to those at rbp and moves on to the next; must leave rcx, rbp, r8
 */
function leafSums(a: Assembler, isa: Isa, bytes: number, add: () => void): void {
  const [leaf, picture, merge, merged, root] = [a.label(), a.label(), a.label(), a.label(), a.label()];
  const eachVector = (body: () => void): void => {
    a.mov(r10, rbp);
    a.repeat(r11, bytes / isa.width, () => {
      body();
      a.add(r10, isa.width);
    });
  };
  a.mov(rbp, r8);
  a.bind(leaf);
  a.zero(isa.width, 0);
  eachVector(() => a.store(isa.width, mem(r10), 0));
  a.mov32(rax, mem(rcx));
  a.store64(mem(rsp, FRAME.count), rax);
  a.bind(picture);
  add();
  a.stepInFrame(FRAME.count);
  a.jumpIf('ne', picture);
  a.mov32(rax, mem(rcx, 4));
  a.test(rax);
  a.jumpIf('e', merged);
  a.bind(merge);
  a.sub(rbp, bytes);
  eachVector(() => {
    a.load(isa.width, 0, mem(r10));
    a.op('vaddps', isa.width, 0, 0, mem(r10, bytes));
    a.store(isa.width, mem(r10), 0);
  });
  a.sub(rax, 1);
  a.jumpIf('ne', merge);
  a.bind(merged);
  a.add(rcx, 8);
  a.mov32(rax, mem(rcx));
  a.test(rax);
  a.jumpIf('e', root);
  a.add(rbp, bytes);
  a.jump(leaf);
  a.bind(root);
}

interface Group {
  columns: Columns;
  runs: readonly PanelRun[];
}

/** Adds the picture at rbx with the dz that the frame says, and moves on to the next ones. Changes all but rcx, rdx, rbx, rbp, r8. */
function addPicture(
  a: Assembler,
  isa: Isa,
  shape: ConvGradientShape,
  { columns, runs, padded, vectors }: Group & { padded: Padded; vectors: number },
): void {
  const depth = depthOf(shape);
  const values = pictureValues(shape);
  const tiles = tilesOf(shape, padded, tallest(isa, vectors));
  a.mov(r15, mem(rsp, FRAME.dzNow));
  a.mov(r12, rbp);
  for (const run of runs) {
    const width = run.vectors * isa.width;
    a.repeatInFrame(FRAME.panel, run.count, () => {
      for (const one of tiles) {
        eachOfRun(a, inBytes(one, F32, width), { x: rbx, out: r12 }, { x: r9, out: r14, counter: r13 }, () => {
          addToTile(a, isa, shape, one.plan, { columns, run, padded });
        });
      }
      a.add(r12, depth * width);
      a.add(r15, width);
    });
  }
  a.mov(rax, mem(rsp, FRAME.dzNow));
  a.add(rax, values.y * F32);
  a.store64(mem(rsp, FRAME.dzNow), rax);
  a.add(rdi, values.x * F32);
}

/** Tiles of at most `most` weights of a filter: `x` is where the first one's tap leads, `out` the first one, the plan where all lead from there. */
function tilesOf(shape: ConvGradientShape, padded: Padded, most: number): Run<readonly number[]>[] {
  const { kernel, dilation, channels } = shape.window;
  const depth = depthOf(shape);
  const run = dilation[1] === 1 ? kernel[1] * channels : channels;
  const xOf = (k: number): number => {
    const [tap, channel] = [Math.floor(k / channels), k % channels];
    const [ky, kx] = [Math.floor(tap / kernel[1]), tap % kernel[1]];
    return ky * dilation[0] * padded.line + kx * dilation[1] * channels + channel;
  };
  // Long runs are divided each by itself, into tiles that are the same.
  const sizes = (run >= 2 * most ? Array.from({ length: depth / run }, () => run) : [depth]).flatMap((size) => split(size, most));
  let first = 0;
  const placed = sizes.flatMap(({ size, count }) =>
    Array.from({ length: count }, () => {
      const [out, x] = [first, xOf(first)];
      first += size;
      return { x, out, plan: Array.from({ length: size }, (_, i) => xOf(out + i) - x) };
    }),
  );
  return runsOf(placed);
}

/** The sums at r14 with a picture at r9 and a panel of its dz at r15. Changes r10, r11, rax, rsi. */
function addToTile(
  a: Assembler,
  isa: Isa,
  { window, filters }: ConvGradientShape,
  rows: readonly number[],
  { columns, run, padded }: { columns: Columns; run: PanelRun; padded: Padded },
): void {
  const { outHeight, outWidth, stride, channels } = window;
  const [xPixel, xLine, dzPixel] = [stride[1] * channels * F32, stride[0] * padded.line * F32, filters * F32];
  const tile = new Tile(isa, rows.length, run.vectors);
  tile.each((sum) => a.load(isa.width, sum, mem(r14, sum * isa.width)));
  a.mov(rax, r9);
  a.mov(r10, r15);
  // Lines without a gap are one.
  const isOne = outWidth * xPixel === xLine;
  const depth = isOne ? outHeight * outWidth : outWidth;
  a.repeat(rsi, isOne ? 1 : outHeight, () => {
    const moved = sumOverK(
      a,
      tile,
      {
        x: { register: rax, bytesPerK: xPixel },
        rowAt: (row) => (rows[row] as number) * F32,
        b: { register: r10, bytesPerK: dzPixel },
        loadB: (dst, from, vector) => columns.load(a, dst, from, isTail(run, vector), tile.spare),
      },
      { depth, unroll: UNROLL, width: isa.width },
    );
    a.add(rax, xLine - moved * xPixel);
    a.add(r10, (depth - moved) * dzPixel);
  });
  tile.each((sum) => a.store(isa.width, mem(r14, sum * isa.width), sum));
}

/** The sums at rbp to their columns of dw at rdx. Changes r10, r11, r13, r14, rbp. */
function storeSums(a: Assembler, isa: Isa, shape: ConvGradientShape, { columns, runs, first }: Group & { first: number }): void {
  a.lea(r14, mem(rdx, first * isa.width));
  for (const run of runs) {
    a.repeat(r13, run.count, () => {
      a.mov(r10, r14);
      a.repeat(r11, depthOf(shape), () => {
        for (let vector = 0; vector < run.vectors; vector++) {
          a.load(isa.width, 0, mem(rbp, vector * isa.width));
          columns.store(a, mem(r10, vector * isa.width), 0, isTail(run, vector), 1);
        }
        a.add(rbp, run.vectors * isa.width);
        a.add(r10, shape.filters * F32);
      });
      a.add(r14, run.vectors * isa.width);
    });
  }
}
