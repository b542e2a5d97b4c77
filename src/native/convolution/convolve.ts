import type { Assembler } from '../assembler/assembler.ts';
import { type Gpr, mem, r9, r10, r12, r13, r14, r15, rax, rbp, rbx, rcx, rdi, rdx, rsi, rsp } from '../assembler/instruction.ts';
import type { Columns, PanelRun } from '../columns.ts';
import type { Isa } from '../isa.ts';
import { finishTile } from '../products/epilogue.ts';
import { sumOverK, Tile } from '../products/tile.ts';
import type { LinePlan, Pass, Run, TilePlan } from './plan.ts';
import { F32 } from './shape.ts';

/** k's of one turn of a loop. */
export const UNROLL = 4;

/** Byte offsets in the frame, behind the mask. */
export const FRAME = { slope: 32, row: 40, panel: 48, panels: 56, x: 64, bytes: 72 };

/** Sums over windows of pictures: a product whose rows of a are pixels, in the order of a plan. */
export interface Convolution {
  /** Pictures. */
  rows: number;
  /** Of an output pixel. */
  columns: Columns;
  /** Vectors of a panel. */
  vectors: number;
  /** k's of a panel. */
  depth: number;
  lines: readonly Run<LinePlan>[];
  /** Of a picture that comes in, and of one that goes out. */
  values: { x: number; out: number };
  hasBias: boolean;
  relu: boolean;
  slope?: number;
}

/**
 * All pictures: those that come in at rdi, bias at rdx, those that go out at rcx, packed panels where the frame says. Changes all registers
 * but rsp and r8.
 *
 * @param source  leaves where the picture at rdi is read in rbx; may change every register but rdi, rdx, rcx, r8
 */
export function convolve(a: Assembler, isa: Isa, convolution: Convolution, source: () => void): void {
  const { rows, columns, vectors, depth, lines, values, hasBias } = convolution;
  const panels = columns.groups(vectors, columns.vectors).flatMap(({ runs }) => runs);
  const panelBytes = columns.vectors * isa.width;
  a.repeatInFrame(FRAME.row, rows, () => {
    source();
    a.store64(mem(rsp, FRAME.x), rdi);
    a.mov(r15, mem(rsp, FRAME.panels));
    for (const run of panels) {
      const width = run.vectors * isa.width;
      a.repeatInFrame(FRAME.panel, run.count, () => {
        for (const line of lines) {
          eachOfRun(a, inBytes(line, F32), { x: rbx, out: rcx }, { x: rdi, out: rbp, counter: r12 }, () => {
            for (const tiles of line.plan) {
              eachOfRun(a, inBytes(tiles, F32), { x: rdi, out: rbp }, { x: r9, out: r14, counter: r13 }, () => {
                tileOfPlan(a, isa, tiles.plan, run, convolution);
              });
            }
          });
        }
        a.add(rcx, width);
        if (hasBias) a.add(rdx, width);
        a.add(r15, depth * width);
      });
    }
    a.mov(rdi, mem(rsp, FRAME.x));
    a.add(rdi, values.x * F32);
    a.add(rcx, values.out * F32 - panelBytes);
    if (hasBias) a.sub(rdx, panelBytes);
  });
}

/** A run whose values have so many bytes in the source, and so many among the outputs. */
export function inBytes<T>(run: Run<T>, x: number, out = x): Run<T> {
  return { ...run, x: run.x * x, xStep: run.xStep * x, out: run.out * out, outStep: run.outStep * out };
}

/** Runs a body for each of a run, with its places, in bytes, in two registers, which it must leave alone, as the counter. */
export function eachOfRun(
  a: Assembler,
  { x, out, count, xStep, outStep }: Run<unknown>,
  from: { x: Gpr; out: Gpr },
  to: { x: Gpr; out: Gpr; counter: Gpr },
  body: () => void,
): void {
  a.lea(to.x, mem(from.x, x));
  a.lea(to.out, mem(from.out, out));
  a.repeat(to.counter, count, () => {
    body();
    if (count === 1) return;
    a.add(to.x, xStep);
    a.add(to.out, outStep);
  });
}

/** The tile of outputs at r14, its source at r9, with a panel at r15 and its bias at rdx. Changes r10, r11, rax, rsi. */
function tileOfPlan(
  a: Assembler,
  isa: Isa,
  { out, passes }: TilePlan,
  run: PanelRun,
  { columns, hasBias, relu, slope }: Convolution,
): void {
  const tile = new Tile(isa, out.length, run.vectors);
  tile.each((sum) => a.zero(isa.width, sum));
  const bytesPerK = run.vectors * isa.width;
  for (const pass of passes) {
    a.mov(rax, r9);
    a.lea(r10, mem(r15, (pass.segments[0]?.k ?? 0) * bytesPerK));
    a.repeat(rsi, pass.times, () => sumOfPass(a, isa, tile, pass, bytesPerK));
  }
  const frameAt = FRAME.slope;
  finishTile(a, isa, tile, { columns, run, bias: hasBias ? rdx : undefined, relu, slope, frameAt }, (row, vector) =>
    mem(r14, (out[row] as number) * F32 + vector * isa.width),
  );
}

/** One time of a pass, the source in rax and the panel in r10, which move on to the next. Changes r11. */
function sumOfPass(a: Assembler, isa: Isa, tile: Tile, { segments, times, xStep, kStep }: Pass, bytesPerK: number): void {
  // How far the registers have come.
  let x = 0;
  let k = segments[0]?.k ?? 0;
  const first = k;
  for (const segment of segments) {
    const moved = sumOverK(
      a,
      tile,
      {
        x: { register: rax, bytesPerK: F32, offset: -x },
        rowAt: (row) => bytesOf(segment.x[row]),
        b: { register: r10, bytesPerK, offset: (segment.k - k) * bytesPerK },
        loadB: (dst, from) => a.load(isa.width, dst, from),
      },
      { depth: segment.depth, unroll: UNROLL, width: isa.width },
    );
    x += moved * F32;
    k += moved;
  }
  if (times === 1) return;
  a.add(rax, xStep * F32 - x);
  a.add(r10, (kStep + first - k) * bytesPerK);
}

function bytesOf(values: number | undefined): number | undefined {
  return values === undefined ? undefined : values * F32;
}
