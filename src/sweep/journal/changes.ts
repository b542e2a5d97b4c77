import { parse, YAMLParseError } from 'yaml';
import { GradloomError, printable } from '../../errors.ts';
import { notReplayed } from './log.ts';

/** How a sweep is carried out: what may change between its sessions. */
const FREE = /^sweep\.yaml (?:run_cap|budget|execution|on_trial_error|name)(?:\.|$)/;
const MAX_SHOWN = 10;

/**
 * Compares the files that a sweep began with and those of now.
 *
 * @throws GradloomError E_SWEEP_CHANGED with the differences, if results of before and after would not belong together
 */
export function checkUnchanged(before: Readonly<Record<string, string>>, now: Readonly<Record<string, string>>, directory: string): void {
  const [old, young] = [loggedLeaves(before, directory), leavesOf(now)];
  const keys = [...new Set([...old.keys(), ...young.keys()])].filter((key) => !FREE.test(key) && old.get(key) !== young.get(key));
  if (keys.length === 0) return;
  const lines = keys.slice(0, MAX_SHOWN).map((key) => `${key}: ${old.get(key) ?? 'nothing'} -> ${young.get(key) ?? 'nothing'}`);
  if (keys.length > MAX_SHOWN) lines.push(`and ${keys.length - MAX_SHOWN} more`);
  throw new GradloomError({
    code: 'E_SWEEP_CHANGED',
    where: printable(directory),
    message: 'the sweep was changed since it began, so its trials could not be compared:',
    lines,
    kept: 'all trials so far',
    next: 'undo the change, or start a new sweep; run_cap, budget, execution and on_trial_error may change',
  });
}

/** Those of the files in the log's first line. @throws GradloomError E_RUN_FILE if they are not what gradloom has written there */
function loggedLeaves(files: Readonly<Record<string, string>>, directory: string): Map<string, string> {
  try {
    return leavesOf(files);
  } catch (cause) {
    if (cause instanceof YAMLParseError) throw notReplayed(directory, 0, `files: not the YAML of a sweep: ${cause.code}`);
    throw cause;
  }
}

/** The leaf values of YAML files as text, by file and dotted key. */
function leavesOf(files: Readonly<Record<string, string>>): Map<string, string> {
  const leaves = new Map<string, string>();
  const visit = (key: string, value: unknown): void => {
    const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    if (entries.length === 0) leaves.set(key, printable(JSON.stringify(value)));
    const isFile = key.endsWith('.yaml');
    for (const [name, child] of entries) visit(`${key}${isFile ? ' ' : '.'}${name}`, child);
  };
  for (const [name, text] of Object.entries(files)) visit(name, parse(text));
  return leaves;
}
