import type { SourceConfig } from '../../config/schema/schema.ts';
import { GradloomError } from '../../errors.ts';
import { callerArrays } from '../arrays/caller.ts';
import { arraySamples } from '../arrays/samples.ts';
import type { Reading, Samples } from '../samples.ts';
import type { DataSource } from './source.ts';

type ArraysConfig = Extract<SourceConfig, { type: 'arrays' }>;

/** What a program passes. @throws GradloomError E_CONFIG_VALUE if none did; those of `callerArrays` and `arraySamples` */
async function loadArrays(_config: ArraysConfig, { passed, problem }: Reading): Promise<Samples> {
  if (passed === undefined) {
    throw new GradloomError({
      code: 'E_CONFIG_VALUE',
      where: 'data.source.type',
      message: 'arrays are what a program passes, and none were passed',
      next: 'in a program: experimentFromObject({...}, { data: { x, y } }), and { data } again for resume, verify and sweeps; in a file name files: source: {type: npy, x: ./x.npy, y: ./y.npy}',
    });
  }
  const sets = await callerArrays(passed);
  return arraySamples(sets, { problem, numbers: 'rank', words: { x: 'rows', y: 'targets' }, origin: 'arrays of the program' });
}

export const arrays: DataSource<ArraysConfig> = { load: loadArrays };
