import { GradloomError } from '../../errors.ts';

export type BullMq = typeof import('bullmq');
export type RedisClass = typeof import('ioredis').Redis;

/**
 * The packages behind a queue, which are loaded by nobody who has no use for them.
 *
 * @throws GradloomError E_PACKAGE naming the one that is not installed
 */
export async function loadQueuePackages(): Promise<{ bullmq: BullMq; Redis: RedisClass }> {
  const { Redis } = await installed('ioredis', () => import('ioredis'));
  return { Redis, bullmq: await installed('bullmq', () => import('bullmq')) };
}

async function installed<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw cause;
    throw new GradloomError({
      code: 'E_PACKAGE',
      where: name,
      message: 'the package is not installed, and sweeps over machines need it',
      next: 'npm install bullmq ioredis, beside gradloom (they are optional dependencies: --omit=optional leaves them out)',
      cause,
    });
  }
}
