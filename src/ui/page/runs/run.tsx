import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { CurvesAnswer, RunAnswer } from '../../protocol.ts';
import { Curves } from '../curves/curves.tsx';
import { hashOf, route } from '../link/route.ts';
import { ask, change, messageOf, pathOf, useAnswer } from '../link/server.ts';
import { Action, Commands, Html, Problem, Status } from '../parts/parts.tsx';
import { Notes } from './notes.tsx';
import { TagsField } from './tags.tsx';

/** Parts that are long or take a while are shown when they are opened. */
const OPEN = new Set(['time', 'config']);

/** One run, live. */
export function RunPage(): JSX.Element {
  const key = route.value.parameters.get('key') ?? '';
  const topic = `run:${key}`;
  const { answer: run, problem } = useAnswer<RunAnswer>(pathOf('/api/run', { key }), [topic]);
  const [range, setRange] = useState<[number, number] | undefined>(undefined);
  const { answer: curves } = useAnswer<CurvesAnswer>(pathOf('/api/curves', { run: key, from: range?.[0], to: range?.[1] }), [topic]);
  if (run === undefined) return problem === undefined ? <p class="faint">reading</p> : <Problem>{problem}</Problem>;
  const now = curves?.runs[0];
  const share = now?.totalSteps === null || now === undefined ? undefined : Math.min(1, now.step / now.totalSteps);
  const sweep = /^(?<key>.*)\/trials\/[^/]+$/.exec(key)?.groups?.['key'];
  return (
    <>
      <div class="line">
        <h1>{run.name}</h1> <Status status={run.status} />
        {run.canStop && <Action label="stop (saves first)" work={() => change('/api/stop', { key })} />}
        {run.canResume && <Action label="resume" work={() => change('/api/resume', { key })} />}
      </div>
      <p class="faint">
        {run.id}
        {sweep !== undefined && (
          <>
            {' of '}
            <a href={hashOf('sweep', { key: sweep })}>{sweep}</a>
          </>
        )}
      </p>
      {run.status === 'running' && now !== undefined && (
        <p class="live" role="status">
          step {now.step.toLocaleString('en-US')}
          {now.totalSteps !== null && ` of ${now.totalSteps.toLocaleString('en-US')}`}
          {now.left !== '' && `, ${now.left} left`}
          {share !== undefined && <progress value={share} max={1} aria-label="of the training" />}
        </p>
      )}
      <p>
        <TagsField run={key} tags={run.tags} id={run.id} />
      </p>
      <Notes run={key} notes={run.notes} id={run.id} />
      <Html html={run.facts} />
      <h2>Curves</h2>
      {curves === undefined ? <p class="faint">reading</p> : <Curves answer={curves} range={range} onRange={setRange} />}
      {run.parts.map(({ name, title }) => (
        <Part key={name} run={key} name={name} title={title} version={`${run.status} ${run.facts}`} />
      ))}
      <h2>Checkpoints and commands</h2>
      {run.checkpoints.length === 0 ? (
        <p class="faint">There are no checkpoints.</p>
      ) : (
        <ul class="checkpoints">
          {run.checkpoints.map(({ step, bytes }) => (
            <li>
              step {step.toLocaleString('en-US')} <span class="faint">{Math.ceil(bytes / 1024).toLocaleString('en-US')} KiB</span>
            </li>
          ))}
        </ul>
      )}
      <Commands commands={run.commands} />
    </>
  );
}

/** A part of the report, asked for when it is opened. @param version  of the run: another one makes it old */
function Part({ run, name, title, version }: { run: string; name: string; title: string; version: string }): JSX.Element {
  const [isOpen, setOpen] = useState(OPEN.has(name));
  const [found, setFound] = useState<{ html?: string; problem?: string }>({});
  useEffect(() => {
    if (!isOpen) return;
    let isLeft = false;
    ask<{ html: string }>(pathOf('/api/run/part', { key: run, name })).then(
      ({ html }) => {
        if (!isLeft) setFound({ html });
      },
      (error: unknown) => {
        if (!isLeft) setFound({ problem: messageOf(error) });
      },
    );
    return () => {
      isLeft = true;
    };
  }, [isOpen, run, name, version]);
  const { html, problem } = found;
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <h2>{title}</h2>
      </summary>
      {isOpen && <Problem>{problem}</Problem>}
      {isOpen && problem === undefined && html === undefined && <p class="faint">reading</p>}
      {isOpen && html === '' && <p class="faint">There is nothing of it in this run.</p>}
      {isOpen && html !== undefined && html !== '' && <Html html={html} />}
    </details>
  );
}
