import { printable } from '../../errors.ts';
import { filesOf } from '../files/paths.ts';
import type { TableConfig } from '../table/config.ts';

/** The files of each part of a table. @throws GradloomError as `filesOf` */
export function tableFiles({ path, val_path, test_path }: TableConfig): Record<'main' | 'val' | 'test', string[]> {
  return {
    main: filesOf(path, 'data.source.path'),
    val: filesOf(val_path ?? [], 'data.source.val_path'),
    test: filesOf(test_path ?? [], 'data.source.test_path'),
  };
}

/** Files as the experiment names them, for `Samples.origin`. */
export function named(given: string | readonly string[]): string {
  return printable(typeof given === 'string' ? given : given.join(', '), 200);
}
