import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The process of a rank among those whose command line holds a text; launchers name it in the environment. */
export function processOf(rank: number, text: string): number {
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const [command, environment] = ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${entry}/${name}`, 'latin1').split('\0'));
      const isRank = environment?.some((pair) => /^(?:OMPI_COMM_WORLD_RANK|PMI_RANK)=/.test(pair) && pair.endsWith(`=${rank}`)) ?? false;
      if (isRank && path.basename(command?.[0] ?? '') === 'node' && command?.some((word) => word.includes(text))) return Number(entry);
    } catch (error) {
      // Another user's, or it has ended meanwhile.
      if (!(error instanceof Error && 'code' in error && ['EACCES', 'ENOENT', 'ESRCH'].includes(String(error.code)))) throw error;
    }
  }
  throw new Error(`no rank ${rank} of ${text}`);
}

/** The one run in a directory, once it has a checkpoint of so many steps. */
export async function checkpointed(parent: string, step: number): Promise<string> {
  for (;;) {
    const [id] = existsSync(parent) ? readdirSync(parent) : [];
    const folder = path.join(parent, id ?? '', 'checkpoints');
    if (existsSync(folder) && readdirSync(folder).some((name) => Number(/^step-(\d+)\.safetensors$/.exec(name)?.[1] ?? 0) >= step))
      return path.join(parent, id ?? '');
    await sleep(10);
  }
}
