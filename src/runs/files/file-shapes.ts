import { GradloomError } from '../../errors.ts';
import {
  anything,
  count,
  fields,
  finite,
  flag,
  listOf,
  mapOf,
  oneOf,
  optional,
  orNull,
  readJson,
  type Shape,
  type Shaped,
  text,
  textLike,
  textUpTo,
} from '../../storage/shape.ts';
import { STATUSES, type Summary } from '../events.ts';
import { runFile } from './names.ts';

/** As the experiment's schema has it for `tags`. */
export const MAX_TAGS = 100;
export const MAX_TAG_LETTERS = 100;

/** Confusion matrices of a thousand classes in three splits take a third of it. */
const SUMMARY_LIMIT_BYTES = 2 ** 25;
const ENVIRONMENT_LIMIT_BYTES = 2 ** 20;
const TAGS_LIMIT_BYTES = 2 ** 17;
export const MAX_NOTES_LETTERS = 20_000;
/** Letters of JSON may take six bytes. */
const NOTES_LIMIT_BYTES = 2 ** 17;

const matrices = fields({
  train: optional(listOf(listOf(finite))),
  val: optional(listOf(listOf(finite))),
  test: optional(listOf(listOf(finite))),
});

/** A sha256 in hex digits; '' where there is none, as of a run that failed. */
const digest = textLike('hex digits', /^[0-9a-f]*$/);

const summaryShape = fields({
  id: text,
  name: text,
  status: oneOf(STATUSES),
  directory: orNull(text),
  parent: optional(text),
  steps: count,
  epochs: count,
  seconds: finite,
  samples_per_second: finite,
  training_seconds: optional(finite),
  evaluation_seconds: optional(finite),
  checkpoint_seconds: optional(finite),
  start_seconds: optional(finite),
  workers: count,
  ranks: optional(count),
  reproducible: optional(flag),
  code: optional(text),
  digest,
  last: mapOf(orNull(finite)),
  best: mapOf(fields({ value: finite, step: count })),
  confusion: optional(matrices),
  phases: fields({ compute: finite, wait: finite, reduce: finite }),
  worker_phases: optional(listOf(fields({ compute: finite, wait: finite, reduce: finite }))),
  error: optional(fields({ code: text, where: optional(text), message: text })),
});

const environmentShape = fields({
  kernels: optional(count),
  basis: optional(
    fields({
      config: optional(text),
      data: optional(text),
      init: optional(mapOf(text)),
      identity: optional(text),
      lineage: optional(text),
    }),
  ),
  continues: optional(anything),
  origins: optional(mapOf(text)),
});

const notesShape = textUpTo(MAX_NOTES_LETTERS);
const tagsShape = listOf(textUpTo(MAX_TAG_LETTERS), MAX_TAGS);

/** What gradloom reads in env.json; the rest is for people. */
export type Environment = Shaped<typeof environmentShape> & Record<string, unknown>;

/** What two shapes take. */
export function bothOf<A, B>(first: Shape<A>, second: Shape<B>): Shape<A & B> {
  return { misfit: (value) => first.misfit(value) ?? second.misfit(value) };
}

/**
 * The summary that a run's last part has left.
 *
 * @returns undefined if there is none: the run has not come to an end
 * @throws GradloomError E_RUN_FILE if it is not one, E_STORAGE
 */
export function readSummary(directory: string): Summary | undefined {
  try {
    return readJson(runFile(directory, 'summary'), SUMMARY_LIMIT_BYTES, summaryShape) as Summary | undefined;
  } catch (error) {
    if (!(error instanceof GradloomError) || error.code !== 'E_RUN_FILE') throw error;
    const { code, where, message, cause } = error;
    const next = 'restore it from a copy, or remove it: gradloom resume writes it anew';
    throw new GradloomError({ code, where, message, next, cause });
  }
}

/** env.json; undefined if there is none, as in a run that was killed at its start. @throws GradloomError E_RUN_FILE, E_STORAGE */
export function readEnvironment(directory: string): Environment | undefined {
  return readJson(runFile(directory, 'environment'), ENVIRONMENT_LIMIT_BYTES, bothOf(environmentShape, mapOf(anything)));
}

/** tags.json; undefined if there is none. @throws GradloomError E_RUN_FILE, E_STORAGE */
export function readTags(directory: string): string[] | undefined {
  return readJson(runFile(directory, 'tags'), TAGS_LIMIT_BYTES, tagsShape);
}

/** notes.json; undefined if there is none. @throws GradloomError E_RUN_FILE, E_STORAGE */
export function readNotes(directory: string): string | undefined {
  return readJson(runFile(directory, 'notes'), NOTES_LIMIT_BYTES, notesShape);
}
