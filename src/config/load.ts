import { dirname, resolve } from 'node:path';
import { expectationAt } from './check/diagnose.ts';
import { replacingRemoved } from './names/removed.ts';
import { experimentOfObject, type LoadOptions, type ObjectOptions } from './object.ts';
import type { MapNode } from './text/node.ts';
import { Problems } from './text/problems.ts';
import { readRootText } from './text/read.ts';
import { makeSource } from './text/source.ts';
import { extendedFiles, loadTree } from './tree/extends.ts';
import { applyChanges, applyOverrides, type Change } from './tree/overrides.ts';
import { SYSTEM_PATHS } from './tree/path-text.ts';
import { finish, type LoadedExperiment, requireMap, validate } from './validate.ts';

export interface ParseOptions extends LoadOptions {
  /** The file's name in errors; relative paths and `extends` start from its directory. */
  file: string;
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

/**
 * The files that an experiment is made of: its own, and those that it extends.
 *
 * @throws GradloomError E_CONFIG_READ, E_YAML_TOO_LARGE where its own cannot be read
 */
export function filesOfExperiment(file: string): string[] {
  return [file, ...extendedFiles(makeSource('file', file, readRootText(file), dirname(resolve(file)), 0))];
}

/** `loadExperiment` for text that is already read. */
export function parseExperiment(text: string, { file, overrides = [] }: ParseOptions): LoadedExperiment {
  const problems = new Problems();
  const notices: string[] = [];
  const baseDir = dirname(resolve(file));
  const source = makeSource('file', file, text, baseDir, 0);
  const tree = loadTree(source, problems, notices);
  return finish(tree, { file, baseDir, paths: SYSTEM_PATHS, overrides, problems, notices });
}

/**
 * Validates an experiment given as an object, with the schema, defaults and errors of a file; relative paths start from the working directory.
 *
 * @example
 * const x = Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1);
 * const loaded = experimentFromObject({ model: { layers: [{ type: 'dense', units: 2 }] } }, { data: { x, y: [0, 1, 1, 0] } });
 */
export function experimentFromObject(input: unknown, { overrides = [], data }: ObjectOptions = {}): LoadedExperiment {
  return experimentOfObject(input, { overrides, data, baseDir: process.cwd(), paths: SYSTEM_PATHS });
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
  return validate(valid, { file, baseDir, paths: SYSTEM_PATHS, problems, notices: changing });
}
