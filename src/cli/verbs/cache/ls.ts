import { EXIT, printable } from '../../../errors.ts';
import { defineCommand } from '../../arguments/command.ts';
import { NO_WORDS } from '../../arguments/positionals.ts';
import type { Output } from '../../terminal/output.ts';
import { CACHE_KINDS } from './kinds.ts';

/** `gradloom cache ls`. */
export const cacheLs = defineCommand({
  positionals: NO_WORDS,
  describe: 'List what is kept, by kind, with its size',
  options: {},
  examples: [
    ['$0 cache ls', 'one line a kind'],
    ['$0 cache ls --json', 'every file, for programs'],
  ],
  request: () => ({}),
  run: (_request, output) => listKept(output),
});

async function listKept(output: Output): Promise<number> {
  const [{ listCache }, { cacheDirectory }, { formatBytes, formatCounted }, { wrapped }] = await Promise.all([
    import('../../../machine/cache-entries.ts'),
    import('../../../machine/cache.ts'),
    import('../../../report/text/numbers.ts'),
    import('../../../report/text/wrapped.ts'),
  ]);
  const entries = listCache();
  const directory = cacheDirectory();
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  if (output.json) {
    output.object({ directory, bytes, entries });
    return EXIT.ok;
  }
  const { columns } = output.look(process.stdout);
  for (const [kind, meaning] of Object.entries(CACHE_KINDS)) {
    const some = entries.filter((entry) => entry.kind === kind);
    if (some.length === 0) continue;
    const size = formatBytes(some.reduce((sum, entry) => sum + entry.bytes, 0));
    const place = `${kind.padEnd(9)}  ${size.padStart(8)}  `;
    const text = `${meaning} (${formatCounted(some.length, some[0]?.kind === 'compiled' ? 'folder' : 'file')})`;
    output.answer(place + wrapped(text, columns - place.length, place.length));
  }
  output.note(`${formatBytes(bytes)} in ${printable(directory, Number.POSITIVE_INFINITY)}`);
  return EXIT.ok;
}
