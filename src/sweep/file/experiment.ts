import { createHash } from 'node:crypto';
import { type ExperimentTree, experimentFromTree } from '../../config/load.ts';
import { resultKeys } from '../../config/resolved.ts';
import { type Entry, keyPlaceAt, type MapNode, type Node, nodeAt, type Path } from '../../config/text/node.ts';
import type { Place } from '../../config/text/source.ts';
import type { Change } from '../../config/tree/overrides.ts';
import { PATHS_AS_WRITTEN, plain } from '../../config/tree/plain.ts';
import type { LoadedExperiment } from '../../config/validate.ts';
import { RandomStream } from '../../random/stream.ts';
import type { SweepSettings } from '../schema.ts';
import type { SearchSpace } from '../space/space.ts';
import type { Assignment } from '../trial.ts';
import { isList, type ParameterValue } from '../value.ts';

/** What a trial's experiment is made of. */
export interface TrialSource {
  readonly settings: SweepSettings;
  readonly space: SearchSpace;
  /** What trials change. */
  readonly base: ExperimentTree;
  /** The base by itself. */
  readonly experiment: LoadedExperiment;
  /** The sweep's values with their places, to blame when a trial's experiment is not valid. */
  readonly tree: MapNode;
}

/**
 * The experiment of a trial: the base with the assignment's values, validated like a file with arguments on top. A value of null
 * leaves the key out, so that its default holds.
 *
 * @param replicate  number of the run among the trial's, from 0: seed after seed, each with all its folds
 * @throws GradloomError with the place in the sweep file that is to blame
 */
export function trialExperiment(source: TrialSource, assignment: Assignment, replicate = 0): LoadedExperiment {
  return experimentFromTree(source.base, changesOf(source, assignment, replicate));
}

/**
 * What makes two trials the same: a digest of all that can change a result, the same for equal experiments only.
 *
 * @returns 64 hexadecimal digits
 */
export function trialKey(source: TrialSource, assignment: Assignment): string {
  const { experiment } = trialExperiment(source, assignment);
  return createHash('sha256')
    .update(JSON.stringify(resultKeys(experiment)))
    .digest('hex');
}

const TWO_21 = 2 ** 21;

/**
 * The experiment seed of a replicate: the base's own for replicate 0, then 53 bits of the stream (base seed, replicate, number).
 */
export function replicateSeed(seed: number, replicate: number): number {
  if (replicate === 0) return seed;
  const stream = new RandomStream(seed, 'replicate', replicate);
  return stream.word(0) * TWO_21 + (stream.word(1) >>> 11);
}

function changesOf({ experiment, settings, space, tree }: TrialSource, assignment: Assignment, number: number): Change[] {
  const changes: Change[] = [];
  const { early_terminate: stopping } = settings;
  if (stopping.type !== 'none' && stopping.max !== undefined) {
    const key = placeOf(tree, ['early_terminate', 'max']);
    const path = ['train', stopping.resource];
    if (experiment.experiment.train[stopping.resource] !== stopping.max) changes.push({ path, key, value: nodeOf(stopping.max, key) });
  }
  for (const [key, value] of inOrder(assignment)) {
    const index = space.ownerOf(key);
    const dimension = index === undefined ? undefined : space.dimensions[index];
    const path = dimension?.rows === undefined ? ['parameters', key] : ['zip', dimension.name, key];
    const place = placeOf(tree, path);
    const written = value === null ? undefined : (nodeOfValue(tree, path, value) ?? nodeOf(value, place));
    changes.push({ path: key.split('.'), key: place, value: written });
  }
  const { folds = 1 } = settings;
  const seedIndex = Math.floor(number / folds);
  if (settings.folds !== undefined) {
    const key = placeOf(tree, ['base']);
    changes.push({ path: ['data', 'split', 'fold'], key, value: nodeOf(number % folds, key) });
  }
  if (seedIndex > 0) {
    const seed = assignment['seed'];
    const key = placeOf(tree, ['seeds']);
    const replicate = replicateSeed(typeof seed === 'number' ? seed : experiment.experiment.seed, seedIndex);
    changes.push({ path: ['seed'], key, value: nodeOf(replicate, key) });
  }
  return changes;
}

/** A new type drops keys of the old one, so it comes before them; and a map before what stands in it. */
function inOrder(assignment: Assignment): [string, ParameterValue][] {
  const rank = (key: string): number => key.split('.').length * 2 - (/(?:^|\.)type$/.test(key) ? 1 : 0);
  return Object.entries(assignment).toSorted(([a], [b]) => rank(a) - rank(b));
}

function placeOf(tree: MapNode, path: Path): Place {
  const known = nodeAt(tree, path) === undefined ? [] : path;
  return keyPlaceAt(tree, known);
}

/** The value as the sweep file says it, quotes included: as one of `values`, as `value`, `min` or `max`, or in a zip's list. */
function nodeOfValue(tree: MapNode, path: Path, value: ParameterValue): Node | undefined {
  const node = nodeAt(tree, path);
  const values = node?.kind === 'map' ? nodeAt(node, ['values']) : node;
  const said = values?.kind === 'list' ? values.items : ['value', 'min', 'max'].map((key) => nodeAt(tree, [...path, key]));
  if (typeof value !== 'object') return said.find((one) => one?.kind === 'scalar' && one.value === value);
  const text = JSON.stringify(value);
  return said.find((one) => one !== undefined && one.kind !== 'scalar' && JSON.stringify(plain(undefined, one, PATHS_AS_WRITTEN)) === text);
}

function nodeOf(value: ParameterValue, place: Place): Node {
  if (isList(value)) return { kind: 'list', place, items: value.map((item) => nodeOf(item, place)) };
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, child]): [string, Entry] => [key, { key: place, value: nodeOf(child, place) }]);
    return { kind: 'map', place, entries: new Map(entries) };
  }
  return { kind: 'scalar', place, value, raw: String(value) };
}
