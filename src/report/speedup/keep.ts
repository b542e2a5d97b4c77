import path from 'node:path';
import { GradloomError, printableJson } from '../../errors.ts';
import { newRunId } from '../../runs/files/run-id.ts';
import type { SpeedupResult } from '../../speedup/events.ts';
import { writeOutput } from '../../storage/atomic.ts';
import { errnoText } from '../../storage/errno.ts';
import { makeFolder } from '../../storage/folder.ts';

/** Where comparisons are kept, beside `runs` and `sweeps`. */
const FOLDER = 'speedups';

/**
 * Keeps a result where `gradloom ui` finds it: `speedups/<name>-<UTC time>-<random>.json`, the object of `--json`.
 *
 * @returns the file; undefined where nothing was measured
 * @throws GradloomError E_STORAGE; E_RUN_FILE if the folder is something else
 */
export async function keepResult(result: SpeedupResult, now = new Date()): Promise<string | undefined> {
  if (!result.tables.some(({ rows }) => rows.length > 0)) return undefined;
  const file = path.join(FOLDER, `${newRunId(result.name, now)}.json`);
  try {
    makeFolder(FOLDER);
  } catch (cause) {
    if (cause instanceof GradloomError) throw cause;
    throw new GradloomError({ code: 'E_STORAGE', where: FOLDER, message: `cannot be made: ${errnoText(cause)}`, cause });
  }
  await writeOutput(file, `${printableJson(result)}\n`, false);
  return file;
}
