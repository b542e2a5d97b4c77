import { factsOf } from '../../config/schema/key-facts.ts';
import type { ConfigValue } from '../../config/tree/values.ts';
import { damaged } from '../../storage/read.ts';
import { type ChainComparison, compareChains } from '../files/digests.ts';
import { requireRun } from '../files/directory.ts';
import { readEnvironment } from '../files/file-shapes.ts';
import { RUN_FILES } from '../files/names.ts';
import { readDigests } from '../files/run-lines.ts';
import type { StoredRun } from './store.ts';

/** A config key that two runs have differently; undefined where one has it not. */
export interface KeyChange {
  key: string;
  a: ConfigValue | undefined;
  b: ConfigValue | undefined;
}

/** How two runs differ, and whether they may. */
export interface RunDiff {
  a: StoredRun;
  b: StoredRun;
  /** Keys that can change the result. */
  result: KeyChange[];
  /** Keys that never do. */
  execution: KeyChange[];
  /** Names, tags, notes and places; paths of files with the same content. */
  label: KeyChange[];
  /** Versions of the kernels, where they differ. */
  kernels?: [a: number, b: number];
  /** Fingerprints of the data sets, where they differ. */
  data?: [a: string, b: string];
  /** `identical`: nothing that decides the result differs, so it must be the same to the bit. */
  expected: 'identical' | 'may differ' | 'unknown';
  /** As far as both have come. */
  digests: ChainComparison;
  /** Whether the final parameters are the same; undefined unless both trained equally long. */
  sameEnd?: boolean;
  /** The results must be identical and are not: a fault of the machine, of a file or of gradloom. */
  isBroken: boolean;
}

/** @throws GradloomError E_RUN_FILE for a damaged config.yaml, digests.jsonl or env.json, E_RUN_READ for a run that is a link */
export function diffRuns(a: StoredRun, b: StoredRun): RunDiff {
  for (const { directory } of [a, b]) requireRun(directory);
  const [envA, envB] = [basisOf(a), basisOf(b)];
  const keys: Record<'result' | 'execution' | 'label', KeyChange[]> = { result: [], execution: [], label: [] };
  const hasSameFiles = envA.data !== undefined && envA.data === envB.data && envA.init === envB.init;
  for (const change of changesBetween(configOf(a), configOf(b))) {
    const { kind: own, isPath } = factsOf(change.key);
    const kind = hasSameFiles && isPath ? 'label' : own;
    keys[kind].push(change);
  }
  const kernels = pair(envA.kernels, envB.kernels);
  const data = pair(envA.data, envB.data);
  const isKnown = [envA, envB].every((env) => env.kernels !== undefined && env.data !== undefined);
  const mayDiffer = keys.result.length > 0 || kernels !== undefined || data !== undefined || (isKnown && envA.init !== envB.init);
  const expected = mayDiffer ? 'may differ' : isKnown ? 'identical' : 'unknown';
  const digests = compareChains(readDigests(a.directory), readDigests(b.directory));
  const sameEnd = sameEndOf(a, b);
  return {
    a,
    b,
    ...keys,
    ...(kernels && { kernels }),
    ...(data && { data }),
    expected,
    digests,
    ...(sameEnd !== undefined && { sameEnd }),
    isBroken: expected === 'identical' && (digests.first !== undefined || sameEnd === false),
  };
}

/** Two runs of which nothing is known would have no differences. */
function configOf({ directory, record, config }: StoredRun): ReturnType<StoredRun['config']> {
  const values = config();
  if (Object.keys(values).length === 0)
    throw damaged(directory, `no config to compare: ${record.problem ?? `${RUN_FILES.config} is empty`}`);
  return values;
}

function changesBetween(a: Readonly<Record<string, ConfigValue>>, b: Readonly<Record<string, ConfigValue>>): KeyChange[] {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].filter((key) => a[key] !== b[key]).map((key) => ({ key, a: a[key], b: b[key] }));
}

function sameEndOf({ record: a }: StoredRun, { record: b }: StoredRun): boolean | undefined {
  const isEnd = a.status === 'finished' && b.status === 'finished' && a.steps === b.steps;
  return isEnd && a.digest !== null && b.digest !== null ? a.digest === b.digest : undefined;
}

interface Basis {
  kernels: number | undefined;
  data: string | undefined;
  /** Contents of files of initial weights. */
  init: string;
}

/** What env.json says about what the result follows from, beside the config. */
function basisOf({ directory }: StoredRun): Basis {
  const { kernels, basis } = readEnvironment(directory) ?? {};
  return { kernels, data: basis?.data, init: Object.values(basis?.init ?? {}).join(' ') };
}

function pair<T>(a: T | undefined, b: T | undefined): [T, T] | undefined {
  return a === undefined || b === undefined || a === b ? undefined : [a, b];
}
