import { GradloomError, printableSentence } from '../../errors.ts';
import type { RedisServer } from '../redis/server.ts';
import { type BlobStore, partsOf } from './store.ts';

const PREFIX = 'gradloom:store';
/** A copy of a run of 784-45-10 takes about 2 MB. */
const LIMIT_BYTES = 2 ** 25;
/** What nobody has asked for in such a time is of a sweep that was given up. */
const KEPT_SECONDS = 14 * 86_400;

/** The Redis of the queue itself: for small networks, where machines share no directory. */
export class RedisStore implements BlobStore {
  readonly shown = 'redis:';
  readonly id = 'redis';
  readonly limitBytes = LIMIT_BYTES;
  readonly #server: RedisServer;

  constructor(server: RedisServer) {
    this.#server = server;
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const blob = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    await this.#storing(async (client) => {
      const command = client.multi().set(keyOf(name), blob, 'EX', KEPT_SECONDS);
      // A folder is a set of names, and in its own folder by its name.
      for (const [folder, part] of placesOf(name)) command.sadd(keyOf(folder), part).expire(keyOf(folder), KEPT_SECONDS);
      for (const [error] of (await command.exec()) ?? []) if (error !== null) throw error;
    });
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    return this.#storing(async (client) => (await client.getBuffer(keyOf(name))) ?? undefined);
  }

  async list(folder: string): Promise<string[]> {
    return this.#storing(async (client) => (await client.smembers(keyOf(folder))).toSorted());
  }

  async remove(name: string): Promise<void> {
    const [[folder, part]] = placesOf(name);
    await this.#storing((client) => client.multi().unlink(keyOf(name)).srem(keyOf(folder), part).exec());
  }

  async removeFolder(folder: string): Promise<void> {
    for (const part of await this.#listIfFolder(folder)) await this.removeFolder(`${folder}/${part}`);
    const [[above, part]] = placesOf(folder);
    await this.#storing((client) => client.multi().unlink(keyOf(folder)).srem(keyOf(above), part).exec());
  }

  #listIfFolder(name: string): Promise<string[]> {
    return this.#storing(async (client) => ((await client.type(keyOf(name))) === 'set' ? client.smembers(keyOf(name)) : []));
  }

  async #storing<T>(action: (client: RedisServer['client']) => Promise<T>): Promise<T> {
    try {
      return await action(this.#server.client);
    } catch (cause) {
      throw new GradloomError({
        code: 'E_STORAGE',
        where: this.#server.address.shown,
        message: `the store cannot be used: ${printableSentence((cause as Error).message)}`,
        next: 'give Redis more memory (maxmemory), or use --store file:/a/directory/of/all/machines',
        cause,
      });
    }
  }
}

function keyOf(name: string): string {
  return `${PREFIX}:${partsOf(name).join('/')}`;
}

/** The folders of a name, from its own upwards, each with what stands in it: `a/b/c` is c in a/b, and a/b is b in a. */
function placesOf(name: string): [[folder: string, part: string], ...[folder: string, part: string][]] {
  const parts = partsOf(name);
  const place = (depth: number): [string, string] => [parts.slice(0, depth).join('/'), parts[depth] ?? ''];
  const above = Array.from({ length: Math.max(0, parts.length - 2) }, (_, i) => place(parts.length - 2 - i));
  return [place(Math.max(1, parts.length - 1)), ...above];
}
