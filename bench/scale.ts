import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Method } from '../src/sweep/schema.ts';
import { generate } from './scale/generate.ts';
import { queueCosts } from './scale/queue.ts';
import { simulate } from './scale/simulate.ts';
import { suggestionMs } from './scale/suggestions.ts';

/**
 * What becomes of a sweep of a million trials and a thousand agents: docs/scale.md has what came of it.
 *
 *     node dist/bench/scale.js simulate --agents 1000 --trials 20000 --method random --scheduler asha --epoch-seconds 6
 *     node dist/bench/scale.js generate --trials 1000000 --scheduler asha --dir million
 *     node dist/bench/scale.js suggest --method tpe --trials 1000,10000,100000
 *     node dist/bench/scale.js queue --url redis://127.0.0.1:6379 --trials 5000 --agents 1000
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dir: { type: 'string', default: 'scale' },
    agents: { type: 'string', default: '1000' },
    trials: { type: 'string', default: '10000' },
    method: { type: 'string', default: 'random' },
    scheduler: { type: 'string', default: 'none' },
    order: { type: 'string', default: 'arrival' },
    'epoch-seconds': { type: 'string', default: '6' },
    'queue-ms': { type: 'string', default: '1' },
    'transit-ms': { type: 'string', default: '2' },
    version: { type: 'string', default: '3' },
    killed: { type: 'boolean', default: false },
    url: { type: 'string', default: 'redis://127.0.0.1:6379' },
  },
});
const [what = 'simulate'] = positionals;
const { dir, method, scheduler } = values;
const order = values.order === 'logical' ? 'logical' : 'arrival';
const trials = values.trials.split(',').map(Number);
const agents = Number(values.agents);
mkdirSync(dir, { recursive: true });
for (const count of trials) {
  const kind = { method, scheduler, trials: count, order } as const;
  const result = await measured(count, kind);
  process.stdout.write(`${JSON.stringify({ what, method, scheduler, trials: count, ...result })}\n`);
}

async function measured(count: number, kind: Parameters<typeof generate>[1]): Promise<object> {
  switch (what) {
    case 'generate':
      return { msPerTrial: 1000 * (await generate(dir, { ...kind, order: 'logical' }, !values.killed)) };
    case 'suggest':
      return { ms: suggestionMs(dir, method as Method, count, values.version === '2' ? 2 : 3) };
    case 'queue':
      return queueCosts(values.url, count, agents);
    default: {
      const seconds = { epochSeconds: Number(values['epoch-seconds']), transitSeconds: Number(values['transit-ms']) / 1000 };
      return { agents, order, ...(await simulate(dir, kind, { agents, ...seconds, queueSeconds: Number(values['queue-ms']) / 1000 })) };
    }
  }
}
