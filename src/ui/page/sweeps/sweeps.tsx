import type { JSX } from 'preact';
import type { SweepsAnswer } from '../../protocol.ts';
import { hashOf } from '../link/route.ts';
import { useAnswer } from '../link/server.ts';
import { Problem, Status, Wide } from '../parts/parts.tsx';

/** All sweeps and cross-validations. */
export function SweepsPage(): JSX.Element {
  const { answer, problem } = useAnswer<SweepsAnswer>('/api/sweeps', ['sweeps']);
  return (
    <>
      <h1>Sweeps</h1>
      <Problem>{problem}</Problem>
      {answer !== undefined && answer.sweeps.length === 0 && (
        <p>
          No sweeps yet. <code>gradloom sweep mnist-asha</code> begins one here.
        </p>
      )}
      {answer !== undefined && answer.sweeps.length > 0 && (
        <Wide label="sweeps">
          <table>
            <thead>
              <tr>
                {['sweep', 'status', 'best', 'trials', 'search', 'left'].map((title) => (
                  <th scope="col" class="text">
                    {title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {answer.sweeps.map((sweep) => (
                <tr key={sweep.key}>
                  <td class="text">
                    <a href={hashOf('sweep', { key: sweep.key })}>{sweep.id}</a>
                  </td>
                  <td class="text">
                    <Status status={sweep.status} />
                  </td>
                  <td class="text">{sweep.best}</td>
                  <td class="text">{sweep.trials}</td>
                  <td class="text">{sweep.problem ?? sweep.method}</td>
                  <td class="text">{sweep.left}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      )}
    </>
  );
}
