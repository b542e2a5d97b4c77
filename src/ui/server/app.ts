import { type Context, Hono } from 'hono';
import { GradloomError } from '../../errors.ts';
import { packageVersion } from '../../machine/version.ts';
import { speedupParts } from '../../report/speedup/html.ts';
import { experimentKeys, findConfigs } from '../control/configs.ts';
import type { Jobs } from '../control/jobs.ts';
import { stoppableOwner } from '../control/stop.ts';
import type { ErrorAnswer, Revisions, SessionAnswer, SpeedupAnswer, SpeedupsAnswer, SweepsAnswer } from '../protocol.ts';
import { curvesOf } from '../view/curves.ts';
import { RunView } from '../view/run.ts';
import { differencesOf, RunsView } from '../view/runs.ts';
import { SweepView, sweepRow } from '../view/sweep.ts';
import type { KeyedRun, Project } from '../watch/project.ts';
import type { ConfigsAnswer, JobsAnswer } from '../work-protocol.ts';
import { addChanges } from './changes.ts';
import { Changes } from './events.ts';
import { pageFiles } from './files.ts';
import { Guard, refuse } from './guard.ts';

export interface AppOptions {
  project: Project;
  /** How gradloom is started: `npx gradloom`. */
  launcher: string;
  /** What was started from the page; undefined: read-only, and nothing can be changed. */
  jobs: Jobs | undefined;
}

/** Rows of a window of the table of runs, at most. */
const MOST_ROWS = 1000;
/** Groups that are folded one by one; all can be folded at once. */
const MOST_FOLDS = 200;
/** Runs beside each other. */
const MOST_COMPARED = 24;

/** The page and what it asks for; every answer but the page's files is JSON. */
export function makeApp({ project, launcher, jobs }: AppOptions): { app: Hono; guard: Guard } {
  const app = new Hono();
  const guard = new Guard();
  app.use(guard.enter);
  for (const [path, { type, content }] of pageFiles()) app.get(path, (c) => c.body(content, 200, { 'Content-Type': type }));
  app.get('/api/session', (c) => {
    return c.json({
      version: packageVersion(),
      root: project.root,
      isReadOnly: jobs === undefined,
      csrf: guard.csrf,
      launcher,
    } satisfies SessionAnswer);
  });
  addRuns(app, { project, launcher, jobs });
  addSweeps(app, { project, launcher, jobs });
  const changes = new Changes((topics) => revisionsOf(topics, project, jobs));
  app.get('/api/events', (c) => changes.stream(c));
  if (jobs !== undefined) {
    app.get('/api/jobs', (c) => c.json({ jobs: jobs.rows() } satisfies JobsAnswer));
    app.get('/api/configs', (c) => c.json({ configs: findConfigs(project.root), keys: experimentKeys() } satisfies ConfigsAnswer));
    addChanges(app, guard, { project, launcher, jobs });
  }
  app.notFound((c) => refuse(c, 404, 'E_PATH', 'nothing is there'));
  app.onError((error, c) => {
    if (!(error instanceof GradloomError)) return refuse(c, 500, 'E_INTERNAL', 'a fault of gradloom');
    const { code, where, message, next } = error;
    return c.json({ error: { code, where, message, next } } satisfies ErrorAnswer, code === 'E_BUSY' ? 409 : 400);
  });
  return { app, guard };
}

