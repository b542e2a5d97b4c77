import type { SplitConfig } from '../../config/schema/schema.ts';
import { GradloomError } from '../../errors.ts';
import type { Samples } from '../samples.ts';
import { classesOf, type Deal, inTurn } from './deal.ts';
import { foldGroups, groupsOf } from './groups.ts';
import { refusal } from './sizes.ts';

/**
 * Cuts samples into folds: disjoint, covering, and of sizes that differ by one at most; by stratify that holds for each class too, by
 * group the sizes are as equal as whole groups allow. Order and shuffle cut them as they stand.
 *
 * @param rows  the samples, in the order in which they were shared out
 * @returns the fold of each of them
 * @throws GradloomError E_DATA_SPLIT for fewer samples or groups than folds
 */
export function foldsOf(rows: Uint32Array, folds: number, samples: Samples, config: SplitConfig): Deal {
  const { by } = config;
  if (rows.length < folds)
    throw refusal(`${folds} folds of ${rows.length} samples; each needs at least one`, 'lower data.split.folds', 'data.split.folds');
  if (by === 'stratify') return dealt(rows, folds, samples);
  if (typeof by === 'object' && 'group' in by) return foldGroups(rows, folds, groupsOf(samples, config), config);
  const sizes = Array.from({ length: folds }, (_, fold) => Math.floor(rows.length / folds) + Number(fold < rows.length % folds));
  return inTurn(rows.length, sizes);
}

/** Class after class, one sample to each fold in turn; a class goes on at the fold where the one before it stopped. */
function dealt(rows: Uint32Array, folds: number, samples: Samples): Deal {
  const { labels, classes } = classesOf(samples);
  const counts = new Float64Array(classes + 1);
  for (const row of rows) counts[(labels[row] as number) + 1] = (counts[(labels[row] as number) + 1] as number) + 1;
  // next[c]: how many cards were dealt before the next of class c.
  const next = counts.slice(0, classes);
  for (let c = 1; c < classes; c++) next[c] = (next[c] as number) + (next[c - 1] as number);
  return Uint16Array.from(rows, (row) => {
    const label = labels[row] as number;
    const card = next[label] as number;
    next[label] = card + 1;
    return card % folds;
  });
}

/**
 * The fold that is val.
 *
 * @throws GradloomError E_CONFIG_MISSING where none is named: then there is not one data set but one a fold
 */
export function namedFold({ folds, fold }: SplitConfig): number {
  if (fold !== undefined) return fold;
  throw new GradloomError({
    code: 'E_CONFIG_MISSING',
    where: 'data.split.fold',
    message: `missing; data.split.folds: ${folds} are ${folds} runs, each with another fold as val`,
    next: 'name one, data.split.fold: 0, or train all of them: gradloom train, crossValidate() in the library',
  });
}
