import type { SpeedupResult, SpeedupTable } from '../../speedup/events.ts';
import { formatCount } from '../text/numbers.ts';
import type { Table } from '../text/table.ts';

/** Speedups of every batch size and worker count: when does a second core pay? */
export function formatBatchMap({ tables }: Pick<SpeedupResult, 'tables'>): (Table & { title: string }) | undefined {
  const maps = tables.filter(({ mode }) => mode === 'map');
  const [first] = maps;
  if (first === undefined) return undefined;
  const counts = first.rows.map(({ workers }) => workers);
  const rows = maps.map((table) => [
    formatCount(table.batch_size),
    ...table.rows.map(({ speedup, contaminated }) => `${speedup.value.toFixed(2)}${contaminated.length > 0 ? '?' : ''}`),
    paysFrom(table),
  ]);
  const head = ['batch', ...counts.map((count) => `${count} w`), 'pays from'];
  // Counts between the first and the last say least.
  return { title: 'Speedup by batch size and workers (? disturbed)', head, rows, minor: head.slice(2, -2) };
}

/** The fewest workers that are measurably faster than one: the whole interval is above 1. */
function paysFrom({ rows }: SpeedupTable): string {
  const first = rows.find(({ workers, speedup }) => workers > 1 && speedup.low > 1)?.workers.toString() ?? 'none';
  return rows.some(({ contaminated }) => contaminated.length > 0) ? `${first}?` : first;
}
