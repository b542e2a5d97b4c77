import { type JSX, render } from 'preact';
import type { SessionAnswer } from '../protocol.ts';
import { Compare } from './curves/compare.tsx';
import { hashOf, route } from './link/route.ts';
import { ask, isConnected, messageOf, session, useTopics } from './link/server.ts';
import { linkTrials, sortTables } from './parts/tables.ts';
import { RunPage } from './runs/run.tsx';
import { RunsPage } from './runs/runs.tsx';
import { SpeedupPage, SpeedupsPage } from './sweeps/speedups.tsx';
import { SweepPage } from './sweeps/sweep.tsx';
import { SweepsPage } from './sweeps/sweeps.tsx';
import { JobsPage } from './work/jobs.tsx';
import { StartPage } from './work/start.tsx';

/** Each page, and the entry of the navigation that it belongs to. */
const PAGES: Record<string, { entry: string; view: () => JSX.Element }> = {
  runs: { entry: 'runs', view: RunsPage },
  run: { entry: 'runs', view: RunPage },
  compare: { entry: 'runs', view: Compare },
  sweeps: { entry: 'sweeps', view: SweepsPage },
  sweep: { entry: 'sweeps', view: SweepPage },
  speedups: { entry: 'speedups', view: SpeedupsPage },
  speedup: { entry: 'speedups', view: SpeedupPage },
  start: { entry: 'start', view: StartPage },
  jobs: { entry: 'jobs', view: JobsPage },
};

function App(): JSX.Element {
  useTopics(['runs', 'sweeps', 'speedups', 'jobs']);
  const { name } = route.value;
  const page = PAGES[name] ?? { entry: '', view: Nothing };
  const entries = ['runs', 'sweeps', 'speedups', ...(session.value?.isReadOnly === false ? ['start', 'jobs'] : [])];
  const View = page.view;
  return (
    <>
      <a class="skip" href="#main">
        to the content
      </a>
      <header class="site">
        <nav aria-label="pages">
          {entries.map((entry) => (
            <a href={hashOf(entry)} aria-current={entry === page.entry ? 'page' : undefined}>
              {entry}
            </a>
          ))}
        </nav>
        <p class="faint place">
          {session.value?.root}
          {session.value?.isReadOnly === true && ' (read-only)'}
        </p>
      </header>
      {!isConnected.value && (
        <p class="problem lost" role="status">
          The server does not answer; what is shown may be old. Trainings go on without it.
        </p>
      )}
      <main id="main" tabIndex={-1}>
        <View key={name} />
      </main>
    </>
  );
}

function Nothing(): JSX.Element {
  return <h1>There is no such page</h1>;
}

async function begin(): Promise<void> {
  const root = document.getElementById('app');
  if (root === null) return;
  // The cookie is set: the token need not stand in the address, the history or a picture of the screen.
  if (window.location.search !== '') window.history.replaceState(null, '', window.location.pathname + window.location.hash);
  sortTables(document);
  linkTrials(document);
  render(<App />, root);
  try {
    session.value = await ask<SessionAnswer>('/api/session');
  } catch (error) {
    render(<p class="problem">{messageOf(error)}</p>, root);
  }
}

void begin();
