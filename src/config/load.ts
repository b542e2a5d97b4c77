import { dirname, resolve } from 'node:path';
import { GradloomError, printable } from '../errors.ts';
import type { CallerData } from './caller-data.ts';
import { checkAcross, DEFAULT_EPOCHS } from './check/checks.ts';
import { diagnose, expectationAt } from './check/diagnose.ts';
import { withLikelyTypes } from './check/likely-types.ts';
import { defaultMetrics, goalNotices } from './check/watch.ts';
import { withEarlierDefaults } from './names/earlier.ts';
import { problemOf } from './names/metrics.ts';
import { replacingRemoved } from './names/removed.ts';
import { outline, READ_ONCE } from './schema/outline.ts';
import { type Experiment, experimentSchema } from './schema/schema.ts';
import type { MapNode, Node } from './text/node.ts';
import { Problems } from './text/problems.ts';
import { readRootText } from './text/read.ts';
import { makeSource } from './text/source.ts';
import { loadTree } from './tree/extends.ts';
import { expandShorthands } from './tree/merge.ts';
import { treeFromObject } from './tree/object.ts';
import { type Origin, originsOf } from './tree/origins.ts';
import { applyChanges, applyOverrides, type Change } from './tree/overrides.ts';
import { checkPaths } from './tree/paths.ts';
import { plain } from './tree/plain.ts';

/** What is changed in an experiment while it is read. */
export interface LoadOptions {
  /** Command-line changes in Hydra's grammar: `optimizer.lr=3e-3`, `+tags.0=new`, `~train.eval`; the later wins. */
  overrides?: readonly string[] | undefined;
}

export interface ParseOptions extends LoadOptions {
  /** The file's name in errors; relative paths and `extends` start from its directory. */
  file: string;
}

/** A valid experiment and where its values come from. */
export interface LoadedExperiment {
  readonly experiment: Experiment;
  /** Each value's origin by dotted path, for example `optimizer.lr`. */
  readonly origins: ReadonlyMap<string, Origin>;
  readonly file: string;
  /** The absolute directory of the file. */
  readonly baseDir: string;
  /** What was changed silently by the rules, in sentences for the user: a new `type` dropped keys of the old one. */
  readonly notices: readonly string[];
  /** What a program passed for `data.source: {type: arrays}`. */
  readonly data?: CallerData | undefined;
}

/**
 * Reads, merges, overrides and validates an experiment file. Nothing is executed, nothing is written, and no file outside
 * the experiment's directory is read.
 *
 * @throws GradloomError whose `problems` lists everything that is wrong, each with its place and frame
 */
export function loadExperiment(file: string, options: LoadOptions = {}): LoadedExperiment {
  return parseExperiment(readRootText(file), { ...options, file });
}

/** `loadExperiment` for text that is already read. */
export function parseExperiment(text: string, { file, overrides = [] }: ParseOptions): LoadedExperiment {
  const problems = new Problems();
  const notices: string[] = [];
  const baseDir = dirname(resolve(file));
  const source = makeSource('file', file, text, baseDir, 0);
  const tree = loadTree(source, problems, notices);
  return finish(tree, { file, baseDir, overrides, problems, notices });
}

/** What comes with an experiment that a program has made. */
export interface ObjectOptions extends LoadOptions {
  /** Rows in memory, for `data.source: {type: arrays}`; an object without a source gets that one. */
  data?: CallerData | undefined;
}

/**
 * Validates an experiment given as an object, with the schema, defaults and errors of a file; relative paths start from the working directory.
 *
 * @example
 * const x = Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1);
 * const loaded = experimentFromObject({ model: { layers: [{ type: 'dense', units: 2 }] } }, { data: { x, y: [0, 1, 1, 0] } });
 */
export function experimentFromObject(input: unknown, { overrides = [], data }: ObjectOptions = {}): LoadedExperiment {
  const problems = new Problems();
  const baseDir = process.cwd();
  const tree = treeFromObject(data === undefined ? input : withArrays(input), baseDir, problems);
  const loaded = finish(tree && expandShorthands(outline, tree), { file: 'object', baseDir, overrides, problems, notices: [] });
  if (data === undefined) return loaded;
  const { type } = loaded.experiment.data.source;
  if (type === 'arrays') return { ...loaded, data };
  throw new GradloomError({
    code: 'E_CONFIG_VALUE',
    where: 'data.source.type',
    message: `got ${type}; the data that is passed needs arrays`,
    next: 'leave data.source out, or pass no data',
  });
}

/** An experiment that says no source takes what is passed. */
function withArrays(input: unknown): unknown {
  if (typeof input !== 'object' || input === null) return input;
  const given = 'data' in input ? input.data : undefined;
  if (given === undefined) return { ...input, data: { source: { type: 'arrays' } } };
  if (typeof given !== 'object' || given === null || Array.isArray(given) || 'source' in given) return input;
  return { ...input, data: { source: { type: 'arrays' }, ...given } };
}

