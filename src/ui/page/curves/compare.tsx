import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { CurvesAnswer, TableAnswer } from '../../protocol.ts';
import { hashOf, route } from '../link/route.ts';
import { pathOf, useAnswer } from '../link/server.ts';
import { Problem } from '../parts/parts.tsx';
import { Sortable } from '../parts/sortable.tsx';
import { Curves } from './curves.tsx';

/** Runs over each other, and the keys in which they differ. */
export function Compare(): JSX.Element {
  const keys = route.value.parameters.getAll('run');
  const topics = keys.map((key) => `run:${key}`);
  const [range, setRange] = useState<[number, number] | undefined>(undefined);
  const { answer: curves, problem } = useAnswer<CurvesAnswer>(
    pathOf('/api/curves', { run: keys, from: range?.[0], to: range?.[1] }),
    topics,
  );
  const { answer: table } = useAnswer<TableAnswer>(pathOf('/api/differences', { run: keys }), topics);
  return (
    <>
      <h1>
        {keys.length} {keys.length === 1 ? 'run' : 'runs'}
      </h1>
      <Problem>{problem}</Problem>
      {curves !== undefined && curves.runs.length < keys.length && (
        <p class="problem">{keys.length - curves.runs.length} of them are not there any more.</p>
      )}
      <h2>How they differ</h2>
      {table !== undefined && (
        <Sortable
          label="how they differ"
          columns={table.columns.map((column, i) => (i === 0 ? { ...column, title: 'run' } : column))}
          rows={table.rows.map(({ key, cells, sort }) => ({
            id: key,
            sort,
            cells: [<a href={hashOf('run', { key })}>{cells[0]}</a>, ...cells.slice(1)],
          }))}
        />
      )}
      <h2>Curves</h2>
      {curves === undefined ? <p class="faint">reading</p> : <Curves answer={curves} range={range} onRange={setRange} />}
    </>
  );
}
