import { type Absence, absenceOf, evaluationOf } from '../../config/check/evaluated.ts';
import type { Problems } from '../../config/text/problems.ts';
import { type ErrorDetails, GradloomError, printable } from '../../errors.ts';
import { Blame } from '../check/blame.ts';
import type { Dimension, SearchSpace } from '../space/space.ts';
import type { Assignment } from '../trial.ts';
import { type TrialSource, trialExperiment } from './experiment.ts';

/** Of one dimension; a long list is tried at its ends and between. */
const MAX_VALUES = 12;
const MAX_TRIALS = 300;

/**
 * Makes the experiments of trials that together use every parameter at the ends of its range, so that a key that the experiment
 * does not have, or a value that it refuses, is told before anything is trained.
 */
export function checkTrials(source: TrialSource, problems: Problems): void {
  const { name } = source.settings.metric;
  for (const assignment of samples(source.space)) {
    try {
      const { experiment } = trialExperiment(source, assignment);
      const absence = problems.has('metric.name') ? undefined : absenceOf(name, evaluationOf(experiment));
      if (absence !== undefined) reportAbsence(source, assignment, absence, problems);
    } catch (error) {
      if (!(error instanceof GradloomError) || error.code === 'E_INTERNAL') throw error;
      for (const problem of error.problems) problems.adopt(withAdvice(problem, source));
    }
  }
}

/** Of the base experiment it is told already: here a parameter's value takes the metric away. */
function reportAbsence(source: TrialSource, assignment: Assignment, { message, next }: Absence, problems: Problems): void {
  const of = Object.entries(assignment).map(([key, value]) => `${printable(key, 80)}=${printable(JSON.stringify(value), 80)}`);
  new Blame(source.tree, problems).report('E_CONFIG_VALUE', ['metric', 'name'], `${message}; in a trial with ${of.join(', ')}`, next);
}

/** What to change in the sweep file, where the experiment's own advice would not help. */
function withAdvice(problem: ErrorDetails, { settings }: TrialSource): ErrorDetails {
  const owner = /^(?<map>.+)\.[^.]+: unknown key; only type: (?<types>.+) has it$/.exec(problem.message)?.groups;
  if (problem.code === 'E_CONFIG_UNKNOWN_KEY' && owner !== undefined) {
    const types = owner['types'] ?? '';
    return { ...problem, next: `add when: {${owner['map']}.type: ${types.includes(',') ? `[${types}]` : types}}` };
  }
  const name = Object.keys(settings.parameters).find((key) => problem.message.startsWith(`${key}: `));
  const distribution = settings.parameters[name ?? '']?.distribution;
  if (problem.code === 'E_CONFIG_INTEGER' && distribution !== undefined && !distribution.startsWith('q_'))
    return {
      ...problem,
      next:
        distribution === 'uniform'
          ? 'distribution: int_uniform takes whole numbers'
          : `distribution: q_${distribution} takes multiples of q`,
    };
  if (problem.code === 'E_CONFIG_RANGE' && distribution === 'int_uniform')
    return { ...problem, next: 'whole min and max give whole numbers; distribution: uniform takes all between' };
  return problem;
}

/** A point in the middle of each range, and from there each dimension at its ends, where it exists. */
function samples(space: SearchSpace): Assignment[] {
  const { dimensions } = space;
  const middle = dimensions.map(() => 0.5);
  const found = new Map<string, Assignment>();
  const add = (point: readonly number[]): void => {
    if (found.size >= MAX_TRIALS) return;
    const assignment = space.assignmentAt(point);
    if (space.satisfies(assignment)) found.set(JSON.stringify(assignment), assignment);
  };
  for (const [i, dimension] of dimensions.entries()) {
    for (const u of probes(dimension)) {
      const point = [...middle];
      point[i] = u;
      makeExist(dimension, dimensions, point);
      add(point);
    }
  }
  return [...found.values()];
}

function probes({ distribution }: Dimension): number[] {
  // Rare values of a normal are not worth an error: should one come up, its trial fails.
  const tail = distribution.bounded ? 1e-12 : 1e-3;
  // The middle of two whole numbers may be whole: a point beside it is not.
  if (distribution.count === undefined) return [tail, 0.5, 0.6180339887, 1 - tail];
  const steps = Math.min(MAX_VALUES, distribution.count);
  return Array.from({ length: steps }, (_, k) => {
    const index = steps === 1 ? 0 : Math.round((k * ((distribution.count ?? 1) - 1)) / (steps - 1));
    const [from, to] = distribution.cell(distribution.valueAt(index)) ?? [0.5, 0.5];
    return (from + to) / 2;
  });
}

/** Moves a point so that the conditions of a dimension hold. */
function makeExist({ conditions }: Dimension, dimensions: readonly Dimension[], point: number[]): void {
  for (const { dimension, values, key } of conditions) {
    const parent = dimensions[dimension];
    if (parent === undefined) continue;
    const row = parent.rows?.findIndex((one) => JSON.stringify(one[parent.keys.indexOf(key)]) === JSON.stringify(values[0]));
    const cell = parent.distribution.cell(row ?? values[0] ?? null);
    if (cell !== undefined) point[dimension] = (cell[0] + cell[1]) / 2;
    makeExist(parent, dimensions, point);
  }
}
