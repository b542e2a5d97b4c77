import { existsSync } from 'node:fs';
import path from 'node:path';
import { openSweepQueue } from '../../../src/remote/session/open.ts';
import { loadSweep } from '../../../src/sweep/file/load.ts';
import { readSettings } from '../../../src/sweep/session/read.ts';
import { resumeSweep, sweep } from '../../../src/sweep/session/sweep.ts';

// A process that decides for a sweep until it is killed: arguments are the sweep file, the sweep's directory, the URLs of queue and store.
const [file = '', directory = '', queue = '', store = ''] = process.argv.slice(2);
const isBegun = existsSync(path.join(directory, 'sweep.yaml'));
const opened = await openSweepQueue({ queue, store, timing: { lookMs: 200 } });
const settings = isBegun ? readSettings(directory) : loadSweep(file).settings;
const session = opened.session({ settings, tell: (message) => process.stderr.write(`${message}\n`) });
const options = { executor: session.executor, signal: session.signal };
const run = isBegun ? resumeSweep(directory, options) : sweep(loadSweep(file), { ...options, directory });
for await (const event of run) session.hear(event);
await session.end(await run.result);
await opened.close();
