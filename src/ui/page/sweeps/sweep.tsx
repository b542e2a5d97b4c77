import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { SweepAnswer } from '../../protocol.ts';
import { hashOf, route } from '../link/route.ts';
import { change, pathOf, useAnswer } from '../link/server.ts';
import { Action, Commands, Html, Problem, Status, Wide } from '../parts/parts.tsx';
import { Sortable } from '../parts/sortable.tsx';
import { Contour } from './contour.tsx';
import { type Brushes, isWithin, Parallel } from './parallel.tsx';

/** One sweep, live. */
export function SweepPage(): JSX.Element {
  const key = route.value.parameters.get('key') ?? '';
  const { answer: sweep, problem } = useAnswer<SweepAnswer>(pathOf('/api/sweep', { key }), [`sweep:${key}`]);
  const [brushes, setBrushes] = useState<Brushes>(new Map());
  if (sweep === undefined) return problem === undefined ? <p class="faint">reading</p> : <Problem>{problem}</Problem>;
  const within = new Set(sweep.lines.filter((line) => isWithin(line, brushes)).map(({ trial }) => trial));
  const trials = brushes.size === 0 ? sweep.trials : sweep.trials.filter(({ number }) => within.has(number));
  return (
    <>
      <div class="line">
        <h1>{sweep.name}</h1> <Status status={sweep.status} />
        {sweep.canStop && <Action label="pause (saves first)" work={() => change('/api/stop', { key })} />}
        {sweep.canResume && <Action label="resume" work={() => change('/api/resume', { key })} />}
      </div>
      <p class="faint">
        {sweep.id}; {sweep.method}
      </p>
      <Problem>{problem ?? sweep.problem}</Problem>
      <dl>
        <dt>trials</dt>
        <dd>{sweep.counts}</dd>
        {sweep.left !== '' && (
          <>
            <dt>left</dt>
            <dd>{sweep.left}</dd>
          </>
        )}
        {sweep.bestText !== '' && (
          <>
            <dt>best</dt>
            <dd>{sweep.bestText}</dd>
          </>
        )}
      </dl>
      {sweep.bestSet.length > 0 && <pre>{sweep.bestSet.map(([name, value]) => `${name}: ${value}`).join('\n')}</pre>}
      {sweep.edges.map((edge) => (
        <p class="warning">{edge}</p>
      ))}
      {sweep.running.length > 0 && <Running sweep={sweep} />}
      {sweep.lines.length > 0 ? (
        <>
          <h2>Parameters and metric</h2>
          <p class="faint">
            A line is a trial, the best are the strongest. Drag along an axis, or move its ends with the arrow keys, to keep the trials that
            pass there.
          </p>
          <Parallel axes={sweep.axes} lines={sweep.lines} best={sweep.best} brushes={brushes} onBrush={setBrushes} />
          <Contour axes={sweep.axes} lines={sweep.lines} best={sweep.best} />
        </>
      ) : (
        sweep.best === null && <p>No trial has a result yet.</p>
      )}
      <Html html={sweep.charts} />
      <h2>Trials</h2>
      {brushes.size > 0 && <p class="faint">{trials.length} that pass the marked ranges.</p>}
      <Sortable
        label="trials"
        columns={[...sweep.columns, { title: 'runs', isText: true }, { title: '', isText: true }]}
        rows={trials.map(({ number, cells, sort, runs, note }) => ({
          id: number,
          trial: number,
          sort: [...sort, null, null],
          class: number === sweep.best ? 'top' : undefined,
          cells: [
            ...cells,
            runs.map((run) => (
              <>
                <a href={hashOf('run', { key: run })}>{run.slice(run.lastIndexOf('/') + 1)}</a>{' '}
              </>
            )),
            <span class="faint note">{note}</span>,
          ],
        }))}
      />
      <h2>Commands</h2>
      <Commands commands={sweep.commands} />
    </>
  );
}

/** The trials at work. */
function Running({ sweep }: { sweep: SweepAnswer }): JSX.Element {
  return (
    <>
      <h2>At work</h2>
      <Wide label="trials at work">
        <table>
          <thead>
            <tr>
              <th scope="col">trial</th>
              <th scope="col">step</th>
              <th scope="col">loss</th>
              <th scope="col">left if never stopped</th>
              <th scope="col" class="text">
                run
              </th>
            </tr>
          </thead>
          <tbody>
            {sweep.running.map(({ trial, key, step, totalSteps, loss, left }) => (
              <tr key={key} data-t={trial}>
                <td>{trial}</td>
                <td>
                  {step.toLocaleString('en-US')}
                  {totalSteps !== null && ` of ${totalSteps.toLocaleString('en-US')}`}
                </td>
                <td>{loss}</td>
                <td>{left}</td>
                <td class="text">
                  <a href={hashOf('run', { key })}>{key.slice(key.lastIndexOf('/') + 1)}</a>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </>
  );
}
