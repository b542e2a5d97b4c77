import { existsSync } from 'node:fs';
import { GradloomError } from '../../errors.ts';
import { runFile } from '../files/names.ts';
import { visitMetrics } from '../files/run-lines.ts';
import { listCheckpoints } from './files.ts';
import type { RunFiles } from './run-files.ts';

/** What a run has come to, as far as it knows. */
interface Progress {
  /** Updates done. */
  step: number;
  /** The step whose parameters were written to the model file. */
  parametersOf: number | undefined;
  /** Step of the newest checkpoint that was acknowledged. */
  checkpointOf: number | undefined;
}

/** What of a run is on the disk at this moment, in words; undefined if its directory is not. */
export function keptOf({ directory: { path: directory }, lines }: RunFiles, progress: Progress): string | undefined {
  if (!existsSync(directory)) return undefined;
  const { step, parametersOf, checkpointOf } = progress;
  const metrics = lines.metrics.isWhole && existsSync(lines.metrics.path) ? step : lastStepOf(directory);
  const checkpoint = checkpointOf !== undefined && hasCheckpoint(directory, checkpointOf) ? checkpointOf : undefined;
  const parts = [
    directory,
    metrics !== undefined && `metrics up to step ${metrics}`,
    parametersOf !== undefined && existsSync(runFile(directory, 'model')) && `the parameters of step ${parametersOf}`,
    checkpoint !== undefined && `checkpoint of step ${checkpoint}`,
  ];
  return parts.filter((part) => part !== false).join(', ');
}

/** Of the last whole line; undefined without one. */
function lastStepOf(directory: string): number | undefined {
  return quietly(() => {
    let last: number | undefined;
    if (existsSync(runFile(directory, 'metrics')))
      visitMetrics(directory, ({ step }) => {
        last = step;
      });
    return last;
  });
}

function hasCheckpoint(directory: string, step: number): boolean {
  return quietly(() => listCheckpoints(directory).some((file) => file.step === step)) ?? false;
}

/** What cannot be read is not promised: another failure is about to be told. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof GradloomError) return undefined;
    throw error;
  }
}
