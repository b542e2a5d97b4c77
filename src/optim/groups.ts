import type { OptimizerConfig } from '../config/schema/schema.ts';
import { GradloomError, printable } from '../errors.ts';

/** What the groups say about one tensor. */
export interface TensorRates {
  /** Before the schedule. */
  lr: number;
  weightDecay: number;
}

type RatesConfig = Pick<OptimizerConfig, 'lr' | 'weight_decay' | 'weight_decay_on' | 'groups'>;

/** Names listed in an error. */
const MAX_NAMES = 12;

/**
 * Learning rate and weight decay of a tensor: those of the optimizer, but for the groups that match its name. Of several groups the last
 * that gives a value decides.
 *
 * @param role  the part of the name that the layer chose; all roles but `weight` (biases, parameters of norms) are exempt from the
 *   optimizer's own weight decay where `weight_decay_on` is `weights`
 */
export function tensorRates(config: RatesConfig, name: string, role: string): TensorRates {
  const isExempt = config.weight_decay_on === 'weights' && role !== 'weight';
  const rates = { lr: config.lr, weightDecay: isExempt ? 0 : config.weight_decay };
  for (const group of config.groups) {
    if (!matches(group.match, name)) continue;
    rates.lr = group.lr ?? rates.lr;
    rates.weightDecay = group.weight_decay ?? rates.weightDecay;
  }
  return rates;
}

/** @throws GradloomError E_CONFIG_VALUE for a group that matches none of the model's tensors */
export function checkGroups(config: RatesConfig, names: readonly string[]): void {
  for (const [i, { match }] of config.groups.entries()) {
    if (names.some((name) => matches(match, name))) continue;
    const shown = names.slice(0, MAX_NAMES).join(', ') + (names.length > MAX_NAMES ? ', ...' : '');
    throw new GradloomError({
      code: 'E_CONFIG_VALUE',
      where: `optimizer.groups.${i}.match`,
      message: `matches no tensor; got ${printable(match)}; the model has ${shown}`,
      next: 'name a tensor; * stands for any text, as in *.bias',
    });
  }
}

/** Whether a pattern matches a whole name; `*` stands for any text, the empty one included. */
function matches(pattern: string, name: string): boolean {
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return pattern === name;
  if (!name.startsWith(head) || !name.endsWith(tail) || name.length < head.length + tail.length) return false;
  // The leftmost place of each middle part leaves the most room for the next: no backtracking.
  let at = head.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at <= name.length - tail.length;
}
