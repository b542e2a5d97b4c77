// Writes docs/errors.md from the table of error codes, after a build: node scripts/write-errors.mjs [--check [FILE]]
// With --check nothing is written: exit code 1 says that the file is not what the table says.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ERROR_CODES, EXIT, EXIT_MEANINGS } from '../dist/src/error-codes.js';

const INTRODUCTION = `# Errors

Made from the table in \`src/error-codes.ts\` by \`scripts/write-errors.mjs\`.

An error says where it is, its code, what is wrong with the value as given, what was expected; then, where there is something to say, what is
kept and what to do next:

\`\`\`
configs/mnist.yaml:31:3  error[E_CONFIG_UNKNOWN_KEY]  train.learning_rate: unknown key; did you mean optimizer.lr?
  30 | train:
> 31 |   learning_rate: 0.1
     |   ^^^^^^^^^^^^^
\`\`\`

All problems of a config file are told at once. With \`--json\`, stdout holds \`{"error": {"code", "where", "message", "frame", "kept", "next",
"problems": [...]}}\`. Programs that use the library catch a \`GradloomError\` with the same fields, its \`exitCode\`, and \`blame\`: whether the
machine, the configuration, the data or gradloom itself is at fault. Codes stay; texts may change.`;

const exits = Object.entries(EXIT).map(([name, exit]) => `| ${exit} | ${EXIT_MEANINGS[name]} | ${codesOf(exit)} |`);
const page = [
  INTRODUCTION,
  `## Exit codes\n\n| exit code | meaning | error codes |\n|---|---|---|\n${exits.join('\n')}`,
  `## Error codes\n\nFor each: what has happened, what to do, and one such error.`,
  ...Object.entries(ERROR_CODES).map(section),
].join('\n\n');

function codesOf(exit) {
  const codes = Object.entries(ERROR_CODES).filter(([, entry]) => entry.exit === exit);
  return codes.map(([code]) => `[${code}](#${code.toLowerCase()})`).join(', ');
}

function section([code, { exit, cause, cure, example }]) {
  const [where, message] = example;
  const line = [where, `error[${code}]`, message].filter((part) => part !== '').join('  ');
  return `### ${code}\n\n${cause}\n\nWhat to do: ${cure}\n\nExit code ${exit}.\n\n\`\`\`\n${line}\n\`\`\``;
}

const [option, file = fileURLToPath(new URL('../docs/errors.md', import.meta.url))] = process.argv.slice(2);
if (option !== '--check') writeFileSync(file, `${page}\n`);
else if (readFileSync(file, 'utf8') !== `${page}\n`) {
  console.error(`${file} is not what src/error-codes.ts says; next: node scripts/write-errors.mjs`);
  process.exitCode = 1;
}
