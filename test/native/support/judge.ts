import { AVX2, AVX512, type Isa } from '../../../src/native/isa.ts';
import { Dice } from '../../engine/support/samples.ts';
import { interpret } from './interpreted.ts';
import { nativeIsas, runNative, SharedRoom } from './native.ts';
import type { Product, ProductKind } from './products.ts';
import { costOf, deepProducts, edgeProducts, largeProducts } from './shapes.ts';
import { faultOf, makeTrial, type TrialOptions } from './trial.ts';

/** The interpreter takes some microseconds for each of a product's multiplications of a vector. */
const INTERPRETED_COST = 50_000;
/** Ordinary numbers, then zeros and special values among them. */
const VALUES: readonly TrialOptions[] = [
  { zeros: 0, special: 0 },
  { zeros: 0.5, special: 0.02 },
  { zeros: 0.2, special: 0.5 },
];

/** A way to run a routine: on this processor, or instruction by instruction. */
export interface Way {
  title: string;
  /** What the routine does wrong with a product; undefined if nothing. */
  fault(product: Product, dice: Dice, options: TrialOptions): string | undefined;
  /** Products of a kind at all edges, as far as this way has the time. */
  edges(kind: ProductKind): Product[];
  /** Values that each of them is tried with. */
  values: readonly TrialOptions[];
}

function natively(isa: Isa): Way {
  return {
    title: `${isa.name} on this processor`,
    fault: (product, dice, options) => {
      const trial = makeTrial(isa, product, dice, options);
      const room = new SharedRoom();
      return faultOf(trial, runNative(trial, room)) ?? room.broken();
    },
    edges: (kind) => [...edgeProducts(isa, kind), ...largeProducts(kind)],
    values: VALUES,
  };
}

function interpreted(isa: Isa): Way {
  return {
    title: `${isa.name}, interpreted`,
    fault: (product, dice, options) => {
      const trial = makeTrial(isa, product, dice, options);
      return faultOf(trial, interpret(trial));
    },
    edges: (kind) => [...edgeProducts(isa, kind).filter((product) => costOf(product) <= INTERPRETED_COST), ...deepProducts(isa, kind)],
    values: VALUES.slice(1, 2),
  };
}

/** AVX2 and AVX-512 where the machine has them, and all of both on the interpreter, which looks at every address as well. */
export const WAYS: readonly Way[] = [...nativeIsas().map(natively), interpreted(AVX512), interpreted(AVX2)];

/** What a way does wrong at the edges of a kind of product, a line each. */
export function faultsAtEdges(way: Way, kind: ProductKind, seed: number): string[] {
  const dice = new Dice(seed);
  return way.edges(kind).flatMap((product) =>
    way.values.flatMap((options) => {
      const fault = way.fault(product, dice, options);
      return fault === undefined ? [] : [`${JSON.stringify(product)}, ${JSON.stringify(options)}: ${fault}`];
    }),
  );
}
