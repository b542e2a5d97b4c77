import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import { Jobs } from '../../../src/ui/control/jobs.ts';
import { makeApp } from '../../../src/ui/server/app.ts';
import { Project } from '../../../src/ui/watch/project.ts';
import { MAIN } from '../../cli/support/run-cli.ts';

const PORT = 4280;
export const OWN_HOST = `127.0.0.1:${PORT}`;

/** A directory with a folder `runs`. */
export function projectPlace(t: ExecutionContext): { root: string; runs: string } {
  const root = mkdtempSync(path.join(tmpdir(), 'gradloom-ui-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
  const runs = path.join(root, 'runs');
  mkdirSync(runs);
  return { root, runs };
}

export interface Opened {
  project: Project;
  jobs: Jobs;
  token: string;
  csrf: string;
  /** As the page asks: with its cookie's worth. */
  get: (path: string, headers?: Record<string, string>) => Promise<Response>;
  /** The answer to a question that must be answered. */
  json: <T>(path: string) => Promise<T>;
  post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Response>;
  /** Anything, with no headers but these. */
  ask: (path: string, init?: RequestInit) => Promise<Response>;
}

/** The server of a page, without a port. */
export function opened(root: string, isReadOnly = false): Opened {
  const project = new Project(root, !isReadOnly);
  const jobs = new Jobs({ program: [process.execPath, MAIN], root, launcher: 'gradloom' });
  const { app, guard } = makeApp({ project, launcher: 'gradloom', jobs: isReadOnly ? undefined : jobs });
  guard.listenOn(PORT);
  const own = { host: OWN_HOST, authorization: `Bearer ${guard.token}` };
  const ask = async (place: string, init?: RequestInit): Promise<Response> => app.request(place, init);
  const get: Opened['get'] = (place, headers = {}) => ask(place, { headers: { ...own, ...headers } });
  return {
    project,
    jobs,
    token: guard.token,
    csrf: guard.csrf,
    ask,
    get,
    json: async <T>(place: string): Promise<T> => {
      const response = await get(place);
      if (response.status !== 200) throw new Error(`${place}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    },
    post: (place, body, headers = {}) =>
      ask(place, {
        method: 'POST',
        headers: { ...own, 'content-type': 'application/json', 'x-gradloom-csrf': guard.csrf, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
  };
}
