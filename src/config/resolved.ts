import { Document, visit } from 'yaml';
import { printableLines, UNPRINTABLE } from '../errors.ts';
import type { ExperimentTree } from './load.ts';
import { withoutKeys } from './schema/key-facts.ts';
import { outline } from './schema/outline.ts';
import type { Experiment } from './schema/schema.ts';
import { SYSTEM_PATHS } from './tree/path-text.ts';
import { withLiteralPaths } from './tree/paths.ts';
import { plain } from './tree/plain.ts';
import type { LoadedExperiment } from './validate.ts';

/** The resolved experiment as YAML text that runs again as it is, from anywhere. */
export function resolvedYaml({ experiment }: Pick<LoadedExperiment, 'experiment'>): string {
  return yamlOf(withLiteralPaths(experiment));
}

/** An experiment's tree as YAML text that means the same from anywhere: what the file leaves to defaults stays out. */
export function treeYaml({ tree }: Pick<ExperimentTree, 'tree'>): string {
  return yamlOf(withLiteralPaths(plain(outline, tree, SYSTEM_PATHS)));
}

/**
 * Plain data as YAML text that our loaders read back unchanged. It can be printed: what cannot be seen stands in it by its code.
 *
 * @param options  `blockQuote: false` keeps texts of several lines on one
 */
export function yamlOf(value: unknown, options: { blockQuote?: boolean } = {}): string {
  const document = new Document(value, { schema: 'core', version: '1.2', aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_, node) => {
      // 1e+16, not 10000000000000000: whole numbers past 2^53 are floats, and only their shortest digits are right.
      if (Number.isInteger(node.value) && !Number.isSafeInteger(node.value)) node.format = 'EXP';
      // Only between double quotes can a character stand by its code.
      if (typeof node.value === 'string' && printableLines(node.value) !== node.value) node.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0, ...options }).replace(UNPRINTABLE, (mark) => (mark === '\n' ? mark : yamlCode(mark)));
}

function yamlCode(mark: string): string {
  const code = (mark.codePointAt(0) ?? 0).toString(16);
  return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`;
}

/** Leaves out what only names, places or speeds up a run. */
export function resultKeys(experiment: Experiment): Record<string, unknown> {
  return withoutKeys(experiment, ({ kind }) => kind !== 'result');
}
