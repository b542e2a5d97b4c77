import { EXIT, printable } from '../../../errors.ts';
import { type Arguments, defineCommand } from '../../arguments/command.ts';
import { NO_WORDS } from '../../arguments/positionals.ts';
import { listOf } from '../../arguments/runs.ts';
import type { Output } from '../../terminal/output.ts';
import { CACHE_KINDS } from './kinds.ts';

const KINDS = Object.keys(CACHE_KINDS);

interface ClearRequest {
  dry: boolean;
  kinds: readonly string[];
}

/** `gradloom cache clear`. */
export const cacheClear = defineCommand<ClearRequest>({
  positionals: NO_WORDS,
  describe: 'Remove what is kept; it is made again where it is needed',
  options: {
    kind: { value: 'LIST', repeats: true, describe: `only these, by comma: ${KINDS.join(', ')}` },
    'dry-run': { describe: 'only say what would be removed' },
  },
  examples: [
    ['$0 cache clear', 'all of it'],
    ['$0 cache clear --kind pictures', 'only decoded pictures'],
  ],
  request: (args) => ({ dry: args.flag('dry-run'), kinds: kindsOf(args) }),
  run: clear,
});

function kindsOf(args: Arguments): readonly string[] {
  const kinds = listOf(args, 'kind') ?? KINDS;
  const wrong = kinds.find((kind) => !KINDS.includes(kind));
  if (wrong !== undefined) throw args.error(`--kind: expected ${KINDS.join(', ')}; got ${printable(wrong)}`);
  return kinds;
}

async function clear({ dry, kinds }: ClearRequest, output: Output): Promise<number> {
  const [{ listCache, removeFromCache }, { cacheDirectory }, { formatBytes, formatCounted }] = await Promise.all([
    import('../../../machine/cache-entries.ts'),
    import('../../../machine/cache.ts'),
    import('../../../report/text/numbers.ts'),
  ]);
  const entries = listCache().filter(({ kind }) => kinds.includes(kind));
  if (!dry) removeFromCache(entries);
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  if (output.json) {
    output.object({ removed: !dry, bytes, entries });
    return EXIT.ok;
  }
  const word = dry ? 'would remove' : 'removed';
  const where = printable(cacheDirectory(), Number.POSITIVE_INFINITY);
  output.result(
    entries.length === 0
      ? `nothing to remove in ${where}`
      : `${word} ${formatBytes(bytes)} in ${formatCounted(entries.length, 'place')} of ${where}`,
  );
  return EXIT.ok;
}
