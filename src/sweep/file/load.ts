import path from 'node:path';
import { diagnose } from '../../config/check/diagnose.ts';
import { type ExperimentTree, experimentFromTree, parseExperimentTree } from '../../config/load.ts';
import { treeYaml, yamlOf } from '../../config/resolved.ts';
import { childOf, READ_ONCE } from '../../config/schema/outline.ts';
import { type Entry, type MapNode, type Node, nodeAt, type Path, valueAt } from '../../config/text/node.ts';
import { parseTree } from '../../config/text/parse.ts';
import { Problems } from '../../config/text/problems.ts';
import { readRootText, readText, UnreadableError } from '../../config/text/read.ts';
import { makeSource, type Place } from '../../config/text/source.ts';
import { checkPaths } from '../../config/tree/check-paths.ts';
import { expandShorthands } from '../../config/tree/merge.ts';
import { treeFromObject } from '../../config/tree/object.ts';
import { applyOverrides } from '../../config/tree/overrides.ts';
import { literalPath, SYSTEM_PATHS } from '../../config/tree/path-text.ts';
import { plain } from '../../config/tree/plain.ts';
import { GradloomError, printable } from '../../errors.ts';
import { Blame } from '../check/blame.ts';
import { withOurKeys } from '../check/names.ts';
import { withWholePaths } from '../check/path-values.ts';
import { findSlips } from '../check/slips.ts';
import { fromWandb } from '../check/wandb.ts';
import { tooFewTrials } from '../schedulers/too-few.ts';
import { type Method, type SweepInput, sweepOutline, sweepSchema } from '../schema.ts';
import { buildSpace, surroundingsOf } from '../space/build.ts';
import { readArguments, type SweepArguments } from './arguments.ts';
import type { TrialSource } from './experiment.ts';
import { exponentNotices } from './exponents.ts';
import { clipToKeys, integerNotices } from './key-ranges.ts';
import { settle } from './settle.ts';
import { trialCount } from './trial-count.ts';
import { checkTrials } from './trials.ts';

/** What is changed in a sweep while it is read. */
export interface LoadSweepOptions {
  /**
   * Arguments of a command line, in Hydra's grammar. Those whose first key is one of the sweep file's change the sweep
   * (`run_cap=20`), the others the base experiment (`train.epochs=3`), and several values vary (`optimizer.lr=1e-3,3e-3`).
   */
  overrides?: readonly string[];
  /** The file is the copy that a sweep's directory keeps: its keys are the experiment's own, and stand as they are. */
  isCopy?: boolean;
  /** The sweep is read and not gone on with: values that later versions have removed may stand in it. */
  isRecord?: boolean;
}

/** A valid sweep. */
export interface LoadedSweep extends TrialSource {
  readonly file: string;
  /** Of the file, as it was read. */
  readonly text: string;
  /** What was read otherwise than written, in sentences for the user. */
  readonly notices: readonly string[];
}

/**
 * Reads a sweep file, also one of W&B's, and its base experiment. An experiment file is swept by what the overrides vary. Every
 * parameter is tried on the base, so that no trial starts with a key or value that the experiment does not have.
 *
 * @throws GradloomError whose `problems` lists everything that is wrong, each with its place and frame
 */
export function loadSweep(file: string, { overrides = [], isCopy = false, isRecord = false }: LoadSweepOptions = {}): LoadedSweep {
  const text = readRootText(file, 'sweep');
  const problems = new Problems();
  const source = makeSource('file', file, text, path.dirname(path.resolve(file)), 0);
  // An experiment's own faults are told by its own loader.
  const read = parseTree(source, new Problems());
  if (read?.kind === 'map' && isExperiment(read)) {
    const base = overrides.find((override) => /^\+{0,2}base=/.test(override));
    if (base === undefined) return sweepFromArguments(file, overrides);
    const argument = makeSource('command line', 'command line', base, process.cwd(), 1);
    const place: Place = { source: argument, from: 0, to: base.length };
    problems.add('E_OVERRIDE', 'base', 'the file is an experiment itself, so it has no other base', place);
    problems.throwIfAny();
  }
  const tree = parseTree(source, problems);
  if (tree !== undefined && tree.kind !== 'map')
    problems.add('E_CONFIG_TYPE', '', 'wrong type; expected a map of keys', { ...tree.place, to: tree.place.from });
  problems.throwIfAny();
  if (tree?.kind !== 'map') throw refused();
  return finish(tree, { file, text, overrides, problems, isCopy, isRecord });
}

