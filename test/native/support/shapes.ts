import type { Isa } from '../../../src/native/isa.ts';
import { tallest } from '../../../src/native/products/tile.ts';
import { LEAST_COLUMNS } from '../../../src/native/sparse/gradient.ts';
import { Dice } from '../../engine/support/samples.ts';
import { costOfGeometry, edgeConvolutions, largeConvolutions, randomConvolution } from './convolutions.ts';
import { edgePools, randomPool } from './pools.ts';
import {
  type ConvKind,
  hasWindow,
  isConvKind,
  isPoolKind,
  KINDS,
  type PoolKind,
  type Product,
  type ProductKind,
  skipsZeros,
} from './products.ts';

const around = (...values: number[]): number[] => values.flatMap((value) => [value - 1, value, value + 1]);
const distinct = (values: readonly number[]): number[] => [...new Set(values)].filter((value) => value > 0).sort((a, b) => a - b);

/** Where vectors, panels of one to three of them and the widest ones end. */
const columnsOf = ({ lanes }: Isa): number[] => distinct([1, 2, ...around(...[1, 2, 3, 4, 8].map((vectors) => vectors * lanes))]);
/** Where tiles end, and where copying begins to pay. */
const rowsOf = (isa: Isa): number[] => distinct([1, 2, ...around(...[1, 2, 3].map((vectors) => tallest(isa, vectors)), 8, 48)]);
/** Unrolled steps, squares that are transposed, blocks in L1, and where sums are put aside. */
const DEPTHS = distinct([1, 2, 3, 4, 5, ...around(8, 16, 112, 256, 400), 800, 1024]);

/** Row bounds of so many leaves, some of which may be empty. */
export function randomBounds(dice: Dice, rows: number, leaves: number, mayBeEmpty: boolean): number[] {
  if (mayBeEmpty) return [0, ...Array.from({ length: leaves - 1 }, () => dice.int(0, rows)).sort((a, b) => a - b), rows];
  const cuts = Array.from({ length: rows - 1 }, (_, i) => i + 1);
  while (cuts.length > leaves - 1) cuts.splice(dice.int(0, cuts.length - 1), 1);
  return [0, ...cuts, rows];
}

/** Multiplications and additions, without those that zeros save. */
export function costOf(product: Product): number {
  if (hasWindow(product)) return costOfGeometry(product.geometry) * ('bounds' in product ? product.bounds.at(-1)! : product.rows);
  return 'bounds' in product ? product.i * product.o * product.bounds.at(-1)! : product.m * product.n * product.k;
}

/** Shapes of a kind, one side after the other at each of its edges. */
export function edgeProducts(isa: Isa, kind: ProductKind): Product[] {
  if (isConvKind(kind)) return edgeConvolutions(isa, kind);
  if (isPoolKind(kind)) return edgePools(isa, kind);
  const { lanes } = isa;
  const dice = new Dice(1);
  if (kind === 'gradient' || kind === 'sparse gradient') {
    const least = kind === 'gradient' ? 1 : LEAST_COLUMNS;
    const mayBeEmpty = kind === 'sparse gradient';
    const gradient = (i: number, o: number, bounds: number[], gap = 0): Product => ({ kind, i, o, xWidth: i + gap, bounds });
    const tile = rowsOf(isa).flatMap((rows) => [rows, 4 * rows]);
    const inner = distinct([...tile, ...around(16, 32, 48)]).filter((i) => i >= least && i <= 120);
    return [
      ...inner.map((i) => gradient(i, lanes + 3, [0, 2, 3, 7], i % 3)),
      ...columnsOf(isa).map((o) => gradient(least + 2, o, [0, 1, 5], 1)),
      ...distinct([1, 2, 3, 4, ...around(32, 192)]).map((rows) => gradient(least + 4, lanes + 1, [0, rows])),
      // Rows a page apart, few and many of them.
      ...[32, 33].map((rows) => gradient(least, lanes, [0, 3, rows], 1024 - least)),
      ...Array.from({ length: 13 }, (_, i) => gradient(least + 1, lanes - 1, randomBounds(dice, 13, i + 1, false))),
      ...(mayBeEmpty
        ? [[0, 0, 4], [0, 4, 4], [0, 0, 0, 1, 1, 5, 5, 5], [0, 1, 1, 1, 2], randomBounds(dice, 3, 30, true)].map((bounds) =>
            gradient(least + 5, lanes + 1, bounds),
          )
        : []),
    ];
  }
  const of = (m: number, n: number, k: number): Product => {
    return kind === 'nt' ? { kind, m, n, k } : { kind, m, n, k, hasBias: (m + n + k) % 3 > 0, relu: (m + n + k) % 2 === 0 };
  };
  return [
    ...rowsOf(isa).map((m) => of(m, lanes + 3, 5)),
    ...columnsOf(isa).flatMap((n) => [of(3, n, 6), of(49, n, 2)]),
    ...DEPTHS.flatMap((k) => [of(2, lanes + 1, k), of(3, 3 * lanes, k), of(48, 1, k)]),
  ];
}

