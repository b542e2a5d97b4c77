import { deserialize, serialize } from 'node:v8';
import type { Team } from '../../engine/team/team.ts';
import { agree } from '../team/agree.ts';
import type { Beginning } from './options.ts';

/** Member 0 opens the run's directory; all begin with what it has found there, and the others write nothing. */
export async function beginTogether(team: Team, begin: () => Promise<Beginning>): Promise<Beginning> {
  if (team.member > 0) {
    const [{ bytes } = { bytes: 0 }] = await agree(team, { bytes: 0 });
    const { initial, state } = deserialize(await team.broadcast(new Uint8Array(bytes))) as Omit<Beginning, 'files'>;
    return { files: undefined, initial, state };
  }
  const beginning = await begin();
  try {
    const { initial, state } = beginning;
    const content = serialize({ initial, state });
    await agree(team, { bytes: content.length });
    await team.broadcast(content);
  } catch (error) {
    beginning.files?.close();
    throw error;
  }
  return beginning;
}
