import type { SplitConfig } from '../../config/schema/schema.ts';
import type { Samples } from '../samples.ts';
import type { Deal } from './deal.ts';
import { byText, refusal } from './sizes.ts';

/** Samples of a group, by their places among those that are dealt. */
interface Group {
  places: number[];
}

/**
 * Deals whole groups so that the splits come near their sizes: the largest group first (of two as large the one whose first sample comes
 * first), each to the split that lacks most (of two the earlier one). What is left over counts as a split of its own. Where only as many
 * groups are left as there are splits without a sample, they go to those.
 *
 * @throws GradloomError E_DATA_SPLIT where there are fewer groups than splits to fill
 */
export function dealGroups(rows: Uint32Array, sizes: readonly number[], groupOf: Uint32Array, config: SplitConfig): Deal {
  const rest = rows.length - sizes.reduce((sum, size) => sum + size, 0);
  const lacking = [...sizes, rest];
  const empty = new Set(sizes.flatMap((size, split) => (size > 0 ? [split] : [])));
  const groups = largestFirst(rows, groupOf);
  if (groups.length < empty.size) throw tooFewGroups(groups.length, `${empty.size} parts`, config);
  const splitOf = new Uint16Array(rows.length);
  for (const [i, { places }] of groups.entries()) {
    const splits = groups.length - i <= empty.size ? [...empty] : [...lacking.keys()];
    const split = splits.reduce((most, one) => ((lacking[one] as number) > (lacking[most] as number) ? one : most));
    lacking[split] = (lacking[split] as number) - places.length;
    empty.delete(split);
    for (const place of places) splitOf[place] = split;
  }
  return splitOf;
}

/**
 * Deals whole groups into folds of sizes as equal as they come: the largest group first, each to the smallest fold.
 *
 * @throws GradloomError E_DATA_SPLIT where there are fewer groups than folds
 */
export function foldGroups(rows: Uint32Array, folds: number, groupOf: Uint32Array, config: SplitConfig): Deal {
  const groups = largestFirst(rows, groupOf);
  if (groups.length < folds) throw tooFewGroups(groups.length, `${folds} folds`, config);
  const sizes = new Float64Array(folds);
  const foldOf = new Uint16Array(rows.length);
  for (const { places } of groups) {
    const smallest = sizes.reduce((least, size, fold) => (size < (sizes[least] as number) ? fold : least), 0);
    sizes[smallest] = (sizes[smallest] as number) + places.length;
    for (const place of places) foldOf[place] = smallest;
  }
  return foldOf;
}

/**
 * The group of each sample.
 *
 * @throws GradloomError E_DATA_SPLIT where the source has no columns, or a group stands both in the main part and in a set of its own
 */
export function groupsOf({ groups, sampleCount, ownValCount = 0, ownTestCount }: Samples, config: SplitConfig): Uint32Array {
  if (groups === undefined) {
    const message = `${byText(config)}: only tables have columns to group by, and this source is none`;
    throw refusal(message, 'set data.split.by to shuffle, stratify or order', 'data.split.by');
  }
  const main = sampleCount - ownValCount - ownTestCount;
  const seen = new Set(ownValCount + ownTestCount > 0 ? groups.subarray(0, main) : []);
  for (const [name, from, count] of [
    ['val', main, ownValCount],
    ['test', main + ownValCount, ownTestCount],
  ] as const) {
    const members = new Set(groups.subarray(from, from + count));
    const both = [...members].filter((group) => seen.has(group)).length;
    if (both > 0) {
      const message = `${byText(config)}: ${both} of the ${members.size} groups in the source's own ${name} set are in other files too`;
      throw refusal(message, `leave the ${name} file out, so that it is shared out by group, or set data.split.by: files`, 'data.split.by');
    }
    for (const group of members) seen.add(group);
  }
  return groups;
}

function largestFirst(rows: Uint32Array, groupOf: Uint32Array): Group[] {
  const groups = new Map<number, Group>();
  for (const [place, row] of rows.entries()) {
    const number = groupOf[row] as number;
    const known = groups.get(number);
    if (known === undefined) groups.set(number, { places: [place] });
    else known.places.push(place);
  }
  // Stable: of two as large the one that came first.
  return [...groups.values()].toSorted((a, b) => b.places.length - a.places.length);
}

function tooFewGroups(groups: number, wanted: string, config: SplitConfig): Error {
  const message = `${byText(config)}: ${groups} ${groups === 1 ? 'group' : 'groups'} for ${wanted}; each takes whole groups, at least one`;
  return refusal(message, 'ask for fewer parts or folds (test: 0), or group by another column');
}
