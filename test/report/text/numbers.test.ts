import test from 'ava';
import * as numbers from '../../../src/report/text/numbers.ts';

const cases: [name: string, shown: string, expected: string][] = [
  ['a loss has six decimals', numbers.formatLoss(0.4570544), '0.457054'],
  ['a loss of 0', numbers.formatLoss(0), '0.000000'],
  ['a tiny loss has an exponent', numbers.formatLoss(1.23456e-7), '1.2346e-7'],
  ['a huge loss has an exponent', numbers.formatLoss(-3.2e9), '-3.2000e+9'],
  ['a loss that metrics.jsonl has as null', numbers.formatLoss(null), 'not finite'],
  ['a loss of NaN', numbers.formatLoss(Number.NaN), 'not finite'],
  ['no loss', numbers.formatLoss(undefined), '-'],
  ['a share', numbers.formatPercent(0.8774), '87.74 %'],
  ['a rounded share', numbers.formatPercent(0.8774, 0), '88 %'],
  ['no share', numbers.formatPercent(undefined), '-'],
  ['an interval of an accuracy ends at 100 %', numbers.formatMetricInterval('val.accuracy', [0.9815, 1.0048]), '98.15 % to 100.00 %'],
  ['an interval of an accuracy begins at 0', numbers.formatMetricInterval('test.top5_accuracy', [-0.1, 0.2]), '0.00 % to 20.00 %'],
  ['an interval of a score of classes ends at 1', numbers.formatMetricInterval('val.macro_f1', [0.5, 1.5]), '0.500000 to 1.000000'],
  ['an interval of a loss ends where it does', numbers.formatMetricInterval('val.loss', [-0.5, 1.5]), '-0.500000 to 1.500000'],
  ['an interval of r2 begins where it does', numbers.formatMetricInterval('val.r2', [-1.5, 0.5]), '-1.500000 to 0.500000'],
  ['a count', numbers.formatCount(285031.4), '285,031'],
  ['a count below a thousand', numbers.formatCount(999), '999'],
  ['a thousand', numbers.formatCount(1000), '1,000'],
  ['millions below zero', numbers.formatCount(-1234567.8), '-1,234,568'],
  ['one step', numbers.formatCounted(1, 'step'), '1 step'],
  ['no steps', numbers.formatCounted(0, 'step'), '0 steps'],
  ['operations', numbers.formatFlops(719_000_000), '719 MFLOP'],
  ['operations at a border of units', numbers.formatFlops(1000), '1 kFLOP'],
  ['few operations', numbers.formatFlops(0), '0 FLOP'],
  ['bytes', numbers.formatBytes(19_818_086), '18.9 MiB'],
  ['seconds', numbers.formatSeconds(123.456), '2m 3.4s'],
  ['a moment', numbers.formatSeconds(0.2191), '219ms'],
  ['time left', numbers.formatSecondsLeft(3 * 86_400 + 7300.2), '3d 2h'],
];
for (const [name, shown, expected] of cases) test(name, (t) => t.is(shown, expected));
