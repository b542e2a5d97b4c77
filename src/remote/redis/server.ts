import { isIP } from 'node:net';
import type { Redis } from 'ioredis';
import { GradloomError, printableSentence } from '../../errors.ts';
import type { QueueAddress } from './address.ts';
import { type BullMq, loadQueuePackages, type RedisClass } from './packages.ts';

const CONNECT_MS = 5000;
const LONGEST_PAUSE_MS = 2000;
const CLOSE_MS = 2000;
/** What BullMQ is made for. */
const LEAST_VERSION = [6, 2] as const;

/**
 * A Redis or Valkey that answers. Once it has answered, what is asked while it is away waits until it is back: who may not wait that long
 * has to say so.
 */
export class RedisServer {
  readonly address: QueueAddress;
  readonly bullmq: BullMq;
  /** Of further connections. */
  readonly options: ConnectionOptions;
  readonly client: Redis;
  /** What speaks against trusting it with jobs, in sentences. */
  readonly doubts: readonly string[];
  readonly #Redis: RedisClass;
  readonly #others: Redis[] = [];

  private constructor(parts: Pick<RedisServer, 'address' | 'bullmq' | 'options' | 'client' | 'doubts'>, Redis: RedisClass) {
    ({ address: this.address, bullmq: this.bullmq, options: this.options, client: this.client, doubts: this.doubts } = parts);
    this.#Redis = Redis;
  }

  /** @throws GradloomError E_QUEUE if it cannot be reached, does not let in, or is too old; E_PACKAGE */
  static async connect(address: QueueAddress): Promise<RedisServer> {
    const { bullmq, Redis } = await loadQueuePackages();
    const options = optionsFor(address);
    // Without the check that each connection makes, which prints a line of its own where INFO is not allowed.
    const probe = new Redis({ ...options, lazyConnect: true, retryStrategy: () => null, enableReadyCheck: false });
    const doubts = doubtsOf(await asked(address, probe, () => probe.info()), address);
    let hasAnswered = false;
    const client = new Redis({
      ...options,
      lazyConnect: true,
      retryStrategy: (times: number) => (hasAnswered ? pauseAfter(times) : null),
    });
    await asked(address, client, undefined);
    hasAnswered = true;
    return new RedisServer({ address, bullmq, options, client, doubts }, Redis);
  }

  /** The URL without its password. */
  get shown(): string {
    return this.address.shown;
  }

  /** Whether it answers now. */
  get isThere(): boolean {
    return this.client.status === 'ready';
  }

  /** A further connection, which is lost with this one; where it is lost before, it comes back by itself. */
  newClient(): Redis {
    const client = new this.#Redis(this.options);
    // Who waits looks at `isThere`.
    client.on('error', () => undefined);
    this.#others.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.#others) client.disconnect();
    const isDone = this.isThere && (await within(CLOSE_MS, this.client.quit()));
    if (!isDone) this.client.disconnect();
  }
}

/**
 * Connects, and asks for something where that is all that the connection is for.
 *
 * @throws GradloomError E_QUEUE naming what came in the way, with the connection closed
 */
async function asked(address: QueueAddress, client: Redis, ask: (() => Promise<string>) | undefined): Promise<string> {
  let lastError: unknown;
  let isKept = false;
  client.on('error', (error: unknown) => (lastError = error));
  try {
    await client.connect();
    const answer = await ask?.();
    isKept = ask === undefined;
    return answer ?? '';
  } catch (error) {
    throw unreachable(address, lastError ?? error);
  } finally {
    if (!isKept) client.disconnect();
  }
}

/** Waits for a promise, but not longer. @returns whether it was fulfilled */
export async function within(ms: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  const done = promise.then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
  }
}

type ConnectionOptions = ReturnType<typeof optionsFor>;

function optionsFor({ host, port, database, user, password, isTls }: QueueAddress) {
  return {
    host,
    port,
    db: database,
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    // An address is no name of a server: certificates are compared with it all the same.
    ...(isTls && { tls: isIP(host) === 0 ? { servername: host } : {} }),
    connectTimeout: CONNECT_MS,
    maxRetriesPerRequest: null,
    retryStrategy: pauseAfter as (times: number) => number | null,
  };
}

function pauseAfter(times: number): number {
  return Math.min(LONGEST_PAUSE_MS, 50 * 2 ** Math.min(times, 10));
}

/** @throws GradloomError E_QUEUE for a version that is too old */
function doubtsOf(info: string, address: QueueAddress): string[] {
  const told = new Map(info.split(/\r?\n/).map((line) => line.split(':', 2) as [string, string]));
  const [major = 0, minor = 0] = (told.get('redis_version') ?? '').split('.').map(Number);
  if (major < LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor < LEAST_VERSION[1])) {
    const message = `version ${printableSentence(told.get('redis_version') ?? 'unknown', 20)} is too old`;
    const next = `Redis ${LEAST_VERSION.join('.')} or newer, or Valkey`;
    throw new GradloomError({ code: 'E_QUEUE', where: address.shown, message, next });
  }
  const doubts: string[] = [];
  const policy = told.get('maxmemory_policy') ?? 'noeviction';
  if (policy !== 'noeviction' && told.get('maxmemory') !== '0')
    doubts.push(`it may throw away jobs when its memory is full: maxmemory-policy is ${printableSentence(policy, 40)}, use noeviction`);
  if (told.get('aof_enabled') === '0')
    doubts.push('it keeps no append-only file, so what is queued is lost when it ends, and queued again: start it with --appendonly yes');
  return doubts;
}

function unreachable({ shown }: QueueAddress, cause: unknown): GradloomError {
  const said = cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : String(cause);
  const isLogin = /NOAUTH|WRONGPASS|NOPERM|invalid password/i.test(said);
  const isCertificate = /certificate|altnames|CERT_/i.test(said);
  return new GradloomError({
    code: 'E_QUEUE',
    where: shown,
    message: `${isLogin ? 'the queue does not let in' : 'the queue cannot be reached'}: ${printableSentence(said)}`,
    next: isLogin
      ? 'give the user and the password: rediss://user:password@host, best in the variable GRADLOOM_QUEUE'
      : isCertificate
        ? 'name the host as its certificate does; of a private authority: NODE_EXTRA_CA_CERTS=ca.pem'
        : 'check that Redis or Valkey runs there and that the network lets through, then try again',
    cause,
  });
}
