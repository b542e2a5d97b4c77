import { factsOf } from '../../config/schema/key-facts.ts';
import { closest, oneOf } from '../../config/text/closest.ts';
import { nodeAt, type Path } from '../../config/text/node.ts';
import type { LoadedExperiment } from '../../config/validate.ts';
import { printable } from '../../errors.ts';
import type { Blame } from '../check/blame.ts';
import type { SweepSettings } from '../schema.ts';
import type { Assignment } from '../trial.ts';
import type { ParameterValue } from '../value.ts';
import { type Constraint, ConstraintError, type Kind, kindOf, parseConstraint } from './constraints.ts';
import { categorical, type Distribution } from './distributions.ts';
import { distributionOf, makeDistribution } from './parameters.ts';
import { type Condition, type Dimension, SearchSpace } from './space.ts';

type Sources = Pick<SweepSettings, 'parameters' | 'zip' | 'constraints' | 'enqueue' | 'method' | 'folds'>;

/** What surrounds the parameters: the experiment that trials change. */
export interface Surroundings {
  /** A value that no parameter sets, for constraints. */
  valueOf(key: string): ParameterValue | undefined;
  /** Keys that constraints may name, beside those of parameters. */
  keys(): Iterable<string>;
  /** Whether another value can change a result. */
  canMatter(key: string): boolean;
}

/** Of a search by itself. */
export const NOTHING_AROUND: Surroundings = { valueOf: () => undefined, keys: () => [], canMatter: () => true };

export function surroundingsOf({ experiment, origins }: LoadedExperiment): Surroundings {
  return {
    valueOf: (key) => leafAt(experiment, key),
    keys: () => origins.keys(),
    canMatter: (key) => factsOf(key).kind === 'result',
  };
}

/** More values are not looked through to find a key's kinds. */
const MAX_KINDS = 1000;

/**
 * The search space that a sweep file describes. What is wrong with it is reported to `blame`; then what comes back is incomplete.
 * Parameters receive the name of their distribution where the file leaves it to W&B's rules.
 */
export function buildSpace(settings: Sources, around: Surroundings, blame: Blame): SearchSpace {
  const dimensions = [...parameterDimensions(settings, around, blame), ...zipDimensions(settings, around, blame)];
  const conditioned = withoutCircles(withConditions(dimensions, settings, blame), blame);
  const space = new SearchSpace(conditioned, [], [], around.valueOf);
  const constraints = readConstraints(settings.constraints, space, around, blame);
  const enqueued = settings.enqueue.map((entry, i) => readEnqueued(entry, ['enqueue', i], space, blame));
  // A grid of nothing is one trial, which is worth its folds.
  const isCrossValidation = settings.folds !== undefined && settings.method === 'grid';
  if (!blame.any && !isCrossValidation && dimensions.every(({ distribution }) => distribution.count === 1)) {
    blame.report('E_CONFIG_MISSING', ['parameters'], 'nothing varies; expected a parameter with values, or min and max');
  }
  return new SearchSpace(conditioned, constraints, enqueued, around.valueOf);
}

function parameterDimensions({ parameters, method }: Sources, around: Surroundings, blame: Blame): Dimension[] {
  return Object.entries(parameters).flatMap(([key, config]) => {
    const path = ['parameters', key];
    const name = distributionOf(config, path, blame);
    const distribution = name === undefined ? undefined : makeDistribution(name, config, path, blame);
    if (name === undefined || distribution === undefined) return [];
    config.distribution = name;
    if (name !== 'constant' && !around.canMatter(key)) {
      const next = key.startsWith('parallel.') ? 'gradloom speedup compares numbers of workers' : undefined;
      blame.report('E_CONFIG_VALUE', path, 'can not change a result, so there is nothing to search', next);
    }
    if (method === 'grid' && distribution.count === undefined) {
      blame.report(
        'E_CONFIG_VALUE',
        path,
        `a grid needs finitely many values; got ${name}; expected values, int_uniform, or a bounded q_ distribution`,
      );
    }
    return [{ name: key, keys: [key], distribution, conditions: [] }];
  });
}

