import { stringify } from 'yaml';
import type { ExperimentTree, LoadedExperiment } from './load.ts';
import { outline } from './outline.ts';
import { plain } from './plain.ts';
import type { Experiment } from './schema.ts';

/** The part of an experiment that can change a bit of the result. */
export type ResultKeys = Omit<Experiment, 'name' | 'tags' | 'parallel' | 'track' | 'train'> & {
  train: Omit<Experiment['train'], 'checkpoint'>;
};

/** The resolved experiment as YAML text that runs again as it is, from anywhere. */
export function resolvedYaml({ experiment }: Pick<LoadedExperiment, 'experiment'>): string {
  return yamlOf(experiment);
}

/** An experiment's tree as YAML text that means the same from anywhere: what the file leaves to defaults stays out. */
export function treeYaml({ tree }: Pick<ExperimentTree, 'tree'>): string {
  return yamlOf(plain(outline, tree));
}

/** Plain data as YAML text that our loaders read back unchanged. */
export function yamlOf(value: unknown): string {
  return stringify(value, { schema: 'core', version: '1.2', lineWidth: 0, aliasDuplicateObjects: false });
}

/** Leaves out what only names, places or speeds up a run. */
export function resultKeys(experiment: Experiment): ResultKeys {
  const { name: _name, tags: _tags, parallel: _parallel, track: _track, ...rest } = experiment;
  const { checkpoint: _checkpoint, ...train } = experiment.train;
  return { ...rest, train };
}
