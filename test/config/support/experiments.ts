import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseExperiment } from '../../../src/config/load.ts';
import type { Experiment } from '../../../src/config/schema/schema.ts';
import type { LoadedExperiment } from '../../../src/config/validate.ts';
import { GradloomError } from '../../../src/errors.ts';

/** The two things that every experiment must say; two lines, so that what a test adds starts at line 3. */
export const VALID = 'data: {source: mnist}\nmodel: {layers: [{type: dense, units: 10}]}\n';

/** The error that a call throws; anything but a GradloomError fails the test. */
export function errorOf(call: () => unknown): GradloomError {
  try {
    call();
  } catch (error) {
    if (error instanceof GradloomError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

export function parse(text: string, overrides: string[] = []): LoadedExperiment {
  return parseExperiment(text, { file: 'a.yaml', overrides });
}

type DenseConfig = Extract<Experiment['model']['layers'][number], { type: 'dense' }>;

/** The dense layers of an experiment. */
export function denseLayers({ model }: Experiment): DenseConfig[] {
  return model.layers.filter((layer): layer is DenseConfig => layer.type === 'dense');
}

/** Each problem as one line: `where [CODE] message`, with the `next` of those that have one. */
export function problemsOf(call: () => unknown): string[] {
  return errorOf(call).problems.map(
    ({ where, code, message, next }) => `${where} [${code}] ${message}${next === undefined ? '' : ` | ${next}`}`,
  );
}

/** Runs a body with a directory of files that is removed afterwards. */
export function withFiles(files: Readonly<Record<string, string | Buffer>>, body: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'gradloom-config-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      const path = join(directory, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    }
    body(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
