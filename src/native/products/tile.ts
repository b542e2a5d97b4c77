import type { Assembler } from '../assembler/assembler.ts';
import { type Gpr, type Mem, mem, r11, type Vec } from '../assembler/instruction.ts';
import type { Isa } from '../isa.ts';

/** Rows of a tile for its vectors: accumulators, one vector of b each, and what multiplications need, fill the registers. */
const MOST_ROWS = { avx512: [0, 28, 14, 9, 6, 5, 4], avx2: [0, 12, 6, 3] } as const;

/** Rows of the tallest tile of so many vectors. */
export function tallest(isa: Isa, vectors: number): number {
  const rows = MOST_ROWS[isa.name][vectors];
  if (rows === undefined) throw new RangeError(`no tile of ${vectors} vectors for ${isa.name}`);
  return rows;
}

/** Vectors of a panel for a matrix of so many. measured: two for wide ones, 6x16 in AVX2, 14x32 in AVX-512. */
export function panelVectors(isa: Isa, vectors: number): number {
  if (vectors <= 1) return 1;
  return isa.name === 'avx2' ? 2 : vectors <= 3 ? vectors : 2;
}

/**
 * A tile of c, [rows, vectors], in registers: c += a b, one k after the other, multiply then add. Each element is one sequential sum
 * whatever the tile, which is why the bits are those of the WebAssembly kernels.
 */
export class Tile {
  readonly rows: number;
  readonly vectors: number;
  /** A register that holds nothing outside of a step. */
  readonly spare: Vec;
  readonly #isa: Isa;
  readonly #products: readonly Vec[];

  /** @throws RangeError if it needs more registers than there are */
  constructor(isa: Isa, rows: number, vectors: number) {
    this.rows = rows;
    this.vectors = vectors;
    this.#isa = isa;
    const accumulators = rows * vectors;
    this.spare = accumulators + vectors;
    // A broadcast of its own takes a vector pipe on Zen 4: 75 instead of 109 GFLOP/s.
    const first = isa.broadcasts ? this.spare : this.spare + 1;
    this.#products = Array.from({ length: isa.registers - first }, (_, i) => first + i);
    if (this.#products.length === 0) throw new RangeError(`a tile of ${rows} by ${vectors} needs more registers`);
  }

  sum(row: number, vector: number): Vec {
    return row * this.vectors + vector;
  }

  b(vector: number): Vec {
    return this.rows * this.vectors + vector;
  }

  /** Every accumulator with its place. */
  each(visit: (sum: Vec, row: number, vector: number) => void): void {
    for (let row = 0; row < this.rows; row++) {
      for (let vector = 0; vector < this.vectors; vector++) visit(this.sum(row, vector), row, vector);
    }
  }

  /**
   * One k.
   *
   * @param isFirst  the product is the sum so far
   */
  step(a: Assembler, { x, loadB, takes = () => true }: StepOperands, isFirst = false): void {
    const { width, broadcasts } = this.#isa;
    const vectors = Array.from({ length: this.vectors }, (_, vector) => vector).filter(takes);
    for (const vector of vectors) loadB(this.b(vector), vector);
    let turn = 0;
    for (let row = 0; row < this.rows; row++) {
      const from = x(row);
      if (from === undefined) continue;
      if (!broadcasts) a.broadcast(width, this.spare, from);
      for (const vector of vectors) {
        const sum = this.sum(row, vector);
        const product = isFirst ? sum : (this.#products[turn++ % this.#products.length] as Vec);
        if (broadcasts) a.op('vmulps', width, product, this.b(vector), from, { broadcast: true });
        else a.op('vmulps', width, product, this.spare, this.b(vector));
        if (!isFirst) a.op('vaddps', width, sum, sum, product);
      }
    }
  }
}

export interface StepOperands {
  /** Where the f32 of a row of a stands; undefined: the row takes no part. */
  x: (row: number) => Mem | undefined;
  /** Loads a vector of b. */
  loadB: (dst: Vec, vector: number) => void;
  /** Whether a vector of b takes part. @default all do */
  takes?: (vector: number) => boolean;
}

/** A matrix on its way through k: where it stands now, and what one k moves it by. */
export interface Stream {
  register: Gpr;
  bytesPerK: number;
  /** Bytes from the register to the first k. @default 0 */
  offset?: number;
}

export interface SumOperands {
  x: Stream;
  /** Bytes from the first row of a to each; undefined: the row takes no part. */
  rowAt: (row: number) => number | undefined;
  b: Stream;
  /** Bytes from the first vector of b to each; undefined: the vector takes no part. @default neighbours */
  vectorAt?: (vector: number) => number | undefined;
  loadB: (dst: Vec, from: Mem, vector: number) => void;
}

/**
 * Adds `depth` k's to a tile. Changes r11.
 *
 * @returns k's that both streams have moved on by: whole turns of the loop
 */
export function sumOverK(
  a: Assembler,
  tile: Tile,
  { x, rowAt, b, loadB, ...operands }: SumOperands,
  { depth, unroll, width }: { depth: number; unroll: number; width: number },
): number {
  const vectorAt = operands.vectorAt ?? ((vector: number): number => vector * width);
  const [xAt, bAt] = [x.offset ?? 0, b.offset ?? 0];
  const step = (u: number): void =>
    tile.step(a, {
      x: (row) => {
        const at = rowAt(row);
        return at === undefined ? undefined : mem(x.register, xAt + at + u * x.bytesPerK);
      },
      loadB: (dst, vector) => loadB(dst, mem(b.register, bAt + u * b.bytesPerK + (vectorAt(vector) ?? 0)), vector),
      takes: (vector) => vectorAt(vector) !== undefined,
    });
  const turns = Math.floor(depth / unroll);
  if (turns <= 1) {
    for (let u = 0; u < depth; u++) step(u);
    return 0;
  }
  a.set(r11, turns);
  a.align(32);
  const top = a.here();
  for (let u = 0; u < unroll; u++) step(u);
  a.add(x.register, unroll * x.bytesPerK);
  a.add(b.register, unroll * b.bytesPerK);
  a.sub(r11, 1);
  a.jumpIf('ne', top);
  for (let u = 0; u < depth % unroll; u++) step(u);
  return turns * unroll;
}
