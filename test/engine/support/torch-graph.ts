import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Graph } from '../../../src/graph/graph.ts';

/** A graph with what PyTorch is to do with it: gradient descent over batches of the rows, in their order. */
export interface TorchCase {
  graph: Graph;
  /** In PyTorch's layout, by name. */
  model: Record<string, number[]>;
  /** [rows, ...shape] */
  x: number[];
  labels: number[];
  /** Rows of each step, from the first on; the gradient is that of the first step. */
  batches: number[][];
  lr: number;
}

export interface TorchResult {
  losses: number[];
  /** Of the first step, before the update. */
  gradients: Record<string, number[]>;
}

/** Runs all cases in one process of PyTorch, in f64. */
export function inTorch(cases: readonly TorchCase[]): TorchResult[] {
  const folder = mkdtempSync(join(tmpdir(), 'gradloom-torch-'));
  try {
    const [script, input, output] = [join(folder, 'run.py'), join(folder, 'in.json'), join(folder, 'out.json')];
    writeFileSync(script, PROGRAM);
    writeFileSync(input, JSON.stringify(cases));
    execFileSync('/usr/bin/python3', [script, input, output], { stdio: ['ignore', 'inherit', 'inherit'] });
    return JSON.parse(readFileSync(output, 'utf8')) as TorchResult[];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The ops of a graph by PyTorch's functions. Pictures are NCHW here; the graph has their channels last. */
const PROGRAM = `
import json, sys
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

def outside(shape):
    return [shape[-1], *shape[:-1]]

def padded(x, w):
    # What lies below and on the right of the picture may be more than above and left, or be left out.
    extents = []
    for axis in (1, 0):
        size = w['width'] if axis else w['height']
        out = w['outWidth'] if axis else w['outHeight']
        reach = (out - 1) * w['stride'][axis] + (w['kernel'][axis] - 1) * w['dilation'][axis] + 1
        extents += [w['padding'][axis], reach - size - w['padding'][axis]]
    return extents

def conv(op, x, tensors):
    w = op['window']
    weight = tensors[op['weight']]
    weight = weight.reshape(weight.shape[0], weight.shape[1], *w['kernel'])
    x = F.pad(x.reshape(x.shape[0], w['channels'], w['height'], w['width']), padded(x, w))
    bias = tensors[op['bias']] if op.get('bias') else None
    return F.conv2d(x, weight, bias, stride=w['stride'], dilation=w['dilation'], groups=op['groups'])

def pool(op, x):
    w = op['window']
    x = x.reshape(x.shape[0], w['channels'], w['height'], w['width'])
    extents = padded(x, w)
    if op['function'] == 'max':
        return F.max_pool2d(F.pad(x, extents, value=float('-inf')), w['kernel'], w['stride'])
    return F.avg_pool2d(F.pad(x, extents), w['kernel'], w['stride'])

def activation(f, x):
    kind = f['type']
    if kind == 'leaky_relu':
        return F.leaky_relu(x, f['slope'])
    return {'relu': F.relu, 'sigmoid': torch.sigmoid, 'tanh': torch.tanh, 'gelu': F.gelu}[kind](x)

def forward(graph, tensors, x):
    values = {graph['input']: x}
    shapes = {t['name']: t['shape'] for t in graph['rows']}
    for op in graph['ops']:
        kind, x = op['type'], values[op['x']]
        rows = x.shape[0]
        if kind == 'dense':
            y = F.linear(x.reshape(rows, -1), tensors[op['weight']], tensors[op['bias']])
        elif kind == 'conv':
            y = conv(op, x, tensors)
        elif kind == 'pool':
            y = pool(op, x)
        elif kind == 'swap_axes':
            y = x
        elif kind == 'batch_norm':
            y = F.batch_norm(x, None, None, tensors[op['weight']], tensors[op['bias']], True, 0.1, op['eps'])
        elif kind == 'layer_norm':
            shape = list(tensors[op['weight']].shape)
            y = F.layer_norm(x.reshape(rows, *shape), shape, tensors[op['weight']], tensors[op['bias']], op['eps'])
        elif kind == 'activation':
            y = activation(op['function'], x)
        elif kind == 'add':
            y = x + values[op['other']].reshape(x.shape)
        values[op['y']] = y.reshape(rows, *outside(shapes[op['y']]))
    return values[graph['output']].reshape(x.shape[0], -1)

def run(case):
    graph = case['graph']
    tensors = {}
    for spec in graph['parameters']:
        tensors[spec['name']] = torch.tensor(case['model'][spec['name']], dtype=torch.float64).reshape(spec['shape']).requires_grad_()
    labels = torch.tensor(case['labels'])
    x = torch.tensor(case['x'], dtype=torch.float64).reshape(len(labels), *graph['rows'][0]['shape'])
    losses, gradients = [], {}
    for batch in case['batches']:
        loss = F.cross_entropy(forward(graph, tensors, x[batch]), labels[batch])
        found = torch.autograd.grad(loss, list(tensors.values()))
        losses.append(loss.item())
        if not gradients:
            gradients = {name: g.flatten().tolist() for name, g in zip(tensors, found)}
        with torch.no_grad():
            for tensor, g in zip(tensors.values(), found):
                tensor -= case['lr'] * g
    return {'losses': losses, 'gradients': gradients}

cases = json.load(open(sys.argv[1]))
json.dump([run(case) for case in cases], open(sys.argv[2], 'w'))
`;