/** An experiment that is read but not validated: what the trials of a sweep change. */
export interface ExperimentTree {
  /** With everything merged that the file extends. */
  readonly tree: MapNode;
  readonly file: string;
  readonly baseDir: string;
  readonly notices: readonly string[];
  /** It tells what was trained, and nothing is trained by it: what later versions have removed may stand in it. */
  readonly isRecord: boolean;
}

/** The first half of `parseExperiment`; `experimentFromTree` is the second. */
export function parseExperimentTree(
  text: string,
  { file, overrides = [], isRecord = false }: ParseOptions & Partial<Pick<ExperimentTree, 'isRecord'>>,
): ExperimentTree {
  const problems = new Problems();
  const notices: string[] = [];
  const baseDir = dirname(resolve(file));
  const tree = loadTree(makeSource('file', file, text, baseDir, 0), problems, notices);
  const changed = applyOverrides(requireMap(tree, problems, file), overrides, problems, notices);
  problems.expecting((path) => expectationAt(changed, path));
  problems.throwIfAny();
  return { tree: requireMap(changed, problems, file), file, baseDir, notices, isRecord };
}

/** Changes an experiment's tree and validates what comes out; a change is to blame for what it breaks. */
export function experimentFromTree(base: ExperimentTree, changes: readonly Change[] = []): LoadedExperiment {
  const { tree, file, baseDir, notices, isRecord } = base;
  const problems = new Problems();
  const changing = [...notices];
  const changed = applyChanges(tree, changes, problems, changing);
  const valid = isRecord && changed.kind === 'map' ? applyChanges(changed, replacingRemoved(changed), problems, changing) : changed;
  return validate(valid, { file, baseDir, problems, notices: changing });
}

interface Validating {
  readonly file: string;
  readonly baseDir: string;
  readonly problems: Problems;
  readonly notices: string[];
}

interface Finishing extends Validating {
  readonly overrides: readonly string[];
}

function finish(read: Node | undefined, { overrides, ...validating }: Finishing): LoadedExperiment {
  const { file, problems, notices } = validating;
  return validate(applyOverrides(requireMap(read, problems, file), overrides, problems, notices), validating);
}

function requireMap(read: Node | undefined, problems: Problems, file: string): MapNode {
  if (read !== undefined && read.kind !== 'map')
    problems.add('E_CONFIG_TYPE', '', 'wrong type; expected a map of keys', { ...read.place, to: read.place.from });
  return problems.broken || read?.kind !== 'map' ? stop(problems, file) : read;
}

function validate(tree: Node, { file, baseDir, problems, notices }: Validating): LoadedExperiment {
  checkPaths(outline, tree, problems);
  const result = experimentSchema.safeParse(withEarlierDefaults(plain(outline, tree), tree), READ_ONCE);
  if (!result.success) {
    diagnose(tree, result.error.issues, problems);
    diagnoseFurther(tree, problems);
  }
  checkAcross(tree, problems);
  problems.expecting((path) => expectationAt(tree, path));
  problems.throwIfAny();
  if (!result.success) return stop(problems, file);
  const experiment = withMetrics(withLength(result.data));
  notices.push(...goalNotices(experiment));
  return { experiment, origins: originsOf(experiment, tree), file, baseDir, notices };
}

/** A map without its `type` is not looked into by the schema: what else is wrong there is found with the type that it likely is. */
function diagnoseFurther(tree: Node, problems: Problems): void {
  const typed = withLikelyTypes(outline, tree);
  if (typed === tree) return;
  const guessed = expandShorthands(outline, typed);
  const further = experimentSchema.safeParse(plain(outline, guessed), READ_ONCE);
  if (!further.success) diagnose(guessed, further.error.issues, problems);
}

function stop(problems: Problems, file: string): never {
  problems.throwIfAny();
  throw new GradloomError({ code: 'E_INTERNAL', message: 'the experiment was refused without a reason', where: printable(file) });
}

function withLength(experiment: Experiment): Experiment {
  const { batch_size, ...train } = experiment.train;
  if (train.epochs !== undefined || train.steps !== undefined) return experiment;
  // The schema's order of keys, so that saving what was loaded from a saved file gives the same text.
  return { ...experiment, train: { batch_size, epochs: DEFAULT_EPOCHS, ...train } };
}

function withMetrics(experiment: Experiment): Experiment {
  if (experiment.metrics !== undefined) return experiment;
  const metrics = defaultMetrics(problemOf(experiment.loss.type));
  const { version, name, tags, seed, data, model, loss, ...rest } = experiment;
  return { version, name, tags, seed, data, model, loss, metrics, ...rest };
}