function zipDimensions({ zip, parameters }: Sources, around: Surroundings, blame: Blame): Dimension[] {
  const owners = new Map(Object.keys(parameters).map((key) => [key, 'parameters']));
  return Object.entries(zip).flatMap(([name, columns]) => {
    const keys = Object.keys(columns);
    const lists = Object.values(columns);
    const [first] = lists;
    if (first === undefined) {
      blame.report('E_CONFIG_MISSING', ['zip', name], 'missing its keys; expected a list of values for each of two or more keys');
      return [];
    }
    for (const [k, key] of keys.entries()) {
      const path = ['zip', name, key];
      const owner = owners.get(key);
      const length = lists[k]?.length ?? 0;
      if (owner !== undefined) blame.report('E_CONFIG_VALUE', path, `varied twice; ${owner} has it too`);
      if (!around.canMatter(key)) blame.report('E_CONFIG_VALUE', path, 'can not change a result, so there is nothing to search');
      owners.set(key, `zip.${name}`);
      if (length !== first.length) {
        blame.report('E_CONFIG_VALUE', path, `got ${length} values; expected ${first.length}, as many as ${keys[0]} has`);
      }
    }
    const rows = first.map((_, i) => lists.map((list) => list[i] ?? null));
    const distribution = categorical(rows.map((_, i) => i));
    return [{ name, keys, distribution, rows, conditions: [] }];
  });
}

function withConditions(dimensions: readonly Dimension[], { parameters }: Sources, blame: Blame): Dimension[] {
  // Of two that have a key, which is a problem of its own, the first counts.
  const owners = new Map(dimensions.flatMap(({ keys }, i) => keys.map((key) => [key, i] as const)).toReversed());
  return dimensions.map((dimension) => {
    const when = dimension.rows === undefined ? parameters[dimension.name]?.when : undefined;
    if (when === undefined) return dimension;
    const conditions = Object.entries(when).flatMap(([key, wanted]): Condition[] => {
      const path = ['parameters', dimension.name, 'when', key];
      const index = owners.get(key);
      const owner = index === undefined ? undefined : dimensions[index];
      if (index === undefined || owner === undefined) {
        const near = closest(key, [...owners.keys()]);
        // A faulty parameter is reported by itself.
        if (!Object.hasOwn(parameters, key)) {
          blame.report(
            'E_CONFIG_VALUE',
            path,
            `no parameter varies it; ${near === undefined ? 'expected the key of another parameter' : `did you mean ${near}?`}`,
          );
        }
        return [];
      }
      const values = Array.isArray(wanted) ? wanted : [wanted];
      for (const [i, value] of values.entries()) {
        const at = Array.isArray(wanted) ? [...path, i] : path;
        if (!canBe(owner, key, value))
          blame.report('E_CONFIG_VALUE', at, `never the case; got ${shown(value)}; ${expectedOf(owner, key, value)}`);
      }
      return [{ key, dimension: index, values }];
    });
    return { ...dimension, conditions };
  });
}

function canBe({ rows, keys, distribution }: Dimension, key: string, value: ParameterValue): boolean {
  if (rows === undefined) return distribution.cell(value) !== undefined;
  const column = keys.indexOf(key);
  return rows.some((row) => JSON.stringify(row[column]) === JSON.stringify(value));
}

/** What a key may be, in words. */
function expectedOf({ rows, keys, distribution }: Dimension, key: string, value: ParameterValue): string {
  const column = keys.indexOf(key);
  const all = rows === undefined ? (distribution.ordered ? [] : valuesOf(distribution)) : rows.map((row) => row[column] ?? null);
  if (all.length === 0) return `expected a value that ${key} can have`;
  const words = all.map(shown);
  const near = typeof value === 'string' ? closest(value, words) : undefined;
  return `expected ${oneOf(words)}${near === undefined ? '' : `; did you mean ${near}?`}`;
}

function valuesOf(distribution: Distribution): ParameterValue[] {
  return Array.from({ length: Math.min(distribution.count ?? 0, MAX_KINDS) }, (_, i) => distribution.valueAt(i));
}

function shown(value: ParameterValue): string {
  return printable(typeof value === 'string' ? value : JSON.stringify(value), 80);
}

