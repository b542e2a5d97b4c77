import { GradloomError, printable } from '../../errors.ts';

const DEFAULT_PORT = 6379;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i;
const MOST_DATABASES = 1_000_000;

/** Where a Redis is, and how to get in. */
export interface QueueAddress {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly isTls: boolean;
  readonly user: string | undefined;
  /** Never to be printed or stored. */
  readonly password: string | undefined;
  /** The URL as it may be printed and stored: `redis://me:***@host:6379/0`. */
  readonly shown: string;
}

/**
 * Understands the URL of a queue: `redis://host:6379`, `rediss://user:password@host:6380/0` (TLS).
 *
 * @param isInsecureAllowed  also over a network without TLS or without a password, where whoever listens could read and change the sweep
 * @throws GradloomError E_USAGE, which never holds a password
 */
export function queueAddress(text: string, isInsecureAllowed: boolean): QueueAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isTls = url?.protocol === 'rediss:';
  if (url === undefined || (!isTls && url.protocol !== 'redis:')) throw refused(notUnderstood(text));
  // The rest of a password that was not encoded would stand there.
  if (url.hash !== '' || url.search !== '') throw refused(`${url.protocol}//...: nothing comes after the host and the database`);
  const database = Number(/^\/?(\d{0,7})$/.exec(url.pathname)?.[1] ?? Number.NaN);
  if (!(database < MOST_DATABASES)) throw refused(`${url.protocol}//...: the path is the number of a database, as /0`);
  if (url.hostname === '') throw refused(`${url.protocol}//...: the host is missing`);
  const [user, password] = [decoded(url.username), decoded(url.password)];
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  const login = password === undefined ? '' : `${user === undefined ? '' : encodeURIComponent(user)}:***@`;
  const shown = printable(`${url.protocol}//${login}${url.hostname}:${port}${database === 0 ? '' : `/${database}`}`);
  const isNear = LOOPBACK.test(url.hostname);
  if (!isNear && !isInsecureAllowed) checkSafe(shown, isTls, password !== undefined);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port, database, isTls, user, password, shown };
}

/** Whoever can talk to the queue decides what agents train, and reads what they train on. */
function checkSafe(shown: string, isTls: boolean, hasPassword: boolean): void {
  if (!isTls) {
    const next = 'use rediss:// (TLS), an SSH tunnel to 127.0.0.1, or --insecure on a network where everybody is trusted';
    throw refused(`${shown} is another machine, and the connection would not be encrypted`, next);
  }
  if (hasPassword) return;
  const next = 'give the user and the password in GRADLOOM_QUEUE, or --insecure where the certificate of the client lets in';
  throw refused(`${shown} is another machine, and asks for no password`, next);
}

function notUnderstood(text: string): string {
  const scheme = /^([a-z][a-z0-9+.-]{0,20}):/i.exec(text)?.[1];
  const got = scheme === undefined ? (text === '' ? 'nothing' : 'no URL') : `${scheme}:...`;
  return `expected redis://host:6379 or rediss://user:password@host:6379; got ${got}`;
}

function decoded(part: string): string | undefined {
  if (part === '') return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    throw refused('the user or the password is not percent-encoded: write % as %25, and # / ? : @ as %23 %2F %3F %3A %40');
  }
}

function refused(message: string, next = 'gradloom sweep run --help'): GradloomError {
  return new GradloomError({ code: 'E_USAGE', where: '--queue', message, next });
}
