import { createHash } from 'node:crypto';
import type { Blame } from '../../errors.ts';
import {
  anyOf,
  anything,
  count,
  fields,
  finite,
  flag,
  listOf,
  mapOf,
  oneOf,
  optional,
  type Shape,
  simple,
  text,
  textLike,
} from '../../storage/shape.ts';
import type { Outcome, TrialWork } from '../../sweep/execute/executor.ts';
import type { Fault } from '../../sweep/journal/fault.ts';

/** Of all keys in Redis. */
export const PREFIX = 'gradloom';
/** One queue for all sweeps: an agent works for whichever has something to do. */
export const QUEUE = 'trials';
/** Of what stands in the queue: others are refused by name. */
export const PROTOCOL = 1;
const ID_DIGITS = 16;

/** A work without the experiment, which travels as text that is validated where it arrives. */
export type PlainWork = Omit<TrialWork, 'experiment'>;

/** What an agent is given: plain values and hashes, never code, and no path to write to. */
export interface TrialJob {
  version: typeof PROTOCOL;
  sweep: string;
  work: PlainWork;
  /** The experiment in YAML, as JSON is. */
  config: string;
  /** What a run's files follow from, as hashes: an agent on which one of them differs refuses. */
  configHash: string;
  /** Content key of the data set. */
  data: string;
  /** By key of the experiment, of files with initial weights. */
  init: Record<string, string>;
  kernels: number;
  /** Of the kernels' self-test. */
  bits: string;
  /** Of the store, and how it is called. */
  store: string;
  storeShown: string;
}

/** What an agent says of a job at its end. */
export interface JobResult {
  version: typeof PROTOCOL;
  outcome: Outcome;
  agent: string;
  /** That the agent was at it. */
  seconds: number;
  /** Updates that it has done for it. */
  steps: number;
  /** How often an agent was lost that had it before. */
  lost: number;
  warnings: { code: string; message: string }[];
}

/** Id of a sweep or of an agent. */
const idText = textLike('an id', /^[A-Za-z0-9][\w.-]{0,150}$/);
const hexText = textLike('hexadecimal digits', /^[0-9a-f]{16,64}$/);
const faultShape: Shape<Fault> = fields({ code: text, where: optional(text), message: text });
const curveShape = listOf(fields({ step: count, epoch: finite, value: finite }));

const outcomeShape: Shape<Outcome> = anyOf(
  fields({
    status: oneOf(['reached', 'diverged']),
    steps: count,
    curve: curveShape,
    digest: text,
    seconds: finite,
    fault: optional(faultShape),
  }),
  fields({
    status: oneOf(['failed']),
    fault: faultShape,
    blame: oneOf<Exclude<Blame, 'machine'>>(['configuration', 'data', 'gradloom']),
    seconds: finite,
  }),
  fields({ status: oneOf(['paused']) }),
);

const workShape: Shape<PlainWork> = fields({
  trial: count,
  rung: count,
  replicate: count,
  attempt: count,
  directory: textLike('a directory such as trials/7', /^trials\/[0-9][0-9a-z-]{0,60}$/),
  metric: text,
  resource: finite,
  unit: optional(oneOf(['epochs', 'steps'])),
  isLast: flag,
  isRetried: flag,
  assignment: optional(mapOf(anything) as Shape<NonNullable<PlainWork['assignment']>>),
});

const version: Shape<typeof PROTOCOL> = simple(`version ${PROTOCOL}`, (value) => value === PROTOCOL);

export const jobShape: Shape<TrialJob> = fields({
  version,
  sweep: idText,
  work: workShape,
  config: text,
  configHash: hexText,
  data: hexText,
  init: mapOf(text),
  kernels: count,
  bits: hexText,
  store: text,
  storeShown: text,
});

export const resultShape: Shape<JobResult> = fields({
  version,
  outcome: outcomeShape,
  agent: text,
  seconds: finite,
  steps: count,
  lost: count,
  warnings: listOf(fields({ code: text, message: text }), 1000),
});

/** As names in Redis and in stores take it. */
export function sweepIdOf(name: string): string {
  return name
    .replaceAll(/[^\w.-]/g, '-')
    .replace(/^[^A-Za-z0-9]/, 's')
    .replaceAll('..', '--')
    .slice(0, 120);
}

/** The same for the same part of the same run, so that it is in the queue once, however often it is put there. */
export function jobIdOf(job: TrialJob): string {
  const { trial, rung, replicate, attempt, resource, unit, isLast, metric } = job.work;
  const rest = hash([job.configHash, job.data, job.kernels, job.init, resource, unit ?? '', isLast, metric]);
  return `${job.sweep}.${trial}.${rung}.${replicate}.${attempt}.${rest}`;
}

/** Where copies of a run are in the store: those of one basis only, so that a run of other data is never gone on from. */
export function copiesFolderOf({ sweep, work, configHash, data, kernels, init }: TrialJob): string {
  return `runs/${sweep}/${work.directory.slice('trials/'.length)}~${hash([configHash, data, kernels, init])}`;
}

/** Where a data set is in the store. */
export function dataNameOf(key: string): string {
  return `data/${key}`;
}

function hash(values: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(values)).digest('hex').slice(0, ID_DIGITS);
}