/** A parameter whose condition hangs on itself would never be known to exist. */
function withoutCircles(dimensions: readonly Dimension[], blame: Blame): Dimension[] {
  const done = new Set<number>();
  const circular = new Set<number>();
  const visit = (i: number, trail: readonly number[]): void => {
    const name = dimensions[i]?.name ?? '';
    if (trail.includes(i)) {
      const circle = [...trail.slice(trail.indexOf(i)), i].map((k) => dimensions[k]?.name).join(' -> ');
      blame.report('E_CONFIG_VALUE', ['parameters', name, 'when'], `the conditions go in a circle: ${circle}`);
      circular.add(i);
    } else if (!done.has(i)) {
      for (const { dimension } of dimensions[i]?.conditions ?? []) visit(dimension, [...trail, i]);
    }
    done.add(i);
  };
  for (const i of dimensions.keys()) visit(i, []);
  return dimensions.map((dimension, i) => (circular.has(i) ? { ...dimension, conditions: [] } : dimension));
}

function readConstraints(texts: readonly string[], space: SearchSpace, around: Surroundings, blame: Blame): Constraint[] {
  const kinds = (key: string): ReadonlySet<Kind> | undefined => {
    const index = space.ownerOf(key);
    const dimension = index === undefined ? undefined : space.dimensions[index];
    if (dimension === undefined) {
      const value = around.valueOf(key);
      return value === undefined ? undefined : new Set([kindOf(value)]);
    }
    if (dimension.distribution.ordered) return new Set<Kind>(['number']);
    const column = dimension.keys.indexOf(key);
    return new Set((dimension.rows?.map((row) => row[column] ?? null) ?? valuesOf(dimension.distribution)).map(kindOf));
  };
  const keys = (): string[] => [...space.dimensions.flatMap((dimension) => dimension.keys), ...around.keys()];
  return texts.flatMap((text, i) => {
    try {
      return [parseConstraint(text, { kinds, keys })];
    } catch (error) {
      if (!(error instanceof ConstraintError)) throw error;
      const path = ['constraints', i];
      const node = nodeAt(blame.tree, path);
      const place = blame.placeOf(path);
      const quote = node?.kind === 'scalar' ? node.raw.indexOf(text) : -1;
      const from = place.from + quote + error.from;
      const exact = quote < 0 ? place : { ...place, from, to: from + error.to - error.from };
      blame.reportAt('E_CONFIG_VALUE', path, error.message, exact);
      return [];
    }
  });
}

function readEnqueued(entry: Assignment, path: Path, space: SearchSpace, blame: Blame): Assignment {
  const full: Record<string, ParameterValue> = { ...entry };
  for (const [key, value] of Object.entries(entry)) {
    const at = [...path, key];
    const index = space.ownerOf(key);
    const dimension = index === undefined ? undefined : space.dimensions[index];
    if (dimension === undefined) {
      const near = closest(
        key,
        space.dimensions.flatMap(({ keys }) => keys),
      );
      blame.report(
        'E_CONFIG_VALUE',
        at,
        `no parameter varies it; ${near === undefined ? 'expected keys of parameters and zips' : `did you mean ${near}?`}`,
      );
      continue;
    }
    if (!canBe(dimension, key, value)) {
      blame.report(
        'E_CONFIG_VALUE',
        at,
        `not a value that the search may choose; got ${shown(value)}; ${expectedOf(dimension, key, value)}`,
      );
    }
    for (const condition of dimension.conditions) {
      const parent = entry[condition.key];
      if (parent !== undefined && condition.values.some((wanted) => JSON.stringify(wanted) === JSON.stringify(parent))) continue;
      const needed = `${condition.key} to be ${condition.values.map(shown).join(' or ')}`;
      blame.report('E_CONFIG_VALUE', at, `does not exist there; it needs ${needed} in the same entry`);
    }
    if (dimension.rows === undefined) continue;
    const row = dimension.rows.find((values) =>
      dimension.keys.every((one, k) => entry[one] === undefined || JSON.stringify(entry[one]) === JSON.stringify(values[k])),
    );
    if (row === undefined) blame.report('E_CONFIG_VALUE', at, `no row of zip.${dimension.name} has these values together`);
    for (const [k, one] of dimension.keys.entries()) full[one] = row?.[k] ?? null;
  }
  return full;
}

/** The scalar at a dotted path of the resolved experiment. */
function leafAt(experiment: object, key: string): ParameterValue | undefined {
  let value: unknown = experiment;
  for (const part of key.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = Reflect.get(value, part);
  }
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' || value === null ? value : undefined;
}
