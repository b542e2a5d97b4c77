import type { AddressInfo } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';
import { GradloomError, printable } from '../../errors.ts';
import { errnoText } from '../../storage/errno.ts';
import { kindAt } from '../../storage/folder.ts';
import { Jobs } from '../control/jobs.ts';
import { Project } from '../watch/project.ts';
import { makeApp } from './app.ts';

export interface UiOptions {
  /** What the page shows. */
  root: string;
  /** 0: one that is free; undefined: the usual one, or another where that is taken. */
  port: number | undefined;
  isReadOnly: boolean;
  /** How gradloom is started, for commands to copy; and as a program. */
  launcher: string;
  program: readonly [string, ...string[]];
}

/** A page that is up. */
export interface OpenPage {
  /** With its token. */
  url: string;
  port: number;
  /** Jobs that were started from the page and are at work. */
  atWork: () => number;
  close: () => Promise<void>;
}

/** Other machines never reach it. */
const HOST = '127.0.0.1';
const USUAL_PORT = 4280;
/** Whoever sends slowly, or nothing, makes room for others. */
const HEADERS_MS = 5000;
const REQUEST_MS = 15_000;
const KEEP_ALIVE_MS = 5000;
const LOOK_MS = 1000;
/** Who takes nothing of an answer for so long is gone; a page that waits hears something every 15 seconds. */
const SILENT_MS = 120_000;
/** Of one connection; a page then takes another. What was sent at once beyond it is not even looked at. */
const MOST_REQUESTS = 100;
const MOST_CONNECTIONS = 128;

/**
 * Serves the page of a directory.
 *
 * @throws GradloomError E_USAGE without the directory; E_BUSY if the port cannot be had
 */
export async function openPage({ root, port, isReadOnly, launcher, program }: UiOptions): Promise<OpenPage> {
  const kind = kindAt(`${root}/`) ?? kindAt(root);
  if (kind !== 'directory') {
    const message = kind === undefined ? 'no such directory' : 'not a directory';
    throw new GradloomError({
      code: 'E_USAGE',
      where: printable(root),
      message,
      next: 'name the directory that has runs/ or sweeps/, or leave it out',
    });
  }
  const project = new Project(root, !isReadOnly);
  const jobs = isReadOnly ? undefined : new Jobs({ program, root: project.root, launcher });
  const { app, guard } = makeApp({ project, launcher, jobs });
  const server = await listen(app.fetch, port ?? USUAL_PORT, port === undefined);
  const { port: taken } = server.address() as AddressInfo;
  guard.listenOn(taken);
  // The first page finds the runs read; what goes wrong is told to whoever asks.
  project.look().catch(() => undefined);
  return {
    url: `http://${HOST}:${taken}/?token=${guard.token}`,
    port: taken,
    atWork: () => jobs?.atWork ?? 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // Pages that follow what happens would hold it for ever.
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}

/** @param mayDiffer  where the port is taken, another one will do */
function listen(fetch: Parameters<typeof serve>[0]['fetch'], port: number, mayDiffer: boolean): Promise<ServerType> {
  return new Promise((resolve, reject) => {
    const serverOptions = {
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: LOOK_MS,
    };
    const server = serve({ fetch, port, hostname: HOST, serverOptions }, () => resolve(server));
    server.maxConnections = MOST_CONNECTIONS;
    server.setTimeout(SILENT_MS);
    if ('maxRequestsPerSocket' in server) server.maxRequestsPerSocket = MOST_REQUESTS;
    server.on('error', (cause: NodeJS.ErrnoException) => {
      if (mayDiffer && cause.code === 'EADDRINUSE') {
        listen(fetch, 0, false).then(resolve, reject);
        return;
      }
      const message = `cannot listen on ${HOST}:${port}: ${errnoText(cause)}`;
      reject(new GradloomError({ code: 'E_BUSY', message, next: 'choose another port: --port 0 takes one that is free', cause }));
    });
  });
}
