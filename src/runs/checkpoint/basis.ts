import { createHash } from 'node:crypto';
import { factsOf, withoutKeys } from '../../config/schema/key-facts.ts';
import type { Experiment } from '../../config/schema/schema.ts';
import type { Dataset } from '../../data/dataset.ts';
import { GradloomError, printable } from '../../errors.ts';
import { KERNEL_VERSION } from '../../kernels/module.ts';
import { commandOf } from '../../storage/shell.ts';
import { RUN_FILES, runFile } from '../files/names.ts';

/** What the files of a run follow from, beside its initial weights: with another basis they would not go on as they began. */
export interface Basis {
  kernels: number;
  /** Fingerprint of the data set. */
  data: string;
  /** Result keys, and what else decides the lines of metrics.jsonl; without paths, whose files count by their content. */
  config: unknown;
}

export function basisOf(experiment: Experiment, dataset: Dataset): Basis {
  return { kernels: KERNEL_VERSION, data: dataset.fingerprint, config: decidingKeys(experiment) };
}

/** sha256 (hex) of what `Basis.config` holds. */
export function configHash(experiment: Experiment): string {
  return createHash('sha256')
    .update(JSON.stringify(decidingKeys(experiment)))
    .digest('hex');
}

function decidingKeys(experiment: Experiment): unknown {
  const recorded = Object.entries(experiment.track).filter(([key]) => factsOf(`track.${key}`).isRecorded);
  const result = withoutKeys(experiment, ({ kind, isPath }) => kind !== 'result' || isPath);
  return sorted({ ...result, ...reductionOf(experiment), track: Object.fromEntries(recorded) });
}

/** The one execution key that may change bits counts where it does: runs of `exact` are what they were before there was a choice. */
export function reductionOf({ parallel }: Experiment): { reduce?: 'fast' } {
  return parallel.reduce === 'fast' ? { reduce: 'fast' } : {};
}

/** Equal experiments have equal text. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isMap(value)) return value;
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}

/**
 * Checks that a run can go on from where it was.
 *
 * @param directory  for the message
 * @throws GradloomError E_KERNEL_VERSION, E_RUN_CHANGED listing the keys, E_DATA_FINGERPRINT
 */
export function checkBasis(before: Basis, now: Basis, directory: string): void {
  checkKernels(before.kernels, directory);
  const keys = differences(before.config, now.config, '').map(({ text }) => text);
  if (keys.length > 0)
    throw runChanged(directory, `${keys.length === 1 ? 'a key' : `${keys.length} keys`} of ${RUN_FILES.config} changed:`, keys);
  checkData(before.data, now.data, directory);
}

/** Whether two runs follow from the same but for the length of their training. */
export function isSameButLength(a: Basis, b: Basis): boolean {
  if (a.kernels !== b.kernels || a.data !== b.data) return false;
  return differences(a.config, b.config, '').every(({ key }) => factsOf(key).isLength);
}

/** @throws GradloomError E_KERNEL_VERSION */
export function checkKernels(before: number, directory: string): void {
  if (before === KERNEL_VERSION) return;
  throw new GradloomError({
    code: 'E_KERNEL_VERSION',
    where: printable(directory),
    message: `trained with kernels of version ${before}, this gradloom has version ${KERNEL_VERSION}, whose results differ in their last bits`,
    next: `go on with the gradloom that ${RUN_FILES.environment} names, or train again: ${trainAgain(directory)}`,
  });
}

/** @throws GradloomError E_DATA_FINGERPRINT */
export function checkData(before: string, now: string, directory: string): void {
  if (before === now) return;
  throw new GradloomError({
    code: 'E_DATA_FINGERPRINT',
    where: printable(directory),
    message: `the data changed since the run began: sha256 ${before}, now ${now}`,
    next: `restore the data, or train again: ${trainAgain(directory)}`,
  });
}

/** @throws GradloomError E_RUN_CHANGED */
export function checkConfigHash(before: string, experiment: Experiment, directory: string): void {
  if (before !== configHash(experiment)) throw runChanged(directory, `${RUN_FILES.config} changed since the run began`);
}

/** What a run follows from is not what it was. */
export function runChanged(directory: string, message: string, lines?: readonly string[]): GradloomError {
  const longer = `${commandOf('extend', directory)} --epochs N`;
  const next = `undo the change, or train a run of its own: ${trainAgain(directory)}; more epochs: ${longer}`;
  return new GradloomError({ code: 'E_RUN_CHANGED', where: printable(directory), message, lines, next });
}

function trainAgain(directory: string): string {
  return commandOf('train', runFile(directory, 'config'));
}

/** A leaf that two configs have differently. */
interface Difference {
  key: string;
  /** `optimizer.lr: 0.1, was 0.2` */
  text: string;
}

function differences(before: unknown, now: unknown, at: string): Difference[] {
  if (isMap(before) && isMap(now)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
    return [...keys].flatMap((key) => differences(before[key], now[key], at === '' ? key : `${at}.${key}`));
  }
  if (Array.isArray(before) && Array.isArray(now) && before.length === now.length)
    return before.flatMap((item, i) => differences(item, now[i], `${at}.${i}`));
  const [was, is] = [before, now].map((value) => (value === undefined ? 'absent' : JSON.stringify(value)));
  return was === is ? [] : [{ key: at, text: printable(`${at}: ${is}, was ${was}`, 300) }];
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
