import { GradloomError } from '../errors.ts';
import { frameOf, type Place, whereOf } from './text/source.ts';
import { placeOfOrigin } from './tree/origins.ts';
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
  const place = KEY.test(key) && Object.hasOwn(experiment, first) ? placeOf(key, origins) : undefined;
  if (place === undefined || place.source.kind === 'object') return error;
  return new GradloomError({ code, message: `${key}: ${message}`, where: whereOf(place, key), frame: frameOf(place), kept, next, cause });
}

/** Of the key itself, or the first that is written of what stands in it or beside it. */
function placeOf(key: string, origins: LoadedExperiment['origins']): Place | undefined {
  const written = [...origins].filter(([, { kind }]) => kind !== 'default');
  const parent = key.split('.').slice(0, -1).join('.');
  const found =
    written.find(([name]) => name === key) ??
    written.find(([name]) => name.startsWith(`${key}.`)) ??
    written.find(([name]) => name.startsWith(`${parent}.`));
  return found && placeOfOrigin(found[1]);
}
