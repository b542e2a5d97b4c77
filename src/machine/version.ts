import { readFileSync } from 'node:fs';

/** The package's version, from its package.json, which lies at another depth in the sources than in the build. */
export function packageVersion(): string {
  const levels = import.meta.url.endsWith('.ts') ? '../../' : '../../../';
  const manifest: unknown = JSON.parse(readFileSync(new URL(`${levels}package.json`, import.meta.url), 'utf8'));
  return (manifest as { version: string }).version;
}
