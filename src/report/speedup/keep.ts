import path from 'node:path';
import { GradloomError, printable, printableJson } from '../../errors.ts';
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
    await writeOutput(file, `${printableJson(result)}\n`, false);
  } catch (cause) {
    const kept = 'the result, as it is printed';
    const next = 'work in a directory that can be written to, or leave the file out: --no-save';
    if (cause instanceof GradloomError) {
      const { code, where, message } = cause;
      throw new GradloomError({ code, where, message, kept, next, cause });
    }
    throw new GradloomError({
      code: 'E_STORAGE',
      where: printable(FOLDER),
      message: `cannot be made: ${errnoText(cause)}`,
      kept,
      next,
      cause,
    });
  }
  return file;
}