/** How a sweep without a file searches. */
export interface ArgumentOptions {
  /** How values are chosen. @default grid if all values are listed and there is no count, otherwise random */
  method?: Method;
  /** Number of trials. */
  count?: number;
}

/**
 * A sweep over an experiment file that has no sweep file: `optimizer.lr=1e-3,3e-3 train.batch_size=64,128` is a grid,
 * `optimizer.lr=loguniform(1e-4,1e-1)` with a count is random.
 *
 * @throws GradloomError as `loadSweep`
 */
export function sweepFromArguments(file: string, args: readonly string[], { method, count }: ArgumentOptions = {}): LoadedSweep {
  const problems = new Problems();
  const source = makeSource('command line', 'command line', file, process.cwd(), 0);
  const place: Place = { source, from: 0, to: file.length };
  const entries = new Map<string, Entry>();
  const put = (key: string, value: string | number): void => {
    entries.set(key, { key: place, value: { kind: 'scalar', place, value, raw: String(value) } });
  };
  put('base', literalPath(file));
  if (count !== undefined) put('run_cap', count);
  // Their faults are told by `finish`.
  const { parameters } = readArguments(args, new Problems());
  const listed = [...parameters.values()].every(({ value }) => nodeAt(value, ['values']) !== undefined);
  put('method', method ?? (listed && count === undefined ? 'grid' : 'random'));
  return finish({ kind: 'map', place, entries }, { file, text: '', overrides: args, problems });
}

/** A sweep given as an object, with the schema, defaults and errors of a file; `base` is relative to the working directory. */
export function sweepFromObject(input: SweepInput, { overrides = [] }: LoadSweepOptions = {}): LoadedSweep {
  const problems = new Problems();
  const tree = treeFromObject(input, process.cwd(), problems);
  problems.throwIfAny();
  if (tree?.kind !== 'map') throw refused();
  return finish(tree, { file: 'object', text: '', overrides, problems });
}

/** The texts of files that load to the same sweep wherever they are put side by side: what a sweep's directory keeps. */
export function sweepFiles({ settings, base }: Pick<LoadedSweep, 'settings' | 'base'>): { 'sweep.yaml': string; 'base.yaml': string } {
  // The base says how many folds there are.
  const { folds: _folds, ...written } = settings;
  return { 'sweep.yaml': yamlOf({ ...written, base: './base.yaml' }), 'base.yaml': treeYaml(base) };
}

function isExperiment({ entries }: MapNode): boolean {
  return !entries.has('base') && !entries.has('parameters') && ['data', 'model', 'extends'].some((key) => entries.has(key));
}

interface Finishing {
  readonly file: string;
  readonly text: string;
  readonly overrides: readonly string[];
  readonly problems: Problems;
  readonly isCopy?: boolean;
  readonly isRecord?: boolean;
}

function finish(given: MapNode, { file, text, overrides, problems, isCopy = false, isRecord = false }: Finishing): LoadedSweep {
  const notices: string[] = [];
  const args = readArguments(overrides, problems);
  const ours = expandShorthands(sweepOutline, fromWandb(given, problems, notices));
  const rules = { schema: sweepOutline, pathOf: pathsAmong(nodeAt(ours, ['parameters'])) };
  const changed = applyOverrides(ours, args.settings, problems, notices, rules);
  // Arguments may speak W&B too: method=bayes.
  const overridden = changed.kind === 'map' ? fromWandb(changed, problems, notices) : changed;
  if (overridden.kind !== 'map') throw refused();
  const written = withParameters(overridden, args.parameters, []);
  const base = readBase(written, args.base, isRecord, new Blame(written, problems));
  const named = base === undefined || isCopy ? written : withOurKeys(written, base.tree, new Blame(written, problems), notices);
  const fixed = args.base.map(({ key }) => key).filter((key) => nodeAt(named, ['parameters', key]) !== undefined);
  for (const key of fixed) notices.push(`${printable(key)} no longer varies: the command line fixes it`);
  const varied = withParameters(named, new Map(), fixed);
  const tree = base === undefined || isCopy ? varied : withWholePaths(varied, base.tree);
  checkPaths(sweepOutline, tree, problems, SYSTEM_PATHS);
  const blame = new Blame(tree, problems);
  findSlips(blame, base?.tree);
  const parsed = sweepSchema.safeParse(plain(sweepOutline, tree, SYSTEM_PATHS), READ_ONCE);
  if (!parsed.success) diagnose(tree, parsed.error.issues, problems, sweepOutline);
  problems.throwIfAny();
  if (!parsed.success || base === undefined) throw refused();
  const experiment = experimentFromTree(base);
  const settings = settle(parsed.data, experiment, blame, notices);
  clipToKeys(settings, base.tree, tree, notices);
  const space = buildSpace(settings, surroundingsOf(experiment), blame);
  notices.push(...exponentNotices(settings), ...integerNotices(settings, base.tree, tree));
  const loaded = { settings, space, base, experiment, tree, file, text, notices: [...base.notices, ...notices] };
  checkTrials(loaded, problems);
  problems.throwIfAny();
  const few = tooFew(loaded);
  return few === undefined ? loaded : { ...loaded, notices: [...loaded.notices, few] };
}

