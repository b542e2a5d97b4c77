import type { JSX } from 'preact';
import type { SpeedupAnswer, SpeedupsAnswer } from '../../protocol.ts';
import { hashOf, route } from '../link/route.ts';
import { pathOf, useAnswer } from '../link/server.ts';
import { Html, Problem } from '../parts/parts.tsx';

/** Comparisons of worker counts that were kept. */
export function SpeedupsPage(): JSX.Element {
  const { answer, problem } = useAnswer<SpeedupsAnswer>('/api/speedups', ['speedups']);
  return (
    <>
      <h1>Speedups</h1>
      <Problem>{problem}</Problem>
      {answer?.speedups.length === 0 && (
        <p>
          None yet. <code>gradloom speedup mnist</code> compares worker counts; what it has measured is here when it has ended.
        </p>
      )}
      <ul class="cards">
        {answer?.speedups.map(({ key, name, time, verdict, status }) => (
          <li key={key}>
            <a href={hashOf('speedup', { key })}>{name}</a> <span class="faint">{new Date(time).toLocaleString()}</span>
            <p class={`verdict ${status}`}>{verdict}</p>
          </li>
        ))}
      </ul>
    </>
  );
}

/** One comparison, as its report has it. */
export function SpeedupPage(): JSX.Element {
  const key = route.value.parameters.get('key') ?? '';
  const { answer, problem } = useAnswer<SpeedupAnswer>(pathOf('/api/speedup', { key }), ['speedups']);
  if (answer === undefined) return problem === undefined ? <p class="faint">reading</p> : <Problem>{problem}</Problem>;
  return (
    <>
      <h1>{answer.name}: what more workers buy</h1>
      <p class="faint">{answer.key}</p>
      <Html html={answer.html} class="speedup" />
    </>
  );
}
