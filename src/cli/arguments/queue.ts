import { printable } from '../../errors.ts';
import type { MetricsAddress } from '../../remote/metrics/server.ts';
import type { Arguments, OptionSpec } from './command.ts';

/** So that no password stands on a command line, where everybody on the machine can read it. */
export const QUEUE_VARIABLE = 'GRADLOOM_QUEUE';
export const BACKGROUND_VARIABLE = 'GRADLOOM_BACKGROUND';

/** What a command is told of a queue. */
export interface QueueRequest {
  /** May hold a password. */
  queue: string;
  store: string;
  insecure: boolean;
}

const QUEUE = `redis://HOST:PORT or rediss://USER:PASSWORD@HOST:PORT of Redis or Valkey; env: the variable ${QUEUE_VARIABLE}`;

/** Options of commands that can work through a queue. */
export const QUEUE_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  queue: { value: 'URL', describe: `have trials trained by agents: ${QUEUE}` },
  store: {
    value: 'URL',
    describe: 'where agents find runs and data: file:/a/directory/of/all/machines, or redis: (small networks); default redis:',
  },
  insecure: { describe: 'also over a network without TLS or password, where everybody is trusted' },
};

export const METRICS_OPTION: Readonly<Record<string, OptionSpec>> = {
  metrics: { value: '[HOST:]PORT', describe: 'with --queue: GET /metrics for Prometheus there; HOST default 127.0.0.1' },
};

/** @returns undefined if nobody asks for metrics */
export function metricsOf(args: Arguments): MetricsAddress | undefined {
  const given = args.text('metrics');
  if (given === undefined) return undefined;
  if (args.text('queue') === undefined) throw args.error('--metrics goes with --queue URL');
  const [, host = '127.0.0.1', digits] = /^(?:([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):)?(\d{1,5})$/.exec(given) ?? [];
  const port = Number(digits);
  if (!(port < 65_536)) throw args.error(`--metrics: expected a port, or host and port as 127.0.0.1:9400; got ${printable(given)}`);
  return { host, port };
}

/** @returns undefined if no queue is asked for */
export function queueOf(args: Arguments): QueueRequest | undefined {
  const given = args.text('queue');
  const insecure = args.flag('insecure');
  if (given === undefined) {
    const other = args.text('store') === undefined ? (insecure ? 'insecure' : undefined) : 'store';
    if (other !== undefined) throw args.error(`--${other} goes with --queue URL`);
    return undefined;
  }
  return { queue: given === 'env' ? fromVariable(args) : given, store: args.text('store') ?? 'redis:', insecure };
}

/** The same where a queue is needed: without `--queue` that of the variable. */
export function neededQueueOf(args: Arguments): QueueRequest {
  if (args.text('queue') !== undefined) return queueOf(args) as QueueRequest;
  return { queue: fromVariable(args), store: args.text('store') ?? 'redis:', insecure: args.flag('insecure') };
}

function fromVariable(args: Arguments): string {
  const url = process.env[QUEUE_VARIABLE];
  if (url !== undefined && url !== '') return url;
  throw args.error(`--queue is missing; expected --queue redis://host:6379, or the variable ${QUEUE_VARIABLE}`);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A length of time such as `60s`, in milliseconds. */
export function millisecondsOf(args: Arguments, name: string): number | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const [, amount, unit = 's'] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)?$/.exec(text) ?? [];
  if (amount !== undefined && Number(amount) > 0) return Number(amount) * (UNITS[unit] ?? 1000);
  throw args.error(`--${name}: expected a length of time such as 60s, 5m or 1h; got ${printable(text)}`);
}
