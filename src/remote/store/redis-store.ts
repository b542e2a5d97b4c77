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
    const [folder, key] = this.#keysOf(name);
    await this.#storing(async (client) => {
      const blob = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const replies = await client
        .multi()
        .set(key, blob, 'EX', KEPT_SECONDS)
        .sadd(folder, name.slice(name.lastIndexOf('/') + 1))
        .expire(folder, KEPT_SECONDS)
        .exec();
      for (const [error] of replies ?? []) if (error !== null) throw error;
    });
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const [, key] = this.#keysOf(name);
    return this.#storing(async (client) => (await client.getBuffer(key)) ?? undefined);
  }

  async list(folder: string): Promise<string[]> {
    return this.#storing(async (client) => (await client.smembers(`${PREFIX}:${partsOf(folder).join('/')}`)).toSorted());
  }

  async remove(name: string): Promise<void> {
    const [folder, key] = this.#keysOf(name);
    await this.#storing((client) =>
      client
        .multi()
        .unlink(key)
        .srem(folder, name.slice(name.lastIndexOf('/') + 1))
        .exec(),
    );
  }

  /** Of its folder and of itself. */
  #keysOf(name: string): [folder: string, key: string] {
    const parts = partsOf(name);
    return [`${PREFIX}:${parts.slice(0, -1).join('/')}`, `${PREFIX}:${parts.join('/')}`];
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
