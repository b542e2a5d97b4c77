import { GradloomError, printable } from '../../errors.ts';
import type { RedisServer } from '../redis/server.ts';
import { FileStore } from './file-store.ts';
import { RedisStore } from './redis-store.ts';
import type { BlobStore } from './store.ts';

/**
 * Opens the store that a URL names: `file:/mnt/runs`, or `redis:` for the Redis of the queue.
 *
 * @throws GradloomError E_USAGE for what is neither; E_STORAGE if the directory cannot be used
 */
export async function openStore(url: string, server: RedisServer): Promise<BlobStore> {
  if (url === 'redis:') return new RedisStore(server);
  const directory = /^file:(?:\/\/(?=\/))?(.+)$/.exec(url)?.[1];
  if (directory !== undefined) return FileStore.open(directory);
  // A password may stand in it.
  const got = /^\w{1,20}:/.exec(url)?.[0] ?? printable(url, 40);
  throw new GradloomError({
    code: 'E_USAGE',
    where: '--store',
    message: `expected file:/a/directory/of/all/machines, or redis: for the Redis of the queue; got ${got}${got.endsWith(':') ? '...' : ''}`,
    next: 'gradloom agent --help',
  });
}
