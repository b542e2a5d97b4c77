import { existsSync } from 'node:fs';
import path from 'node:path';
import { loadSweep } from '../../../src/sweep/file/load.ts';
import { resumeSweep, sweep } from '../../../src/sweep/session/sweep.ts';

// A process that works on a sweep until it is killed: arguments are the sweep file and the sweep's directory.
const [file = '', directory = ''] = process.argv.slice(2);
const isBegun = existsSync(path.join(directory, 'sweep.yaml'));
const run = isBegun ? resumeSweep(directory) : sweep(loadSweep(file), { directory });
for await (const event of run) if (event.type === 'start') process.stdout.write('started\n');
await run.result;