function addRuns(app: Hono, { project, launcher, jobs }: AppOptions): void {
  const table = new RunsView(project);
  const view = new RunView(launcher);
  app.get('/api/runs', async (c) => {
    await project.look();
    const query = {
      text: textOf(c, 'q'),
      sort: textOf(c, 'sort'),
      reverse: c.req.query('reverse') === '1',
      group: textOf(c, 'group'),
      folds: (c.req.queries('fold') ?? []).slice(0, MOST_FOLDS),
      foldsAll: c.req.query('folded') === '1',
      columns: (c.req.queries('col') ?? []).slice(0, 40),
    };
    return c.json(table.answer(query, countOf(c, 'from', 0, Number.MAX_SAFE_INTEGER), countOf(c, 'count', 200, MOST_ROWS)));
  });
  app.get('/api/run', async (c) => {
    const found = await runOf(c, project);
    if (found === undefined) return refuse(c, 404, 'E_RUN_NOT_FOUND', 'there is no such run');
    const { key, run } = found;
    const isOwn = jobs !== undefined && project.isDirect(key);
    const control = {
      canStop: isOwn && run.record.status === 'running' && stoppableOwner(run.directory) !== undefined,
      canResume: isOwn && !['running', 'finished', 'damaged'].includes(run.record.status),
    };
    return c.json(view.answer(key, run, await project.curves(key, run), control));
  });
  app.get('/api/run/part', async (c) => {
    const found = await runOf(c, project);
    if (found === undefined) return refuse(c, 404, 'E_RUN_NOT_FOUND', 'there is no such run');
    const html = await view.part(found.key, found.run, await project.curves(found.key, found.run), textOf(c, 'name'));
    return html === undefined ? refuse(c, 404, 'E_PATH', 'there is no such part') : c.json({ html });
  });
  app.get('/api/curves', async (c) => {
    const runs = await runsOf(c, project);
    const range = {
      from: countOf(c, 'from', 0, Number.MAX_SAFE_INTEGER),
      to: countOf(c, 'to', Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    };
    return c.json(await curvesOf(project, runs, range));
  });
  app.get('/api/differences', async (c) => {
    return c.json(differencesOf(await runsOf(c, project)));
  });
}

function addSweeps(app: Hono, { project, launcher, jobs }: AppOptions): void {
  const view = new SweepView(launcher);
  app.get('/api/sweeps', async (c) => {
    await project.look();
    return c.json({ sweeps: project.sweeps.sweeps.map(sweepRow) } satisfies SweepsAnswer);
  });
  app.get('/api/sweep', async (c) => {
    await project.look();
    const found = project.sweeps.get(textOf(c, 'key'));
    if (found === undefined) return refuse(c, 404, 'E_SWEEP_NOT_FOUND', 'there is no such sweep');
    const status = found.state?.status;
    const control = {
      canStop: jobs !== undefined && status === 'running' && stoppableOwner(found.directory) !== undefined,
      canResume: jobs !== undefined && status === 'interrupted',
    };
    return c.json(await view.answer(found, project, control));
  });
  app.get('/api/speedups', async (c) => {
    await project.look();
    const speedups = project.speedups.speedups.map(({ key, time, result }) => ({
      key,
      name: result.name,
      time: new Date(time).toISOString(),
      verdict: result.verdict.text,
      status: result.verdict.status,
    }));
    return c.json({ speedups } satisfies SpeedupsAnswer);
  });
  app.get('/api/speedup', async (c) => {
    await project.look();
    const found = project.speedups.get(textOf(c, 'key'));
    if (found === undefined) return refuse(c, 404, 'E_PATH', 'there is no such speedup');
    return c.json({ key: found.key, name: found.result.name, html: speedupParts(found.result).join('\n') } satisfies SpeedupAnswer);
  });
}

async function revisionsOf(topics: readonly string[], project: Project, jobs: Jobs | undefined): Promise<Revisions> {
  await project.look();
  const now: Revisions = {
    runs: project.revision,
    sweeps: project.sweeps.revision,
    speedups: project.speedups.revision,
    jobs: jobs?.revision ?? 0,
  };
  for (const topic of topics) {
    const [kind, key] = [topic.slice(0, topic.indexOf(':')), topic.slice(topic.indexOf(':') + 1)];
    if (kind === 'run') now[topic] = await project.runRevision(key);
    if (kind === 'sweep') now[topic] = await project.sweepRevision(key);
  }
  return now;
}

async function runOf(c: Context, project: Project): Promise<KeyedRun | undefined> {
  await project.look();
  const key = textOf(c, 'key');
  const run = await project.run(key);
  return run && { key, run };
}

/** Those that are named and there. */
async function runsOf(c: Context, project: Project): Promise<KeyedRun[]> {
  await project.look();
  const found: KeyedRun[] = [];
  for (const key of (c.req.queries('run') ?? []).slice(0, MOST_COMPARED)) {
    const run = await project.run(key);
    if (run !== undefined) found.push({ key, run });
  }
  return found;
}

function textOf(c: Context, name: string): string {
  return (c.req.query(name) ?? '').slice(0, 2000);
}

function countOf(c: Context, name: string, otherwise: number, most: number): number {
  const text = c.req.query(name) ?? '';
  return /^\d{1,16}$/.test(text) ? Math.min(Number(text), most) : otherwise;
}
