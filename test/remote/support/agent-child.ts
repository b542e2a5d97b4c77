import { runAgent } from '../../../src/remote/agent/agent.ts';

// A process with an agent until it is killed: arguments are the URLs of queue and store, and the lock in milliseconds.
const [queue = '', store = '', lockMs = ''] = process.argv.slice(2);
await runAgent({ queue, store, cores: 1, lockMs: Number(lockMs) });