/** Whether the trials are too few for the rungs, in a sentence. */
function tooFew(loaded: Pick<LoadedSweep, 'settings' | 'space'>): string | undefined {
  const { early_terminate: stopping } = loaded.settings;
  const trials = trialCount(loaded);
  if (stopping.type === 'none' || stopping.max === undefined || trials === undefined) return undefined;
  return tooFewTrials(stopping, stopping.max, trials);
}

function withParameters(tree: MapNode, parameters: ReadonlyMap<string, Entry>, fixed: readonly string[]): MapNode {
  if (parameters.size === 0 && fixed.length === 0) return tree;
  const before = tree.entries.get('parameters');
  const varied = new Map([...(before?.value.kind === 'map' ? before.value.entries : []), ...parameters]);
  for (const key of fixed) varied.delete(key);
  const place = before?.value.place ?? tree.place;
  const entry: Entry = { key: before?.key ?? place, value: { kind: 'map', place, entries: varied } };
  return { ...tree, entries: new Map([...tree.entries, ['parameters', entry]]) };
}

/** The experiment that the sweep names; undefined if the validation or `blame` says why there is none. */
function readBase(tree: MapNode, overrides: SweepArguments['base'], isRecord: boolean, blame: Blame): ExperimentTree | undefined {
  const written = nodeAt(tree, ['base']);
  if (written === undefined) {
    const next = 'add base: ./experiment.yaml to the file, or run with --base experiment.yaml';
    blame.report('E_CONFIG_MISSING', ['base'], 'missing; expected a file name', next);
  }
  if (written?.kind !== 'scalar' || typeof written.value !== 'string' || written.value === '') return undefined;
  const file = String(plain(childOf(sweepOutline, tree, 'base'), written, SYSTEM_PATHS));
  const name = path.relative(process.cwd(), file);
  try {
    return parseExperimentTree(readText(file), { file: name, overrides: overrides.map(({ argument }) => argument), isRecord });
  } catch (cause) {
    if (!(cause instanceof UnreadableError)) throw cause;
    const code = cause.tooLarge ? 'E_YAML_TOO_LARGE' : 'E_CONFIG_READ';
    blame.report(code, ['base'], `cannot read ${printable(written.value)}: ${cause.message}`);
    return undefined;
  }
}

/** Keys of a parameter's description: where the dotted name of a parameter ends in an argument. */
const DESCRIPTION = Object.keys(childOf(sweepOutline.properties?.['parameters'], undefined, '')?.properties ?? {});

/** How dotted keys are split: `parameters.optimizer.lr.max` is the key `max` of `optimizer.lr`. */
function pathsAmong(parameters: Node | undefined): (segments: readonly string[]) => Path {
  return (segments) => {
    const [first = '', second = '', ...rest] = segments;
    if (first === 'rename' && second !== '') return [first, segments.slice(1).join('.')];
    if ((first === 'zip' || first === 'enqueue') && rest.length > 0) return [first, second, rest.join('.')];
    if (first !== 'parameters' || second === '') return segments;
    const known = rest.findLastIndex((_, i) => valueAt(parameters, segments.slice(1, i + 2).join('.')) !== undefined);
    const at = known >= 0 ? known : rest.findIndex((segment) => DESCRIPTION.includes(segment));
    if (at < 0) return [first, segments.slice(1).join('.')];
    const [key = '', ...inside] = rest.slice(at);
    const name = [second, ...rest.slice(0, at)].join('.');
    return key === 'when' && inside.length > 0 ? [first, name, key, inside.join('.')] : [first, name, key, ...inside];
  };
}

function refused(): GradloomError {
  return new GradloomError({ code: 'E_INTERNAL', message: 'the sweep was refused without a reason' });
}
