// Draws the pictures of configs/data/signs: circles, squares and triangles in red or blue, at random places and sizes on backgrounds of any
// colour; a folder a class. A function of the seed in here, so that the pictures in the repository can be made again.
//
//   node scripts/draw-signs.mjs [DIR]      default: configs/data/signs
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { encode } from 'fast-png';

const SIZE = 24;
const EACH = 50;
const SEED = 20261129;
const COLOURS = { red: [205, 40, 45], blue: [40, 70, 200] };
const FORMS = {
  circle: (x, y) => x * x + y * y <= 1,
  square: (x, y) => Math.abs(x) <= 0.85 && Math.abs(y) <= 0.85,
  triangle: (x, y) => y >= -0.9 && y <= 0.8 && Math.abs(x) <= (y + 0.9) * 0.6,
};

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const into = process.argv[2] ?? path.join(root, 'configs/data/signs');

let state = SEED;
/** mulberry32, uniform in [0, 1). */
function next() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const between = (low, high) => low + (high - low) * next();

function draw(colour, isInside) {
  const [from, to] = [0, 1].map(() => [0, 1, 2].map(() => between(30, 230)));
  const radius = between(5, 9);
  const [cx, cy] = [between(radius, SIZE - radius), between(radius, SIZE - radius)];
  const turn = between(-0.25, 0.25);
  const shade = COLOURS[colour].map((level) => Math.min(255, Math.max(0, level + between(-30, 30))));
  const data = new Uint8Array(SIZE * SIZE * 3);
  for (let i = 0; i < SIZE * SIZE; i++) {
    const [px, py] = [i % SIZE, Math.floor(i / SIZE)];
    const [dx, dy] = [(px - cx) / radius, (py - cy) / radius];
    const inside = isInside(dx * Math.cos(turn) - dy * Math.sin(turn), dx * Math.sin(turn) + dy * Math.cos(turn));
    const depth = py / SIZE;
    for (let c = 0; c < 3; c++) data[3 * i + c] = Math.round(inside ? shade[c] : from[c] * (1 - depth) + to[c] * depth);
  }
  return encode({ width: SIZE, height: SIZE, data, channels: 3, depth: 8 });
}

for (const colour of Object.keys(COLOURS)) {
  for (const [form, isInside] of Object.entries(FORMS)) {
    const folder = path.join(into, `${colour}-${form}`);
    mkdirSync(folder, { recursive: true });
    for (let i = 0; i < EACH; i++) writeFileSync(path.join(folder, `${String(i).padStart(2, '0')}.png`), draw(colour, isInside));
  }
}
