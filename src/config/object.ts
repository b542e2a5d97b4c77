import { GradloomError } from '../errors.ts';
import type { CallerData } from './caller-data.ts';
import { outline } from './schema/outline.ts';
import { Problems } from './text/problems.ts';
import { expandShorthands } from './tree/merge.ts';
import { treeFromObject } from './tree/object.ts';
import { finish, type LoadedExperiment, type Validating } from './validate.ts';

/** What is changed in an experiment while it is read. */
export interface LoadOptions {
  /** Command-line changes in Hydra's grammar: `optimizer.lr=3e-3`, `+tags.0=new`, `~train.eval`; the later wins. */
  overrides?: readonly string[] | undefined;
}

/** What comes with an experiment that a program has made. */
export interface ObjectOptions extends LoadOptions {
  /** Rows in memory, for `data.source: {type: arrays}`; an object without a source gets that one. */
  data?: CallerData | undefined;
}

type ObjectPlace = Pick<Validating, 'baseDir' | 'paths'>;

/** @param place  what its paths count from, and how they are read */
export function experimentOfObject(input: unknown, { overrides = [], data, ...place }: ObjectOptions & ObjectPlace): LoadedExperiment {
  const problems = new Problems();
  const tree = treeFromObject(data === undefined ? input : withArrays(input), place.baseDir, problems);
  const loaded = finish(tree && expandShorthands(outline, tree), { ...place, file: 'object', overrides, problems, notices: [] });
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
