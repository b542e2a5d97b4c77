import { writeSync } from 'node:fs';
import { AVX2, AVX512, type Isa } from '../../../src/native/isa.ts';
import { Dice } from '../../engine/support/samples.ts';
import { GuardedRoom, type Misplaced, SIDES, type Side } from './guarded.ts';
import { runNative } from './native.ts';
import { KINDS, type Product } from './products.ts';
import { edgeProducts, largeProducts, randomProduct, randomValues } from './shapes.ts';
import { faultOf, makeTrial, type TrialOptions } from './trial.ts';

/** What the process is to run between guard pages. */
export interface Guarded {
  isa: Isa['name'];
  seed: number;
  /** Random products, or those of all edges. */
  products: { random: number } | 'edges' | readonly Product[];
  misplaced?: Misplaced & { side: Side };
}

/** Of random products. */
const MOST_COST = 4e6;

const { isa: name, seed, products, misplaced } = JSON.parse(process.argv[2]!) as Guarded;
const isa = name === 'avx512' ? AVX512 : AVX2;
const dice = new Dice(seed);

function* trials(): Generator<[Product, TrialOptions]> {
  if (products === 'edges') {
    for (const kind of KINDS)
      for (const product of [...edgeProducts(isa, kind), ...largeProducts(kind)]) yield [product, { zeros: 0.4, special: 0.02 }];
  } else if ('random' in products) {
    for (let i = 0; i < products.random; i++) {
      const product = randomProduct(dice, isa, MOST_COST);
      yield [product, randomValues(dice, product)];
    }
  } else for (const product of products) yield [product, { zeros: 0 }];
}

let count = 0;
for (const [product, options] of trials()) {
  const trial = makeTrial(isa, product, dice, options);
  for (const side of misplaced === undefined ? SIDES : [misplaced.side]) {
    // Written before the call, as it may be this process's last.
    writeSync(1, `${side}: ${trial.title}\n`);
    const room = new GuardedRoom(side, misplaced);
    const fault = faultOf(trial, runNative(trial, room));
    room.release();
    if (fault === undefined) continue;
    writeSync(1, `${fault}\n`);
    process.exit(1);
  }
  count++;
}
writeSync(1, `${count} products\n`);
