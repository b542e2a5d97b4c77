import { showNotices } from '../terminal/notices.ts';
import type { Output } from '../terminal/output.ts';

/** The file that a word of the command line means: one that is there, or one that comes with gradloom, which is said. */
export async function configFile(word: string, output: Output): Promise<string> {
  const { findConfig } = await import('../../config/text/bundled.ts');
  const { file, notice } = findConfig(word);
  if (notice !== undefined) showNotices([notice], output);
  return file;
}

/** The arguments of a search and, as one more of them, the experiment that `--base` names. */
export async function withBase(overrides: readonly string[], base: string | undefined, output: Output): Promise<readonly string[]> {
  return base === undefined ? overrides : [...overrides, `base=${asYaml(await configFile(base, output))}`];
}

/** A file's name as a value in YAML, where it must not be taken for a number, a list or a comment. */
function asYaml(file: string): string {
  return /^[\w./-]*[\w/]\.ya?ml$/.test(file) ? file : JSON.stringify(file);
}
