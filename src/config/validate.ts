import { GradloomError, printable } from '../errors.ts';
import type { CallerData } from './caller-data.ts';
import { checkAcross, DEFAULT_EPOCHS } from './check/checks.ts';
import { diagnose, expectationAt } from './check/diagnose.ts';
import { withLikelyTypes } from './check/likely-types.ts';
import { defaultMetrics, goalNotices } from './check/watch.ts';
import { withEarlierDefaults } from './names/earlier.ts';
import { problemOf } from './names/metrics.ts';
import { outline, READ_ONCE } from './schema/outline.ts';
import { type Experiment, experimentSchema } from './schema/schema.ts';
import type { MapNode, Node } from './text/node.ts';
import type { Problems } from './text/problems.ts';
import { checkPaths } from './tree/check-paths.ts';
import { expandShorthands } from './tree/merge.ts';
import { type Origin, originsOf } from './tree/origins.ts';
import { applyOverrides } from './tree/overrides.ts';
import { type PathReading, plain } from './tree/plain.ts';

/** A valid experiment and where its values come from. */
export interface LoadedExperiment {
  readonly experiment: Experiment;
  /** Each value's origin by dotted path, for example `optimizer.lr`. */
  readonly origins: ReadonlyMap<string, Origin>;
  readonly file: string;
  /** The absolute directory of the file. */
  readonly baseDir: string;
  /** What was changed silently by the rules, in sentences for the user: a new `type` dropped keys of the old one. */
  readonly notices: readonly string[];
  /** What a program passed for `data.source: {type: arrays}`. */
  readonly data?: CallerData | undefined;
}

/** What a validation is told. */
export interface Validating {
  readonly file: string;
  readonly baseDir: string;
  readonly paths: PathReading;
  readonly problems: Problems;
  readonly notices: string[];
}

interface Finishing extends Validating {
  readonly overrides: readonly string[];
}

/** Puts overrides over what was read, and validates it. */
export function finish(read: Node | undefined, { overrides, ...validating }: Finishing): LoadedExperiment {
  const { file, problems, notices } = validating;
  return validate(applyOverrides(requireMap(read, problems, file), overrides, problems, notices), validating);
}

/** The map that an experiment is. @throws GradloomError with all problems so far */
export function requireMap(read: Node | undefined, problems: Problems, file: string): MapNode {
  if (read !== undefined && read.kind !== 'map')
    problems.add('E_CONFIG_TYPE', '', 'wrong type; expected a map of keys', { ...read.place, to: read.place.from });
  return problems.broken || read?.kind !== 'map' ? stop(problems, file) : read;
}

/** The experiment of a tree. @throws GradloomError with all problems */
export function validate(tree: Node, { file, baseDir, paths, problems, notices }: Validating): LoadedExperiment {
  checkPaths(outline, tree, problems, paths);
  const result = experimentSchema.safeParse(withEarlierDefaults(plain(outline, tree, paths), tree), READ_ONCE);
  if (!result.success) {
    diagnose(tree, result.error.issues, problems);
    diagnoseFurther(tree, problems, paths);
  }
  checkAcross(tree, problems);
  problems.expecting((path) => expectationAt(tree, path));
  problems.throwIfAny();
  if (!result.success) return stop(problems, file);
  const experiment = withMetrics(withLength(result.data));
  notices.push(...goalNotices(experiment));
  return { experiment, origins: originsOf(experiment, tree), file, baseDir, notices };
}

/** A map without its `type` is not looked into by the schema: what else is wrong there is found with the type that it likely is. */
function diagnoseFurther(tree: Node, problems: Problems, paths: PathReading): void {
  const typed = withLikelyTypes(outline, tree);
  if (typed === tree) return;
  const guessed = expandShorthands(outline, typed);
  const further = experimentSchema.safeParse(plain(outline, guessed, paths), READ_ONCE);
  if (!further.success) diagnose(guessed, further.error.issues, problems);
}

function stop(problems: Problems, file: string): never {
  problems.throwIfAny();
  throw new GradloomError({ code: 'E_INTERNAL', message: 'the experiment was refused without a reason', where: printable(file) });
}

function withLength(experiment: Experiment): Experiment {
  const { batch_size, ...train } = experiment.train;
  if (train.epochs !== undefined || train.steps !== undefined) return experiment;
  // The schema's order of keys, so that saving what was loaded from a saved file gives the same text.
  return { ...experiment, train: { batch_size, epochs: DEFAULT_EPOCHS, ...train } };
}

function withMetrics(experiment: Experiment): Experiment {
  if (experiment.metrics !== undefined) return experiment;
  const metrics = defaultMetrics(problemOf(experiment.loss.type));
  const { version, name, tags, seed, data, model, loss, ...rest } = experiment;
  return { version, name, tags, seed, data, model, loss, metrics, ...rest };
}
