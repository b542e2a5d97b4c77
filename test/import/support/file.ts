import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExecutionContext } from 'ava';

/** A file of the test's own. */
export function fileOf(t: ExecutionContext, bytes: Uint8Array, name = 'model.onnx'): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'gradloom-onnx-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(path.join(folder, name), bytes);
  return path.join(folder, name);
}
