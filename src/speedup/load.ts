import path from 'node:path';
import type { ZodType } from 'zod';
import { diagnose } from '../config/check/diagnose.ts';
import { loadExperiment, parseExperiment } from '../config/load.ts';
import { type Outline, READ_ONCE } from '../config/schema/outline.ts';
import type { Entry, MapNode, Node } from '../config/text/node.ts';
import { parseTree } from '../config/text/parse.ts';
import { Problems } from '../config/text/problems.ts';
import { readRootText } from '../config/text/read.ts';
import { makeSource } from '../config/text/source.ts';
import { checkPaths } from '../config/tree/check-paths.ts';
import { treeFromObject } from '../config/tree/object.ts';
import { SYSTEM_PATHS } from '../config/tree/path-text.ts';
import { plain } from '../config/tree/plain.ts';
import type { LoadedExperiment } from '../config/validate.ts';
import { GradloomError } from '../errors.ts';
import { type SpeedupInput, type SpeedupSettings, settingsOutline, settingsSchema, speedupOutline, speedupSchema } from './schema.ts';

/** What a command line may say about the comparison: option, key in a speedup file, text. */
export interface SettingArgument {
  /** As the user writes it, for errors: `--repeats`. */
  option: string;
  /** For example `repeats` or `work.steps`. */
  key: string;
  text: string;
}

/** An experiment, and how core counts are compared on it. */
export interface LoadedSpeedup {
  readonly loaded: LoadedExperiment;
  readonly settings: SpeedupSettings;
}

/** Keys that only an experiment has. */
const EXPERIMENT_KEYS = ['data', 'model', 'extends'];
const SETTING_KEYS = Object.keys(settingsSchema.shape);
/** Arguments sort after every file. */
const FIRST_ORDER = 2000;

/**
 * Reads a speedup file, or an experiment to be compared with the default settings; arguments win over the file.
 *
 * @param overrides  of the experiment, in Hydra's grammar
 * @throws GradloomError whose `problems` lists everything that is wrong
 */
export function loadSpeedup(file: string, overrides: readonly string[] = [], settings: readonly SettingArgument[] = []): LoadedSpeedup {
  const text = readRootText(file);
  const problems = new Problems();
  const source = makeSource('file', file, text, path.dirname(path.resolve(file)), 0);
  // An experiment's own faults are told by its own loader.
  const tree = parseTree(source, new Problems());
  if (tree?.kind !== 'map' || !isSpeedupFile(tree)) {
    const given = withArguments({ kind: 'map', place: { source, from: 0, to: 0 }, entries: new Map() }, settings, problems);
    const parsed = validate(given, settingsSchema, settingsOutline, problems);
    return { loaded: parseExperiment(text, { file, overrides }), settings: parsed };
  }
  parseTree(source, problems);
  problems.throwIfAny();
  const { version: _version, base, ...parsed } = validate(withArguments(tree, settings, problems), speedupSchema, speedupOutline, problems);
  return { loaded: loadExperiment(path.relative(process.cwd(), base), { overrides }), settings: parsed };
}

/**
 * Settings given by a program, with the checks and defaults of a file.
 *
 * @throws GradloomError E_CONFIG_...
 */
export function settingsFromObject(input: SpeedupInput): SpeedupSettings {
  const problems = new Problems();
  const tree = treeFromObject(input, process.cwd(), problems);
  problems.throwIfAny();
  if (tree === undefined) throw refused();
  return validate(tree, settingsSchema, settingsOutline, problems);
}

function isSpeedupFile({ entries }: MapNode): boolean {
  if (entries.has('base')) return true;
  return SETTING_KEYS.some((key) => entries.has(key)) && !EXPERIMENT_KEYS.some((key) => entries.has(key));
}

function validate<T>(tree: Node, schema: ZodType<T>, outline: Outline, problems: Problems): T {
  checkPaths(outline, tree, problems, SYSTEM_PATHS);
  const result = schema.safeParse(plain(outline, tree, SYSTEM_PATHS), READ_ONCE);
  if (!result.success) diagnose(tree, result.error.issues, problems, outline);
  problems.throwIfAny();
  if (!result.success) throw refused();
  return result.data;
}

function refused(): GradloomError {
  return new GradloomError({ code: 'E_INTERNAL', message: 'the settings were refused without a reason' });
}

/** The tree with the arguments' values in place of its own; each keeps the argument as its place. */
function withArguments(tree: MapNode, settings: readonly SettingArgument[], problems: Problems): MapNode {
  const entries = new Map<string, Entry>(tree.entries);
  for (const [i, { option, key, text }] of settings.entries()) {
    const source = makeSource('command line', 'command line', `${option}=${text}`, process.cwd(), FIRST_ORDER + i);
    const from = option.length + 1;
    const [first = key, second] = key.split('.');
    const value = parseTree(source, problems, from, key.split('.'));
    if (value === undefined) continue;
    const place = { source, from: 0, to: option.length };
    const inner: Node = second === undefined ? value : { kind: 'map', place, entries: new Map([[second, { key: place, value }]]) };
    entries.set(first, { key: place, value: inner });
  }
  return { ...tree, entries };
}
