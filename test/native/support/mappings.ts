import { readFileSync } from 'node:fs';

/** A mapping of this process, as Linux tells. */
export interface Mapping {
  from: number;
  to: number;
  /** Such as r-xp. */
  rights: string;
}

export function mappings(): Mapping[] {
  return readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, from = '', to = '', rights = ''] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line) ?? [];
      return rights === '' ? [] : [{ from: Number.parseInt(from, 16), to: Number.parseInt(to, 16), rights }];
    });
}

/** The rights of what lies at an address; undefined where nothing does. */
export function rightsAt(address: number): string | undefined {
  return mappings().find(({ from, to }) => address >= from && address < to)?.rights;
}
