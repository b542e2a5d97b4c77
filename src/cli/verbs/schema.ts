import { printable } from '../../errors.ts';
import { defineCommand } from '../arguments/command.ts';
import type { Output } from '../terminal/output.ts';

/** The kinds of file with a schema; the first is the default. */
const KINDS = ['experiment', 'speedup', 'sweep'] as const;
const EXPECTED = `${KINDS.slice(0, -1).join(', ')} or ${KINDS.at(-1)}`;
type Kind = (typeof KINDS)[number];

/** `gradloom schema`. */
export const schema = defineCommand<Kind>({
  positionals: {
    notation: '[kind]',
    describe: { kind: `${EXPECTED}; default ${KINDS[0]}` },
    values: KINDS,
    problem: ([first, second], command) => {
      if (first !== undefined && kindOf(first) === undefined) return `no schema of ${printable(first)}; expected ${EXPECTED}`;
      return second === undefined ? undefined : `${printable(second)}: gradloom ${command} takes one argument`;
    },
  },
  describe: 'Print the JSON Schema of a kind of file, for editors',
  options: {},
  examples: [
    ['$0 schema experiment > experiment.json', 'then: # yaml-language-server: $schema=experiment.json'],
    ['$0 schema sweep', 'of files for gradloom sweep'],
  ],
  request: (args) => kindOf(args.text('kind')) ?? KINDS[0],
  run: printSchema,
});

function kindOf(word: string | undefined): Kind | undefined {
  return KINDS.find((kind) => kind === word);
}

async function printSchema(kind: Kind, output: Output): Promise<number> {
  if (kind === 'speedup') output.object((await import('../../speedup/schema.ts')).speedupJsonSchema());
  else if (kind === 'sweep') output.object((await import('../../sweep/schema.ts')).sweepJsonSchema());
  else output.object((await import('../../config/schema/json-schema.ts')).experimentJsonSchema());
  return 0;
}
