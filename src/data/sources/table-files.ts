import type { TableConfig } from '../table/config.ts';

/** The files of each part of a table. */
export function tableFiles({ path, val_path: val = [], test_path: test = [] }: TableConfig): Record<'main' | 'val' | 'test', string[]> {
  return { main: [path].flat(), val: [val].flat(), test: [test].flat() };
}
