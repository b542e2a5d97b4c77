import { cpus, hostname } from 'node:os';
import { countCores } from '../../machine/cores.ts';
import { readSystemFile } from '../../storage/read.ts';

/** Where a process runs. */
export interface Place {
  host: string;
  /** The processors that it may use, as the system writes them; all where it does not say. */
  cores: string;
}

export function placeHere(): Place {
  const status = readSystemFile('/proc/self/status') ?? '';
  return { host: hostname(), cores: /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? 'all' };
}

/**
 * Launchers bind each process to one core, with all of its threads, where nobody forbids it.
 *
 * @param neighbours  ranks on this machine
 * @param sharers     those that may use the same processors
 */
export function boundNotices(neighbours: number, sharers: number, cores = countCores().available, machine = cpus().length): string[] {
  const share = Math.floor(machine / neighbours);
  if (cores >= share || (sharers === neighbours && neighbours > 1)) return [];
  return [
    `the launcher has bound this rank to ${cores} of ${machine} cores, for all of its threads; ` +
      'start one rank a machine with --bind-to none, or bind each to more (--map-by slot:PE=N)',
  ];
}
