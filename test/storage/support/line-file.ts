import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExecutionContext } from 'ava';

/** Path of a file of lines in a folder that goes with the test; without content it is not there yet. */
export function fileIn(t: ExecutionContext, content?: string | Uint8Array): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'gradloom-lines-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const file = path.join(directory, 'metrics.jsonl');
  if (content !== undefined) writeFileSync(file, content);
  return file;
}
