import type { SourceConfig } from '../../../../src/config/schema/schema.ts';
import type { Reading, Samples } from '../../../../src/data/samples.ts';
import { csv } from '../../../../src/data/sources/csv.ts';

export type CsvConfig = Extract<SourceConfig, { type: 'csv' }>;

/** A csv source with the defaults of the schema. */
export function csvConfig(path: string, target: string | string[], more: Partial<CsvConfig> = {}): CsvConfig {
  return {
    type: 'csv',
    path,
    target,
    unknown_category: 'error',
    missing: 'error',
    missing_indicator: false,
    header: 'auto',
    delimiter: 'auto',
    decimal: '.',
    ...more,
  };
}

export function reading(problem: Reading['problem'], by: unknown = 'order'): Reading {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a split, tables read nothing but the columns that `by` names
  return { seed: 0, problem, split: { train: 'rest', val: 0, test: 0, by } as Reading['split'] };
}

export async function loadCsv(config: CsvConfig, problem: Reading['problem'] = 'classification', by: unknown = 'order'): Promise<Samples> {
  return await csv.load(config, reading(problem, by));
}

/** Rows [from, to). */
export function rows(from: number, to: number): Uint32Array {
  return Uint32Array.from({ length: to - from }, (_, i) => from + i);
}
