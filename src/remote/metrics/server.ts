import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GradloomError, printable } from '../../errors.ts';
import { errnoText } from '../../storage/errno.ts';
import { CONTENT_TYPE } from './exposition.ts';

const PATH = '/metrics';
const LOOPBACK: readonly string[] = ['127.0.0.1', 'localhost', '[::1]', '::1'];

/** Where metrics are to be had. */
export interface MetricsAddress {
  host: string;
  /** 0: one that is free. */
  port: number;
}

/** A server that is up. */
export interface MetricsServer {
  url: string;
  close: () => Promise<void>;
}

/**
 * Answers `GET /metrics` with what `text` gives just then.
 *
 * @throws GradloomError E_LIMIT if the port cannot be had
 */
export async function serveMetrics({ host, port }: MetricsAddress, text: () => string): Promise<MetricsServer> {
  const isOwn = LOOPBACK.includes(host);
  const server = createServer((request, response) => answer(request, response, isOwn, text));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(refused(host, port, cause)));
    server.listen(port, host.replace(/^\[|\]$/g, ''), resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      // A scraper keeps its connection.
      server.closeAllConnections();
    });
  return { url: `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${taken}${PATH}`, close };
}

interface Reply {
  status: number;
  body: string;
  allow?: string;
}

function answer(request: IncomingMessage, response: ServerResponse, isOwn: boolean, text: () => string): void {
  const { status, body, ...headers } = replyTo(request, isOwn, text);
  response.writeHead(status, { 'content-type': CONTENT_TYPE, 'content-length': Buffer.byteLength(body), ...headers });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function replyTo({ url = '', method = '', headers }: IncomingMessage, isOwn: boolean, text: () => string): Reply {
  // A page of another site may name this machine; it cannot say its name.
  if (isOwn && !LOOPBACK.includes((headers.host ?? '').replace(/:\d+$/, ''))) return { status: 403, body: 'forbidden\n' };
  if (url.split('?')[0] !== PATH) return { status: 404, body: `metrics are at ${PATH}\n` };
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: 'only GET\n', allow: 'GET, HEAD' };
  return { status: 200, body: text() };
}

function refused(host: string, port: number, cause: Error): GradloomError {
  const isTaken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
  return new GradloomError({
    code: 'E_LIMIT',
    where: '--metrics',
    message: `cannot listen on ${printable(host)}:${port}: ${errnoText(cause)}`,
    next: isTaken
      ? 'choose another port: --metrics 0 takes one that is free'
      : 'choose a port from 1024 on, and an address of this machine',
    cause,
  });
}
