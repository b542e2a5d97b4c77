// Compares the samplers on functions with known minima: `node scripts/check-samplers.mjs [seeds] [trials]`, after `npx tsc -p .`.
// Exits 1 unless tpe's median regret is at least 2x lower than random's on Branin and Hartmann6, and lower on the noisy function.
import { branin, conditional, hartmann6, medianRegret } from '../dist/test/sweep/support/functions.js';

const seeds = Number(process.argv[2] ?? 50);
const trials = Number(process.argv[3] ?? 100);
const methods = ['random', 'sobol', 'tpe', 'cmaes'];
console.log(`median regret after ${trials} trials, ${seeds} seeds (lower is better; in parentheses: random's over it)`);
console.log(['function', ...methods].map((word) => word.padEnd(18)).join(''));
let good = true;
for (const [objective, least] of [
  [branin, 2],
  [hartmann6, 2],
  [conditional, 1],
]) {
  const regret = Object.fromEntries(methods.map((method) => [method, medianRegret(objective, method, seeds, trials)]));
  const cells = methods.map((method) => `${regret[method].toPrecision(3)} (${(regret.random / regret[method]).toFixed(1)}x)`);
  console.log([objective.name, ...cells].map((cell) => cell.padEnd(18)).join(''));
  good &&= regret.random >= least * regret.tpe;
}
console.log(good ? 'ok' : 'tpe is not good enough');
process.exitCode = good ? 0 : 1;
