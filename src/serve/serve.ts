import type { AddressInfo } from 'node:net';
import { serve as listen, type ServerType } from '@hono/node-server';
import { GradloomError, printable } from '../errors.ts';
import { errnoText } from '../storage/errno.ts';
import type { Model } from '../use/model.ts';
import { makeApp } from './app.ts';

/** Where a served model listens. */
export interface ServeOptions {
  /** 0: one that is free. */
  port: number;
  /** @default '127.0.0.1' */
  host?: string | undefined;
  /** Needed for any host but this machine's own. */
  token?: string | undefined;
}

/** A server that is up. */
export interface Serving {
  url: string;
  port: number;
  /** Takes no more requests, and is fulfilled when those under way are answered. */
  close: () => Promise<void>;
}

const LOOPBACK: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * Serves a model over HTTP.
 *
 * @throws GradloomError E_USAGE without a token where others could come; E_LIMIT if the port cannot be had
 */
export async function serveModel(model: Model, { port, host = '127.0.0.1', token }: ServeOptions): Promise<Serving> {
  const isOwn = LOOPBACK.includes(host) || host === '::1';
  if (!isOwn && (token === undefined || token === '')) {
    const message = `--host ${printable(host)} can be reached from other machines; expected --token with it`;
    throw new GradloomError({ code: 'E_USAGE', message, next: 'give a token, as of: openssl rand -hex 16; or leave --host out' });
  }
  // A page of another site may name this machine; it cannot say its name.
  const app = await makeApp(model, { token, hosts: isOwn ? LOOPBACK : undefined });
  const server = await new Promise<ServerType>((resolve, reject) => {
    const started = listen({ fetch: app.fetch, port, hostname: host }, () => resolve(started));
    started.on('error', (cause: unknown) => {
      const message = `cannot listen on ${printable(host)}:${port}: ${errnoText(cause)}`;
      reject(new GradloomError({ code: 'E_LIMIT', message, next: remedy(cause), cause }));
    });
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    port: taken,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // Connections that are kept open without a request would hold it for long.
        if ('closeIdleConnections' in server) server.closeIdleConnections();
      }),
  };
}

/** What lets a server listen after all. */
function remedy(cause: unknown): string {
  switch ((cause as NodeJS.ErrnoException | null)?.code) {
    case 'EADDRINUSE':
      return 'choose another port: --port 0 takes one that is free';
    case 'EACCES':
      return 'choose a port from 1024 on: --port 0 takes one that is free';
    default:
      return 'give --host an address of this machine, or 0.0.0.0 for all of them';
  }
}
