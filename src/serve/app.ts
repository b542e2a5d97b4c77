import { createHash, timingSafeEqual } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { sampleShape, storedAs } from '../data/preprocess/preprocess.ts';
import { machineCode, machineHost } from '../engine/forward/machine.ts';
import { GradloomError } from '../errors.ts';
import type { Model } from '../use/model.ts';
import type { Prediction } from '../use/predict/outputs.ts';
import { Predictor } from '../use/predict/predictor.ts';
import { Batcher, QueueFull } from './batcher.ts';

export interface AppOptions {
  /** Asked for in `Authorization: Bearer`; undefined: nobody is asked. */
  token: string | undefined;
  /** Names that a Host header may have, without the port; undefined: any. */
  hosts: readonly string[] | undefined;
  /** Rows that may wait for their turn, at most. @default 100,000 */
  queueRows?: number;
  /** Bytes of a request, at most. @default 32 MiB */
  bodyBytes?: number;
}

const QUEUE_ROWS = 100_000;
const BODY_BYTES = 32 * 2 ** 20;
/** Seconds after which it is worth to ask again. */
const RETRY_SECONDS = 1;

/** POST /predict, GET /health and GET /schema of a model; every answer is JSON. */
export async function makeApp(model: Model, { token, hosts, queueRows = QUEUE_ROWS, bodyBytes = BODY_BYTES }: AppOptions): Promise<Hono> {
  const predictor = new Predictor(model, machineHost());
  await predictor.useCode(machineCode);
  const batcher = new Batcher(
    // One wild row must not cost the requests beside it their answers.
    (rows) => predictor.predictRows(rows, 'keep'),
    (rows) => predictor.checkRows(rows),
    queueRows,
  );
  const app = new Hono();
  app.use(async (c, next) => {
    if (hosts !== undefined && !hosts.includes(hostOf(c.req.header('host') ?? '')))
      return refuse(c, 403, 'E_HOST', 'this name is not served here');
    if (token !== undefined && !isToken(c.req.header('authorization') ?? '', token)) {
      c.header('WWW-Authenticate', 'Bearer');
      return refuse(c, 401, 'E_TOKEN', 'expected Authorization: Bearer with the token of this server');
    }
    return next();
  });
  app.get('/health', (c) => c.json({ status: 'ok' }));
  app.get('/schema', (c) => c.json(schemaOf(model)));
  app.use(
    '/predict',
    bodyLimit({ maxSize: bodyBytes, onError: (c) => refuse(c, 413, 'E_BODY', `a body of more than ${bodyBytes} bytes`) }),
  );
  app.post('/predict', async (c) => {
    let body: unknown;
    try {
      body = await c.req.json();
    } catch {
      return refuse(c, 400, 'E_BODY', 'not JSON; expected {"rows": [[...]]}');
    }
    const rows = (body as { rows?: unknown } | null)?.rows;
    if (!Array.isArray(rows)) return refuse(c, 400, 'E_BODY', 'expected {"rows": [...]}, each row a list or an object by column name');
    if (rows.length > queueRows) return refuse(c, 413, 'E_BODY', `${rows.length} rows; expected at most ${queueRows} at once`);
    try {
      const predictions = await batcher.add(rows);
      const wild = predictions.findIndex((one) => !('class' in one ? one.probabilities : one.values).every(Number.isFinite));
      if (wild >= 0) return refuse(c, 400, 'E_ROW', `row ${wild}: the network's output is not finite`);
      return c.json(answerOf(predictions));
    } catch (error) {
      if (error instanceof QueueFull) {
        c.header('Retry-After', String(RETRY_SECONDS));
        return refuse(c, 429, 'E_QUEUE', `${queueRows} rows are waiting already; try again in ${RETRY_SECONDS} s`);
      }
      if (!(error instanceof GradloomError)) throw error;
      const { code, where, message, next } = error;
      return c.json({ error: { code, where, message, next } }, 400);
    }
  });
  app.all('/predict', (c) => refuse(c, 405, 'E_METHOD', 'expected POST'));
  app.notFound((c) => refuse(c, 404, 'E_PATH', 'expected POST /predict, GET /health or GET /schema'));
  app.onError((_, c) => refuse(c, 500, 'E_INTERNAL', 'a fault of gradloom'));
  return app;
}

function refuse(c: Context, status: 400 | 401 | 403 | 404 | 405 | 413 | 429 | 500, code: string, message: string): Response {
  return c.json({ error: { code, message } }, status);
}

/** The name in a Host header: `127.0.0.1:8080` without its port. */
function hostOf(header: string): string {
  return header.replace(/:\d+$/, '').toLowerCase();
}

/** In the same time for any guess. */
function isToken(header: string, token: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(header), hash(`Bearer ${token}`));
}

function answerOf(predictions: readonly Prediction[]): unknown {
  const classes = predictions.flatMap((one) => ('class' in one ? [one] : []));
  if (classes.length > 0 || predictions.length === 0) {
    return { predictions: classes.map((one) => one.class), probabilities: classes.map((one) => one.probabilities) };
  }
  const values = predictions.flatMap((one) => ('values' in one ? [one.values] : []));
  return { predictions: values.map((row) => (row.length === 1 ? row[0] : row)) };
}

function schemaOf({ preprocess }: Model): unknown {
  const { input, target } = preprocess;
  return {
    input:
      input.kind === 'table'
        ? { kind: 'table', columns: input.columns }
        : { kind: input.kind, shape: sampleShape(input), values: storedAs(input) === 'u8' ? 'bytes' : 'numbers' },
    ...(target.kind === 'class' ? { classes: target.classes } : { targets: target.names }),
  };
}
