import type { Isa } from '../../../src/native/isa.ts';
import { Dice } from '../../engine/support/samples.ts';
import { runGuarded } from './guard-process.ts';
import { interpret } from './interpreted.ts';
import { randomProduct, randomValues } from './shapes.ts';
import { faultOf, makeTrial } from './trial.ts';

/** Of interpreted products. */
const MOST_COST = 20_000;

/** What random products do wrong between guard pages on this processor, a line each. */
export async function fuzzNatively(isa: Isa, seed: number, count: number): Promise<string[]> {
  const { code, signal, last, errors } = await runGuarded({ isa: isa.name, seed, products: { random: count } });
  if (code === 0 && last.endsWith(`\n${count} products`)) return [];
  return [`exit ${signal ?? code}: ${last}${errors}`];
}

/** What random products do wrong on the interpreter, which knows every operand to the byte. */
export function fuzzInterpreted(isa: Isa, seed: number, count: number): string[] {
  const dice = new Dice(seed);
  const faults: string[] = [];
  for (let i = 0; i < count; i++) {
    const product = randomProduct(dice, isa, MOST_COST);
    const trial = makeTrial(isa, product, dice, randomValues(dice, product));
    const fault = faultIn(() => faultOf(trial, interpret(trial)));
    if (fault !== undefined) faults.push(`${trial.title}: ${fault}`);
  }
  return faults;
}

function faultIn(run: () => string | undefined): string | undefined {
  try {
    return run();
  } catch (error) {
    return String(error);
  }
}
