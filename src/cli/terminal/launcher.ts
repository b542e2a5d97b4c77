import { accessSync, constants, realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { shellWord } from '../../storage/shell.ts';

/** The file of the command. */
export const MAIN = realpathSync(fileURLToPath(new URL('../main.js', import.meta.url)));
/** Where npm keeps packages that were fetched to be run once. */
const NPX_CACHE = /[\\/]_npx[\\/]/;

/**
 * How gradloom can be started again from the working directory: what it was started with does not tell, for npm, a link and node all start
 * the same file. `npx gradloom` where a project has it installed, `gradloom` where it is on the path, else node with the file.
 */
export function launcher(environment: NodeJS.ProcessEnv = process.env): string {
  if (isInstalled(process.cwd())) return 'npx gradloom';
  // In its own repository npm finds it without having installed it.
  const root = path.resolve(path.dirname(MAIN), '../../..');
  if (environment['npm_command'] === 'exec' && isWithin(process.cwd(), root)) return 'npx gradloom';
  if (NPX_CACHE.test(MAIN)) {
    const from = environment['npm_config_package'];
    return from ? `npx --package=${shellWord(from)} gradloom` : 'npx gradloom';
  }
  const folders = (environment['PATH'] ?? '').split(path.delimiter).filter(path.isAbsolute);
  if (folders.some((folder) => isMain(path.join(folder, 'gradloom'), constants.X_OK))) return 'gradloom';
  const relative = path.relative(process.cwd(), MAIN);
  return `node ${shellWord(relative.startsWith('..') ? MAIN : relative)}`;
}

/** Whether the packages of a directory, or of one above it, hold this gradloom. */
function isInstalled(directory: string): boolean {
  if (isMain(path.join(directory, 'node_modules/gradloom/dist/src/cli/main.js'))) return true;
  const parent = path.dirname(directory);
  return parent !== directory && isInstalled(parent);
}

function isWithin(directory: string, root: string): boolean {
  return directory === root || directory.startsWith(root + path.sep);
}

function isMain(file: string, mode = constants.R_OK): boolean {
  try {
    accessSync(file, mode);
    return realpathSync(file) === MAIN;
  } catch {
    return false;
  }
}
