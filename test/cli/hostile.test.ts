import { copyFileSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { gradloom, SMALL, workplace } from './support/run-cli.ts';

/** Controls, bidi marks, invisible and odd characters, line breaks: all that a file can try on a terminal. */
const HOSTILE = 'x\u001b[2J\u001b[31m\u0007\u007f\u009b\u202e\u2066\u061c\u200b\u2028\u00a0\u{e0041}\ny';
// biome-ignore lint/suspicious/noControlCharactersInRegex: our own colours
const COLOUR = /\u001b\[\d{1,2}m/g;
const RAW = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u00a0]/u;

type Json = Record<string, unknown>;

/** A run and a sweep that trained for real, with every text that their files hold made hostile. */
async function hostilePlace(t: ExecutionContext): Promise<{ cwd: string; run: string; sweep: string }> {
  const hostile = JSON.stringify(HOSTILE).replace('\u007f', '\\u007f').replace('\u009b', '\\u009b');
  const init = SMALL.replace('model:', 'model:\n  init: {type: file, path: ./b}').replace('epochs: 3', 'epochs: 1');
  const cwd = workplace(t, {
    'small.yaml': SMALL.replace('epochs: 3', 'epochs: 1').concat(`tags: [${hostile}]\n`),
    'init.yaml': init,
    'sweep.yaml': `base: ./init.yaml\nmethod: grid\nparameters:\n  model.init.path: {values: [${hostile}, b]}\n`,
  });
  const ran = async (...args: string[]): Promise<void> => {
    const { code, stderr } = await gradloom([...args, '--quiet'], { cwd });
    t.is(code, 0, stderr);
  };
  await ran('train', 'small.yaml');
  const [id = ''] = readdirSync(path.join(cwd, 'runs')).filter((name) => name.startsWith('small-'));
  for (const name of [HOSTILE, 'b']) copyFileSync(path.join(cwd, 'runs', id, 'model.safetensors'), path.join(cwd, name));
  await ran('sweep', 'sweep.yaml');
  const run = path.join(cwd, 'runs', `${id}${HOSTILE}`);
  renameSync(path.join(cwd, 'runs', id), run);
  const change = (file: string, with_: (value: Json) => Json): void => {
    const at = path.join(run, file);
    writeFileSync(at, JSON.stringify(with_(JSON.parse(readFileSync(at, 'utf8')) as Json)));
  };
  change('summary.json', (summary) => ({
    ...summary,
    name: HOSTILE,
    digest: HOSTILE,
    last: { ...(summary['last'] as Json), [`val.${HOSTILE}`]: 1 },
    best: { ...(summary['best'] as Json), [`val.${HOSTILE}`]: { value: 1, step: 1 } },
    error: { code: 'E_WORKER', message: HOSTILE },
  }));
  change('env.json', (environment) => ({ ...environment, cpu: HOSTILE, node: HOSTILE, gradloom: HOSTILE, host: HOSTILE }));
  writeFileSync(path.join(run, 'tags.json'), JSON.stringify([HOSTILE, '=1+1']));
  const config = path.join(run, 'config.yaml');
  writeFileSync(config, readFileSync(config, 'utf8').replace(/^name: .*/m, `name: ${hostile}`));
  const metrics = path.join(run, 'metrics.jsonl');
  writeFileSync(metrics, readFileSync(metrics, 'utf8').replaceAll('"val.loss"', JSON.stringify(`val.${HOSTILE}`)));
  const digests = path.join(run, 'digests.jsonl');
  writeFileSync(digests, readFileSync(digests, 'utf8').replaceAll('layers.0.weight', JSON.stringify(HOSTILE).slice(1, -1)));
  const [sweep = ''] = readdirSync(path.join(cwd, 'sweeps'));
  return { cwd, run: path.relative(cwd, run), sweep };
}

test('C8, C9: whatever files, configs and arguments hold, no control or bidi character reaches the terminal', async (t) => {
  t.timeout(240_000);
  const { cwd, run, sweep } = await hostilePlace(t);
  const other = (await gradloom(['train', 'small.yaml', '--quiet', '--json'], { cwd })).stdout;
  const { directory } = JSON.parse(other) as { directory: string };
  const commands: string[][] = [
    ...[[], ['--csv'], ['--md'], ['--json'], ['--cols', `val.${HOSTILE},tags,name,digest,problem`]].map((args) => ['runs', 'ls', ...args]),
    ['runs', 'show', run],
    ['runs', 'show', run, '--json'],
    ['runs', 'show', HOSTILE],
    ['runs', 'ls', '--where', `${HOSTILE}<1`],
    ['compare', run, directory],
    ['diff', run, directory],
    ['verify', run],
    ['resume', run],
    ['extend', run, '--epochs', '2'],
    ['runs', 'tag', run, `+${HOSTILE}`],
    ['runs', 'gc', '--dry-run'],
    ['sweep', 'status', sweep],
    ['sweep', 'best', sweep],
    ['sweep', 'best', sweep, '--config'],
    ...['--csv', '--md', '--json'].map((format) => ['sweep', 'export', sweep, format]),
    ['sweep', 'plan', 'sweep.yaml'],
    ['sweep', 'status', HOSTILE],
    ['check', 'small.yaml', `name=${JSON.stringify(HOSTILE)}`],
    ['check', 'small.yaml', `${HOSTILE}=1`],
    ['check', HOSTILE],
    ['train', 'small.yaml', `track.dir=${JSON.stringify(HOSTILE)}`],
    ['train', 'small.yaml', `model.layers.0.activation=${HOSTILE}`, '--json'],
    [HOSTILE],
    ['runs', 'rm', run, '--yes'],
  ];
  const seen = new Map<string, string>();
  const check = async (args: readonly string[], isColoured: boolean): Promise<void> => {
    const { stdout, stderr } = await gradloom(args, { cwd, env: isColoured ? { FORCE_COLOR: '1' } : {} });
    const bare = (stdout + stderr).replaceAll(COLOUR, '').replaceAll('\r\n', '\n');
    seen.set(args.join(' '), bare);
    t.is(RAW.exec(bare)?.[0], undefined, `${args.join(' ')}\n${JSON.stringify(bare)}`);
    if (!isColoured) t.false((stdout + stderr).includes('\u001b'), args.join(' '));
  };
  const last = commands.pop() ?? [];
  for (let i = 0; i < commands.length; i += 2) await Promise.all(commands.slice(i, i + 2).map((args, n) => check(args, n === 1)));
  await check(last, false);
  const silent = [...seen].filter(([, text]) => !/\\u(?:202e|001b|000a)|\\n/.test(text)).map(([args]) => args);
  // What is there to remove depends on what runs beside it.
  t.deepEqual(
    silent.filter((args) => args !== 'runs gc --dry-run'),
    [],
  );
});