/** Shapes that fill more than one group of panels, and those that are summed in blocks for large matrices. */
export function largeProducts(kind: ProductKind): Product[] {
  const bounds = [0, 100, 250, 400];
  switch (kind) {
    case 'forward':
    case 'sparse forward':
      return [
        { kind, m: 50, n: 700, k: 450, hasBias: true, relu: true },
        { kind, m: 30, n: 130, k: 2048, hasBias: true, relu: false },
        { kind, m: 61, n: 203, k: 784, hasBias: false, relu: true },
      ];
    case 'nt':
      return [
        { kind, m: 50, n: 700, k: 450 },
        { kind, m: 30, n: 130, k: 2048 },
      ];
    case 'gradient':
    case 'sparse gradient':
      return [
        { kind, i: 20, o: 1400, xWidth: 20, bounds },
        { kind, i: 123, o: 57, xWidth: 1024, bounds },
      ];
    case 'max pool':
    case 'max pool backward':
      return [];
    default:
      return largeConvolutions(kind);
  }
}

/** The cheapest shapes that fill more than one group of panels, or are summed in the blocks of large matrices. */
export function deepProducts(isa: Isa, kind: ProductKind): Product[] {
  const wide = 22 * isa.lanes + 3;
  switch (kind) {
    case 'forward':
      return [{ kind, m: 2, n: 3 * isa.lanes + 1, k: 1024, hasBias: true, relu: true }];
    case 'nt':
      return [
        { kind, m: 1, n: wide, k: 400 },
        { kind, m: 2, n: 3 * isa.lanes + 1, k: 1030 },
      ];
    case 'gradient':
      return [{ kind, i: 1, o: 84 * isa.lanes + 3, xWidth: 1, bounds: [0, 150, 400] }];
    case 'sparse forward':
      return [{ kind, m: 49, n: 8 * isa.lanes + 3, k: 120, hasBias: true, relu: true }];
    default:
      return [];
  }
}

const sized = (dice: Dice, edges: readonly number[], most: number): number => {
  const fitting = edges.filter((edge) => edge <= most);
  return dice.next() < 0.5 ? dice.pick(fitting) : dice.int(fitting[0] ?? 1, most);
};

/** A shape of any kind, its sides at edges or anywhere, that costs at most so much. */
export function randomProduct(dice: Dice, isa: Isa, most: number): Product {
  for (;;) {
    const kind = dice.pick(KINDS);
    if (isConvKind(kind)) return randomConvolution(dice, isa, kind, most);
    if (isPoolKind(kind)) return randomPool(dice, isa, kind, most);
    const product = drawProduct(dice, isa, kind, dice.pick([12, 40, 90, 300, 1100]));
    if (costOf(product) <= most) return product;
  }
}

function drawProduct(dice: Dice, isa: Isa, kind: Exclude<ProductKind, ConvKind | PoolKind>, most: number): Product {
  if (kind === 'gradient' || kind === 'sparse gradient') {
    const least = kind === 'gradient' ? 1 : LEAST_COLUMNS;
    const rows = sized(dice, distinct([1, 2, 3, ...around(32, 192)]), most);
    const i = Math.max(least, sized(dice, rowsOf(isa), most));
    const mayBeEmpty = kind === 'sparse gradient';
    const leaves = dice.int(1, Math.min(mayBeEmpty ? 40 : rows, dice.pick([4, 16, 100])));
    const gap = dice.next() < 0.1 ? 1024 - (i % 1024) : dice.int(0, 9);
    return { kind, i, o: sized(dice, columnsOf(isa), most), xWidth: i + gap, bounds: randomBounds(dice, rows, leaves, mayBeEmpty) };
  }
  const m = sized(dice, rowsOf(isa), most);
  const n = sized(dice, columnsOf(isa), most);
  const k = sized(dice, DEPTHS, most);
  if (kind === 'nt') return { kind, m, n, k };
  return { kind, m, n, k, hasBias: dice.next() < 0.5, relu: dice.next() < 0.5 };
}

/** Shares of zeros and of special values. */
export function randomValues(dice: Dice, product: Product): { zeros: number; special: number } {
  const zeros = dice.pick(skipsZeros(product) ? [0, 0.5, 0.8, 0.95, 1] : [0, 0.3, 0.9]);
  return { zeros, special: dice.pick([0, 0.01, 0.1, 0.5]) };
}
