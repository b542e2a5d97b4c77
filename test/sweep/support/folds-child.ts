import { existsSync } from 'node:fs';
import path from 'node:path';
import { loadExperiment } from '../../../src/config/load.ts';
import { crossValidate, resumeCrossValidation } from '../../../src/sweep/folds/cross-validate.ts';

// A process that works on a cross-validation until it is killed: arguments are the experiment's file and the directory.
const [file = '', directory = ''] = process.argv.slice(2);
const isBegun = existsSync(path.join(directory, 'sweep.yaml'));
const run = isBegun ? resumeCrossValidation(directory) : crossValidate(loadExperiment(file), { directory });
for await (const event of run) if (event.type === 'start') process.stdout.write('started\n');
await run.result;
