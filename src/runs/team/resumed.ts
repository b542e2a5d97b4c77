import { deserialize, serialize } from 'node:v8';
import type { Experiment } from '../../config/schema/schema.ts';
import type { Team } from '../../engine/team/team.ts';
import type { Summary } from '../events.ts';
import { agree } from './agree.ts';

/** What member 0, which alone has the run's files, finds in them: how it ended, or what is to be gone on with. */
export type Resumed = { summary: Summary } | { experiment: Experiment };

/** Member 0 tells it, the others hear it. */
export async function shareResumed(team: Team, own?: Resumed): Promise<Resumed> {
  const [content = ''] = await agree(team, own === undefined ? '' : serialize(own).toString('base64'));
  return own ?? (deserialize(Buffer.from(content, 'base64')) as Resumed);
}
