import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RunsColumn } from '../../protocol.ts';
import { Wide } from './parts.tsx';

export interface SortableRow {
  id: string | number;
  cells: readonly ComponentChildren[];
  /** What each cell sorts by; null comes last. */
  sort: readonly (string | number | null)[];
  /** The number of a trial, which charts show when the pointer is on the row. */
  trial?: number;
  class?: string | undefined;
}

interface SortableProps {
  label: string;
  columns: readonly RunsColumn[];
  rows: readonly SortableRow[];
}

/** A table whose heads sort it; at first it is in the order that it comes in. */
export function Sortable({ label, columns, rows }: SortableProps): JSX.Element {
  const [order, setOrder] = useState<{ column: number; isUp: boolean } | undefined>(undefined);
  const sorted =
    order === undefined ? rows : [...rows].sort((a, b) => compare(a.sort[order.column] ?? null, b.sort[order.column] ?? null, order.isUp));
  return (
    <Wide label={label}>
      <table>
        <thead>
          <tr>
            {columns.map(({ title, isText }, i) => (
              <th
                scope="col"
                class={isText ? 'text' : undefined}
                aria-sort={order?.column !== i ? undefined : order.isUp ? 'ascending' : 'descending'}
              >
                {title === '' ? (
                  <span class="unseen">notes</span>
                ) : (
                  <button type="button" onClick={() => setOrder({ column: i, isUp: order?.column !== i || !order.isUp })}>
                    {title}
                  </button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => (
            <tr key={row.id} class={row.class} data-t={row.trial}>
              {row.cells.map((cell, i) => (
                <td class={columns[i]?.isText === true ? 'text' : undefined}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

function compare(a: string | number | null, b: string | number | null, isUp: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const order = typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : Number(String(a) > String(b));
  return isUp ? order : -order;
}
