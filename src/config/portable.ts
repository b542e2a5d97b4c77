import type { ExperimentInput } from './input/experiment.ts';
import { experimentOfObject } from './object.ts';
import { outline } from './schema/outline.ts';
import type { Node } from './text/node.ts';
import { parseTree } from './text/parse.ts';
import { Problems } from './text/problems.ts';
import { makeSource } from './text/source.ts';
import { expandShorthands } from './tree/merge.ts';
import { PATHS_AS_WRITTEN } from './tree/plain.ts';
import { finish, type LoadedExperiment } from './validate.ts';

/** Where there are no files: no path is read, and none is made absolute. */
const NOWHERE = { baseDir: '', paths: PATHS_AS_WRITTEN } as const;

/**
 * `experimentFromObject` where there are no files, as in a browser: with the same checks, defaults and errors, and paths as they are written.
 *
 * @throws GradloomError whose `problems` lists everything that is wrong
 */
export function experimentFromObject(input: unknown): LoadedExperiment {
  return experimentOfObject(input, NOWHERE);
}

/** `experimentFromObject` with a type. @throws GradloomError whose `problems` lists everything that is wrong */
export function defineExperiment(input: ExperimentInput): LoadedExperiment {
  return experimentOfObject(input, NOWHERE);
}

/**
 * `parseExperiment` where there are no files: of a text that says `extends`, nothing else is told than that.
 *
 * @param file  names the text in messages
 * @throws GradloomError whose `problems` lists everything that is wrong, each with its line and column
 */
export function parseExperiment(text: string, { file = 'experiment.yaml' }: { file?: string } = {}): LoadedExperiment {
  const problems = new Problems();
  const tree = parseTree(makeSource('file', file, text, '', 0), problems);
  refuseExtends(tree, problems);
  problems.throwIfAny();
  return finish(tree && expandShorthands(outline, tree), { ...NOWHERE, file, overrides: [], problems, notices: [] });
}

function refuseExtends(tree: Node | undefined, problems: Problems): void {
  const entry = tree?.kind === 'map' ? tree.entries.get('extends') : undefined;
  if (entry !== undefined) problems.add('E_CONFIG_READ', 'extends', 'no files are read here; expected the whole experiment', entry.key);
}
