import type { Context, Hono } from 'hono';
import { changeNotes } from '../../runs/store/notes.ts';
import { changeTags } from '../../runs/store/tags.ts';
import { fields, isShaped, listOf, text, textUpTo } from '../../storage/shape.ts';
import { isCrossValidation } from '../../sweep/folds/result.ts';
import { checkWork } from '../control/check.ts';
import type { Jobs } from '../control/jobs.ts';
import { workOf } from '../control/request.ts';
import { stopOwner } from '../control/stop.ts';
import type { Project } from '../watch/project.ts';
import { type Guard, refuse } from './guard.ts';

const MOST_CHANGES = 100;
const tagsShape = fields({ key: text, changes: listOf(textUpTo(200), MOST_CHANGES) });
const notesShape = fields({ key: text, notes: text, before: text });
const keyShape = fields({ key: text });
const jobShape = fields({ id: text });

/** What a page may change; none of it is there when it is read-only. */
export function addChanges(app: Hono, guard: Guard, { project, launcher, jobs }: { project: Project; launcher: string; jobs: Jobs }): void {
  const change = (path: string, answer: (c: Context, body: unknown) => Promise<Response> | Response): void => {
    app.post(path, guard.limit, guard.change, async (c) => {
      let body: unknown;
      try {
        body = await c.req.json();
      } catch {
        return refuse(c, 400, 'E_BODY', 'not JSON');
      }
      return answer(c, body);
    });
    app.all(path, (c) => refuse(c, 405, 'E_METHOD', 'expected POST'));
  };
  change('/api/tags', async (c, body) => {
    if (!isShaped(body, tagsShape)) return refuse(c, 400, 'E_BODY', 'expected {"key": ..., "changes": ["+tag", "-tag"]}');
    const run = await project.run(body.key);
    if (run === undefined) return refuse(c, 404, 'E_RUN_NOT_FOUND', 'there is no such run');
    const odd = body.changes.find((one) => !/^[+-]/.test(one));
    if (odd !== undefined) return refuse(c, 400, 'E_BODY', 'expected +tag or -tag');
    const tags = await changeTags(run, body.changes);
    project.lookAnew();
    return c.json({ tags });
  });
  change('/api/notes', async (c, body) => {
    if (!isShaped(body, notesShape)) return refuse(c, 400, 'E_BODY', 'expected {"key": ..., "notes": ..., "before": ...}');
    const run = await project.run(body.key);
    if (run === undefined) return refuse(c, 404, 'E_RUN_NOT_FOUND', 'there is no such run');
    return c.json({ notes: await changeNotes(run, body.notes, body.before) });
  });
  change('/api/check', (c, body) => {
    const work = workOf(body, project.root);
    return typeof work === 'string' ? refuse(c, 400, 'E_BODY', work) : c.json(checkWork(work, project.root, launcher));
  });
  change('/api/start', (c, body) => {
    const work = workOf(body, project.root);
    return typeof work === 'string' ? refuse(c, 400, 'E_BODY', work) : c.json({ id: jobs.start(work) });
  });
  change('/api/resume', async (c, body) => {
    const found = await directoryOf(project, body);
    return found === undefined
      ? refuse(c, 404, 'E_RUN_NOT_FOUND', 'there is nothing to go on with')
      : c.json({ id: jobs.resume(...found) });
  });
  change('/api/stop', async (c, body) => {
    if (isShaped(body, jobShape)) return jobs.stop(Number(body.id)) ? c.json({}) : refuse(c, 409, 'E_BUSY', 'it has ended already');
    const found = await directoryOf(project, body);
    if (found === undefined) return refuse(c, 404, 'E_RUN_NOT_FOUND', 'there is nothing to stop');
    return stopOwner(found[1]) ? c.json({}) : refuse(c, 409, 'E_BUSY', 'no process of the command line of gradloom is at work there');
  });
}

/** Of a run or a sweep of its own; those of trials are their sweep's. */
async function directoryOf(project: Project, body: unknown): Promise<['run' | 'sweep', directory: string] | undefined> {
  if (!isShaped(body, keyShape)) return undefined;
  const sweep = project.sweeps.get(body.key);
  // The folds of a cross-validation are gone on with as a run is.
  const isFolds = sweep?.state !== undefined && isCrossValidation(sweep.state.settings);
  if (sweep !== undefined) return [isFolds ? 'run' : 'sweep', sweep.directory];
  const run = project.isDirect(body.key) ? await project.run(body.key) : undefined;
  return run && ['run', run.directory];
}
