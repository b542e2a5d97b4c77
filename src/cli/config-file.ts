import { showNotices } from './notices.ts';
import type { Output } from './output.ts';

/** The file that a word of the command line means: one that is there, or one that comes with gradloom, which is said. */
export async function configFile(word: string, output: Output): Promise<string> {
  const { findConfig } = await import('../config/bundled.ts');
  const { file, notice } = findConfig(word);
  if (notice !== undefined) showNotices([notice], output);
  return file;
}
