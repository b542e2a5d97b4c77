import type { Assembler } from '../assembler/assembler.ts';
import { mem, r8, r9, r10, r11, r12, r13, r14, r15, rax, rbp, rbx, rcx, rdi, rdx, rsi } from '../assembler/instruction.ts';
import type { Isa } from '../isa.ts';
import { activateTile } from '../products/epilogue.ts';
import { transposeSquare } from '../products/pack.ts';
import { sumOverK, Tile } from '../products/tile.ts';
import { eachOfRun, FRAME, inBytes } from './convolve.ts';
import { zeroVectors } from './padded.ts';
import type { LinePlan, Pass, Run, TilePlan } from './plan.ts';
import { F32, type Padded } from './shape.ts';

/** Sums over windows of as many pictures at a time as a vector has lanes, one in each: what few columns would leave idle works. */
export interface Across {
  /** Pictures. */
  rows: number;
  /** Of an output pixel. */
  columns: number;
  /** Of tiles of one line, `tilePixels` wide. */
  lines: readonly Run<LinePlan>[];
  /** Output values of a line. */
  lineValues: number;
  source: Source;
  /** Values of a picture that comes in, and of one that goes out. */
  values: { x: number; out: number };
  /** Where the weight of the first k of a segment, and of the first column, stands; bytes from k to k and from column to column. */
  weightAt: (k: number) => number;
  bytesPerK: number;
  bytesPerColumn: number;
  hasBias: boolean;
  relu: boolean;
  slope?: number;
}

/** Stretches of neighbouring values that are read of a picture: what is before the first one, and from one to the next, here and in scratch. */
export interface Source {
  count: number;
  width: number;
  step: number;
  /** All values in scratch, zeros around the picture included. */
  size: number;
  at: number;
  line: number;
}

/** The whole picture, or its lines with zeros around them. */
export function sourceOf(picture: number, padded: Padded | undefined, step: number): Source {
  if (padded === undefined || padded.size === 0) return { count: 1, width: picture, step: 0, size: picture, at: 0, line: 0 };
  const { lines, width, size, at, line } = padded;
  return { count: lines, width, step, size, at, line };
}

/** Pixels of a tile for its columns; 0 where they are too many for the registers. */
export function tilePixels(isa: Isa, columns: number): number {
  // Products, broadcasts, and what a leaky relu needs.
  const free = isa.registers - 4;
  return columns > free - 1 ? 0 : Math.max(1, Math.floor((free + (isa.broadcasts ? 0 : 2)) / (columns + 1)));
}

/** k's that need no loop. Others are one a turn: there are many kinds of tiles. measured: 77 -> 84 GFLOP/s, by 62 kB of code in place of 165. */
const SHORT = 8;
/** Values in scratch, at most: they stay in L2. */
const MOST_VALUES = 8192;
/** Cycles of turning a value, beside those of a product of vectors; of a vector of AVX2 where there is AVX-512. measured: Sapphire Rapids. */
const TURN = { avx512: 0.27, avx2: 0.47 } as const;
/** What it has to be faster by. */
const GAIN = 0.9;

/**
 * Whether pictures as lanes are faster than columns as lanes.
 *
 * @param products     of a picture's output pixels, one column each
 * @param columnCost   cycles of a product of all columns
 */
export function paysAcross(
  isa: Isa,
  { rows, columns, products, columnCost }: { rows: number; columns: number; products: number; columnCost: number },
  { width, size, count }: Source,
  { lineValues, outValues }: { lineValues: number; outValues: number },
): boolean {
  if (width < isa.lanes || lineValues < isa.lanes || tilePixels(isa, columns) === 0 || size + lineValues > MOST_VALUES) return false;
  const used = rows / (Math.ceil(rows / isa.lanes) * isa.lanes);
  const turned = TURN[isa.name] * (width * count + outValues);
  return (products * columns) / isa.lanes + turned < GAIN * used * products * columnCost;
}

/** Bytes of scratch. */
export function acrossScratch(isa: Isa, size: number, lineValues: number): number {
  return (size + lineValues) * isa.width;
}

/** All pictures: those that come in at rdi, w at rsi, bias at rdx, those that go out at rcx. Changes all registers but rsp, rsi, rdx, r8. */
export function convolveAcross(a: Assembler, isa: Isa, across: Across): void {
  const { rows, source } = across;
  if (source.size > source.count * source.width) zeroVectors(a, isa, source.size, r8, 0);
  a.repeatInFrame(FRAME.row, Math.floor(rows / isa.lanes), () => somePictures(a, isa, across, isa.lanes));
  if (rows % isa.lanes > 0) somePictures(a, isa, across, rows % isa.lanes);
}

