import { GradloomError } from '../errors.ts';
import { frameOfOrigin, type Origin } from './tree/origins.ts';
import type { LoadedExperiment } from './validate.ts';

const KEY = /^[a-z_]+(?:\.[\w-]+)*$/;

/** A loaded experiment, or one without a file: then errors name keys instead of places. */
export type Locatable = Pick<LoadedExperiment, 'experiment'> & Partial<Pick<LoadedExperiment, 'origins' | 'data'>>;

/**
 * An error of what an experiment's keys mean together with its data, at the place where the key is written: its `where` names the key.
 * Errors of anything else, and of experiments that no file says, stay as they are.
 */
export function located(error: unknown, { experiment, origins }: Locatable): unknown {
  if (!(error instanceof GradloomError) || error.where === undefined || error.problems.length > 1 || origins === undefined) return error;
  const { where: key, code, message, kept, next, cause } = error;
  const [first = ''] = key.split('.');
  const origin = KEY.test(key) && Object.hasOwn(experiment, first) ? originOf(key, origins) : undefined;
  const where = origin && placeOf(origin);
  if (origin === undefined || where === undefined) return error;
  return new GradloomError({ code, message: `${key}: ${message}`, where, frame: frameOfOrigin(origin), kept, next, cause });
}

/** Of the key itself, or the first that is written of what stands in it or beside it. */
function originOf(key: string, origins: LoadedExperiment['origins']): Origin | undefined {
  const written = [...origins].filter(([, { kind }]) => kind !== 'default');
  const parent = key.split('.').slice(0, -1).join('.');
  const found =
    written.find(([name]) => name === key) ??
    written.find(([name]) => name.startsWith(`${key}.`)) ??
    written.find(([name]) => name.startsWith(`${parent}.`));
  return found?.[1];
}

function placeOf(origin: Origin): string | undefined {
  if (origin.kind === 'file') return `${origin.file}:${origin.line}:${origin.column}`;
  return origin.kind === 'command line' ? `command line: ${origin.argument}` : undefined;
}
