import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import module from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { MAIN } from '../cli/support/run-cli.ts';

/** What a command leaves of compiled code in a cache directory of its own. */
function keptBy(t: ExecutionContext, environment: Record<string, string> = {}): string[] {
  const cache = mkdtempSync(path.join(tmpdir(), 'gradloom-compiled-'));
  t.teardown(() => rmSync(cache, { recursive: true, force: true }));
  const { NODE_COMPILE_CACHE: _, ...inherited } = process.env;
  execFileSync(process.execPath, [MAIN, '--version'], { env: { ...inherited, GRADLOOM_CACHE_DIR: cache, ...environment } });
  const folder = path.join(cache, 'compiled');
  return existsSync(folder) ? readdirSync(folder) : [];
}

test('compiled code is kept in the cache directory where Node can do so', (t) => {
  t.is(keptBy(t).length, 'enableCompileCache' in module ? 1 : 0);
});

test('NODE_DISABLE_COMPILE_CACHE is respected', (t) => {
  t.deepEqual(keptBy(t, { NODE_DISABLE_COMPILE_CACHE: '1' }), []);
});