function somePictures(a: Assembler, isa: Isa, across: Across, pictures: number): void {
  const { lines, lineValues, source, values } = across;
  const bufferAt = source.size * isa.width;
  turnIn(a, isa, across, pictures);
  for (const line of lines) {
    // The source in lanes of pictures, the outputs in lines of one.
    eachOfRun(a, inBytes(line, isa.width, F32), { x: r8, out: rcx }, { x: rbx, out: rbp, counter: r12 }, () => {
      for (const tiles of line.plan) {
        const placed = inBytes(tiles, isa.width);
        eachOfRun(a, { ...placed, out: placed.out + bufferAt }, { x: rbx, out: r8 }, { x: r9, out: r14, counter: r13 }, () => {
          tileAcross(a, isa, tiles.plan, across);
        });
      }
      a.lea(rax, mem(r8, bufferAt));
      a.mov(r9, rbp);
      const square = { rowBytes: isa.width, outBytes: values.out * F32, columns: pictures };
      eachSquare(a, isa, lineValues, { from: isa.lanes * isa.width, to: isa.width }, () => transposeSquare(a, isa, square));
    });
  }
  a.add(rdi, pictures * values.x * F32);
  a.add(rcx, pictures * values.out * F32);
}

/** Pictures at rdi to scratch, a value of all of them in a vector. Changes rax, r9, r11 to r14. */
function turnIn(a: Assembler, isa: Isa, { source, values }: Across, pictures: number): void {
  const { count, width, step, at, line } = source;
  a.mov(r13, rdi);
  a.lea(r14, mem(r8, at * isa.width));
  a.repeat(r12, count, () => {
    a.mov(rax, r13);
    a.mov(r9, r14);
    const square = { rowBytes: values.x * F32, outBytes: isa.width, rows: pictures };
    eachSquare(a, isa, width, { from: isa.width, to: isa.lanes * isa.width }, () => transposeSquare(a, isa, square));
    a.add(r13, step * F32);
    a.add(r14, line * isa.width);
  });
}

/** Runs a body for the squares of so many values, from rax to r9; the last one overlaps the one before. Changes r11. */
function eachSquare(a: Assembler, isa: Isa, values: number, { from, to }: { from: number; to: number }, body: () => void): void {
  const rest = values % isa.lanes;
  a.repeat(r11, Math.floor(values / isa.lanes), () => {
    body();
    a.add(rax, from);
    a.add(r9, to);
  });
  if (rest === 0) return;
  const back = isa.lanes - rest;
  a.sub(rax, (back * from) / isa.lanes);
  a.sub(r9, (back * to) / isa.lanes);
  body();
}

/** The tile of outputs at r14, its source at r9. Changes r10, r11, r15, rax. */
function tileAcross(a: Assembler, isa: Isa, { out, passes }: TilePlan, across: Across): void {
  const { columns, hasBias, relu, slope } = across;
  const { width } = isa;
  const tile = new Tile(isa, columns, out.length);
  tile.each((sum) => a.zero(width, sum));
  for (const pass of passes) {
    a.lea(rax, mem(rsi, across.weightAt(pass.segments[0]?.k ?? 0)));
    a.mov(r10, r9);
    a.repeat(r15, pass.times, () => sumOfPass(a, isa, tile, pass, across));
  }
  const { spare } = tile;
  if (hasBias) {
    tile.each((sum, column, pixel) => {
      if (isa.broadcasts) a.op('vaddps', width, sum, sum, mem(rdx, column * F32), { broadcast: true });
      else {
        if (pixel === 0) a.broadcast(width, spare, mem(rdx, column * F32));
        a.op('vaddps', width, sum, sum, spare);
      }
    });
  }
  activateTile(a, isa, tile, { relu, slope, frameAt: FRAME.slope });
  tile.each((sum, column, pixel) => a.store(width, mem(r14, ((out[pixel] as number) + column) * width), sum));
}

/** One time of a pass, w in rax and the source in r10, which move on to the next. Changes r11. */
function sumOfPass(a: Assembler, isa: Isa, tile: Tile, { segments, times, xStep, kStep }: Pass, across: Across): void {
  const { weightAt, bytesPerK, bytesPerColumn } = across;
  const first = segments[0]?.k ?? 0;
  // Bytes that the registers have come.
  let [w, x] = [0, 0];
  for (const segment of segments) {
    const moved = sumOverK(
      a,
      tile,
      {
        x: { register: rax, bytesPerK, offset: weightAt(segment.k) - weightAt(first) - w },
        rowAt: (column) => column * bytesPerColumn,
        b: { register: r10, bytesPerK: isa.width, offset: -x },
        vectorAt: (pixel) => {
          const at = segment.x[pixel];
          return at === undefined ? undefined : at * isa.width;
        },
        loadB: (dst, from) => a.load(isa.width, dst, from),
      },
      { depth: segment.depth, unroll: segment.depth <= SHORT ? segment.depth : 1, width: isa.width },
    );
    w += moved * bytesPerK;
    x += moved * isa.width;
  }
  if (times === 1) return;
  a.add(rax, weightAt(first + kStep) - weightAt(first) - w);
  a.add(r10, xStep * isa.width - x);
}
