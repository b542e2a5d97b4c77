import type { JSX } from 'preact';
import type { JobsAnswer } from '../../work-protocol.ts';
import { change, useAnswer } from '../link/server.ts';
import { Action, Problem, Status } from '../parts/parts.tsx';

/** What was started from the page, and what it says. */
export function JobsPage(): JSX.Element {
  const { answer, problem } = useAnswer<JobsAnswer>('/api/jobs', ['jobs']);
  return (
    <>
      <h1>Jobs</h1>
      <p class="faint">What was started on this page since its server began. Jobs go on when the server ends.</p>
      <Problem>{problem}</Problem>
      {answer?.jobs.length === 0 && <p>Nothing was started yet.</p>}
      {answer?.jobs.map(({ id, command, status, started, output, exit, canStop }) => (
        <article key={id} aria-label={command}>
          <h2>
            <code>{command}</code>
          </h2>
          <p class="line">
            <Status status={status} /> {exit} <span class="faint">{new Date(started).toLocaleTimeString()}</span>
            {canStop && <Action label="stop (saves first)" work={() => change('/api/stop', { id: String(id) })} />}
          </p>
          {output !== '' && (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
            <pre tabIndex={0} class="output" aria-label={`what ${command} says`} role="log">
              {output}
            </pre>
          )}
        </article>
      ))}
    </>
  );
}
