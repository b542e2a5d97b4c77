import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { getCookie, setCookie } from 'hono/cookie';
import type { ErrorAnswer } from '../protocol.ts';

/** More than any change needs. */
const BODY_BYTES = 2 ** 20;
const TOKEN_BYTES = 32;
const NO_TOKEN = 'open the address that gradloom ui has printed: it ends with the token of this page';

/** Nothing runs or loads but what this server has; no other site may frame it, read it or load parts of it. */
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

/**
 * Who may use a page: whoever has its token, from the page itself, under the names of this machine.
 *
 * The token stands in the address that the command prints. The first answer to it sets a cookie, which other sites cannot send (SameSite=Strict)
 * and no script can read; the page takes the token out of its address.
 */
export class Guard {
  readonly token = randomBytes(TOKEN_BYTES).toString('base64url');
  /** Set once the port is known: names that a Host header may have, and the cookie's own, which all ports of a host share. */
  #hosts: readonly string[] = [];
  #cookie = '';

  /** @param port  that the server listens on */
  listenOn(port: number): void {
    this.#hosts = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`);
    this.#cookie = `gradloom-ui-${port}`;
  }

  /** To be sent with every change: a page of another site could not know it. */
  get csrf(): string {
    return this.#derived('csrf');
  }

  /** Refuses names, origins and people; sets the headers of every answer. */
  readonly enter: MiddlewareHandler = async (c, next) => {
    for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
    if (!this.#hosts.includes((c.req.header('host') ?? '').toLowerCase()))
      return turnAway(c, 403, 'E_HOST', 'this name is not served here');
    if (!this.#isOwn(c)) return turnAway(c, 403, 'E_ORIGIN', 'other sites are not answered');
    const given = c.req.query('token');
    if (given !== undefined && this.#isToken(given)) {
      setCookie(c, this.#cookie, this.#derived('cookie'), { httpOnly: true, sameSite: 'Strict', path: '/' });
      return next();
    }
    const bearer = /^Bearer (.+)$/.exec(c.req.header('authorization') ?? '')?.[1];
    if (bearer !== undefined && this.#isToken(bearer)) return next();
    if (isSame(getCookie(c, this.#cookie) ?? '', this.#derived('cookie'))) return next();
    if (c.req.path !== '/') return turnAway(c, 401, 'E_TOKEN', NO_TOKEN);
    c.header('Connection', 'close');
    return c.text(`gradloom: ${NO_TOKEN}\n`, 401);
  };

  /** Of changes: what is too much to be read. */
  readonly limit: MiddlewareHandler = bodyLimit({
    maxSize: BODY_BYTES,
    onError: (c) => refuse(c, 413, 'E_BODY', `a body of more than ${BODY_BYTES} bytes`),
  });

  /** Of changes: JSON that the page itself has sent. */
  readonly change: MiddlewareHandler = async (c, next) => {
    if (!isSame(c.req.header('x-gradloom-csrf') ?? '', this.csrf))
      return refuse(c, 403, 'E_CSRF', 'expected the header x-gradloom-csrf of this page');
    if (!/^application\/json\b/.test(c.req.header('content-type') ?? '')) return refuse(c, 415, 'E_BODY', 'expected application/json');
    return next();
  };

  /** What a browser says of where a request comes from. One that opens the page may come from anywhere, as from a link in a mail. */
  #isOwn(c: Context): boolean {
    const origin = c.req.header('origin');
    if (origin !== undefined && !this.#hosts.some((host) => origin === `http://${host}`)) return false;
    const site = c.req.header('sec-fetch-site');
    if (site === undefined || site === 'same-origin' || site === 'none') return true;
    return (
      c.req.method === 'GET' &&
      c.req.path === '/' &&
      c.req.header('sec-fetch-mode') === 'navigate' &&
      c.req.header('sec-fetch-dest') === 'document'
    );
  }

  #isToken(given: string): boolean {
    return isSame(given, this.token);
  }

  #derived(purpose: string): string {
    return createHmac('sha256', this.token).update(purpose).digest('base64url');
  }
}

/** In the same time for any guess. */
function isSame(given: string, wanted: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(wanted));
}

/** Refuses somebody who has no business here: a connection takes one such answer, however many questions were sent with it. */
function turnAway(c: Context, status: 401 | 403, code: string, message: string): Response {
  c.header('Connection', 'close');
  return refuse(c, status, code, message);
}

export function refuse(
  c: Context,
  status: 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 500 | 503,
  code: string,
  message: string,
): Response {
  return c.json({ error: { code, message } } satisfies ErrorAnswer, status);
}
