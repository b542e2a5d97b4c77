import type { Assembler } from '../assembler/assembler.ts';
import { type Gpr, mem, rdx, type Vec } from '../assembler/instruction.ts';
import { type Columns, isTail } from '../columns.ts';
import type { Isa } from '../isa.ts';
import { leakySums } from '../leaky.ts';

/** Panels of at most `most` vectors, one by one. */
export function panelsOf(columns: Columns, most: number): { first: number; vectors: number; hasTail: boolean }[] {
  return columns.groups(most, 1).flatMap(({ first, runs }) => runs.map(({ vectors, hasTail }) => ({ first, vectors, hasTail })));
}

/** One row's sums of a panel of columns, in vector registers from `first` on. */
export class RowTile {
  readonly vectors: number;
  readonly x: Vec;
  readonly #isa: Isa;
  readonly #first: Vec;
  readonly #products: readonly Vec[];

  constructor(isa: Isa, vectors: number, first: Vec, x: Vec, products: readonly Vec[]) {
    this.#isa = isa;
    this.vectors = vectors;
    this.#first = first;
    this.x = x;
    this.#products = products;
  }

  sum(vector: number): Vec {
    return this.#first + vector;
  }

  /** A register that holds nothing outside of `add`. */
  get spare(): Vec {
    return this.#products[0] as Vec;
  }

  /** Adds x[column] w[column]: the row of x at `row`, column and scratch in `index`, w by `from`. */
  add(
    a: Assembler,
    row: Gpr,
    rowOffset: number,
    index: Gpr,
    stride: number,
    load: (dst: Vec, vector: number, index: Gpr) => Vec | ReturnType<typeof mem>,
  ): void {
    a.broadcast(this.#isa.width, this.x, mem(row, rowOffset, index, 4));
    a.multiply(index, index, stride);
    for (let vector = 0; vector < this.vectors; vector++) {
      const product = this.#products[vector % this.#products.length] as Vec;
      a.op('vmulps', this.#isa.width, product, this.x, load(product, vector, index));
      a.op('vaddps', this.#isa.width, this.sum(vector), this.sum(vector), product);
    }
  }

  zero(a: Assembler): void {
    for (let vector = 0; vector < this.vectors; vector++) a.zero(this.#isa.width, this.sum(vector));
  }
}

export function rowTile(isa: Isa, vectors: number): RowTile {
  const products = Array.from({ length: isa.registers - vectors - 1 }, (_, i) => vectors + 1 + i);
  return new RowTile(isa, vectors, 0, vectors, products);
}

interface Finish {
  columns: Columns;
  tile: RowTile;
  hasTail: boolean;
  /** Byte offset of the panel's columns in bias. */
  biasOffset: number;
  hasBias: boolean;
  relu: boolean;
  /** Of a leaky relu. */
  slope: number | undefined;
  /** Four vector registers from here on hold nothing. */
  free: Vec;
}

/** Bias and activation, then the sums to c. */
export function finish(
  a: Assembler,
  isa: Isa,
  c: Gpr,
  cOffset: number,
  { columns, tile, hasTail, biasOffset, hasBias, relu, slope, free }: Finish,
): void {
  const run = { vectors: tile.vectors, hasTail };
  const sums = Array.from({ length: tile.vectors }, (_, vector) => tile.sum(vector));
  for (const [vector, sum] of sums.entries()) {
    if (hasBias) {
      columns.load(a, tile.x, mem(rdx, biasOffset + vector * isa.width), isTail(run, vector), tile.spare);
      a.op('vaddps', isa.width, sum, sum, tile.x);
    }
    if (relu) {
      a.zero(isa.width, tile.spare);
      a.op('vmaxps', isa.width, sum, tile.spare, sum);
    }
  }
  if (slope !== undefined) leakySums(a, isa, sums, slope, { slope: free, zero: free + 1, scaled: free + 2, positive: free + 3 }, isa.width);
  for (const [vector, sum] of sums.entries()) columns.store(a, mem(c, cOffset + vector * isa.width), sum, isTail(run, vector), tile.spare);
}
