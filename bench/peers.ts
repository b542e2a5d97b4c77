/** `npm run bench:peers -- --help` */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EXIT, GradloomError } from '../src/errors.ts';
import { countCores } from '../src/machine/cores.ts';
import { markdownTable } from '../src/report/text/markdown.ts';
import { unpainted } from '../src/report/text/paint.ts';
import { renderTable } from '../src/report/text/table.ts';
import type { BenchResult } from './figures.ts';
import { describeMachine } from './machine.ts';
import { type Format, PEERS_HELP, type PeersOptions, parsePeersOptions } from './options.ts';
import { PEERS, PEERS_DIRECTORY, Pythons } from './peer-list.ts';
import { runProgram } from './program.ts';
import { contextLine, sectionCells } from './show.ts';
import { comparePeers, type Skipped } from './side-by-side.ts';
import { WORKLOADS } from './workloads.ts';

/** `--json` of `npm run bench:peers`. */
interface PeersResult extends BenchResult {
  /** What each program said it is. */
  versions: Record<string, string>;
  skipped: readonly Skipped[];
}

await runProgram(async () => {
  const names = PEERS.map(({ name }) => name);
  const options = parsePeersOptions(process.argv.slice(2), names);
  if (options === undefined) return PEERS_HELP;
  if (options.install) install();
  const machine = describeMachine();
  const directory = mkdtempSync(path.join(tmpdir(), 'gradloom-peers-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  // Peers end by themselves when their stdin does.
  process.on('SIGINT', () => process.exit(EXIT.interrupted));
  return render(await compare(options, machine, directory), options.format);
});

async function compare(options: PeersOptions, machine: BenchResult['machine'], directory: string): Promise<PeersResult> {
  const { peers, only, rounds, overrides } = options;
  // gradloom as npm installs it is always there: it is what the others are compared with.
  const chosen = PEERS.filter(({ name }) => name === 'gradloom' || peers.length === 0 || peers.some((part) => name.startsWith(part)));
  const result: PeersResult = {
    version: 1,
    date: new Date().toISOString(),
    machine,
    overrides,
    rounds,
    sections: [],
    versions: {},
    skipped: [],
  };
  const note = (line: string): void => void process.stderr.write(`  ${line}\n`);
  const pythons = new Pythons(options.python);
  for (const workload of WORKLOADS.filter(({ name }) => name.includes(only))) {
    process.stderr.write(`${workload.name}\n`);
    const context = { directory, rounds, overrides, pythons, cores: countCores().usable, note };
    const { section, versions, skipped } = await comparePeers(workload, chosen, context);
    result.sections = [...result.sections, section];
    Object.assign(result.versions, versions);
    result.skipped = [...result.skipped, ...skipped];
  }
  return result;
}

/** Downloads what bench/peers/package-lock.json names, and runs none of its scripts. */
function install(): void {
  try {
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: PEERS_DIRECTORY, stdio: ['ignore', 2, 2] });
  } catch (cause) {
    const message = 'npm ci in bench/peers failed';
    throw new GradloomError({ code: 'E_USAGE', message, next: 'see its messages above', cause });
  }
}

function render(result: PeersResult, format: Format): string {
  if (format === 'json') return JSON.stringify(result);
  const tables = result.sections.map((section) => ({ title: section.title, cells: sectionCells(section) }));
  const versions = Object.entries(result.versions).map(([name, version]) => `${name}: ${version}`);
  const skipped = [...new Set(result.skipped.map(({ peer, workload, reason }) => `skipped: ${peer}${workload}, ${reason}`))];
  const facts = [...versions, ...skipped];
  if (format === 'md') {
    const parts = tables.map(({ title, cells }) => `### ${title}\n\n${markdownTable(cells)}`);
    return [...parts, facts.map((fact) => `- ${fact}`).join('\n'), `${contextLine(result)}.`].join('\n\n');
  }
  const parts = tables.map(({ title, cells }) => {
    const align = cells.head.map((_, i) => (i === 0 ? 'left' : 'right'));
    return `${title}\n${renderTable({ ...cells, align }, { boxed: false, paint: unpainted })}`;
  });
  return [...parts, facts.join('\n'), contextLine(result)].join('\n\n');
}
