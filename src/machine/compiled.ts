import module from 'node:module';
import { join } from 'node:path';
import { cacheDirectory } from './cache.ts';

/** Since Node 22.1; keeps still about a directory that cannot be written, and does nothing where NODE_DISABLE_COMPILE_CACHE is set. */
type CompileCache = (directory: string) => unknown;

/**
 * Lets Node keep the compiled code of the modules that are loaded from here on, in this thread and in those that it starts, in the user's
 * cache directory. Without it, an older Node compiles them at each start.
 */
export function keepCompiledCode(environment: NodeJS.ProcessEnv = process.env): void {
  const { enableCompileCache } = module as { enableCompileCache?: CompileCache };
  if (enableCompileCache === undefined || environment['NODE_COMPILE_CACHE'] !== undefined) return;
  const directory = join(cacheDirectory(environment), 'compiled');
  enableCompileCache(directory);
  // Threads read it at their start.
  environment['NODE_COMPILE_CACHE'] = directory;
}
