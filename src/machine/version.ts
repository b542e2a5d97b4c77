import { fileURLToPath } from 'node:url';
import { readFileBytes } from '../storage/read.ts';

const MANIFEST_LIMIT_BYTES = 2 ** 16;

/** The package's version, from its package.json, which lies at another depth in the sources than in the build. */
export function packageVersion(): string {
  const levels = import.meta.url.endsWith('.ts') ? '../../' : '../../../';
  const bytes = readFileBytes(fileURLToPath(new URL(`${levels}package.json`, import.meta.url)), MANIFEST_LIMIT_BYTES);
  const manifest: unknown = JSON.parse(new TextDecoder().decode(bytes));
  return (manifest as { version: string }).version;
}
