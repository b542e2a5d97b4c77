import type { ActivationConfig } from '../../config/schema/blocks/model.ts';
import { featureNames } from '../../data/preprocess/preprocess.ts';
import type { Graph, GraphLayer } from '../../graph/graph.ts';
import { elements } from '../../graph/shape.ts';
import { type ExportModel, inputShape, outcomeOf } from '../model.ts';

export interface ProgramOptions {
  /** Name of the file beside this one. */
  weights: string;
  raw: boolean;
  /** Of gradloom. */
  version: string;
}

/** The Python file of a torch export: builds the module, reads the safetensors beside it. It needs torch and numpy. */
export function programText(model: ExportModel, { weights, raw, version }: ProgramOptions): string {
  const { preprocess, graph } = model;
  const outcome = outcomeOf(model);
  const shape = inputShape(preprocess);
  const gives =
    outcome.kind === 'value'
      ? 'values'
      : outcome.kind === 'softmax'
        ? 'logits: softmax gives probabilities'
        : 'logits: sigmoid gives probabilities';
  return `"""The network ${docText(model.name)}, exported by gradloom ${version}. Needs torch and numpy.

    from ${weights.replace(/\.safetensors$/i, '')} import load
    model = load()            # an nn.Module in evaluation mode
    y = model(x)              # x: f32 [N, ${shape.join(', ')}], ${raw ? 'normalised' : 'raw, not normalised'}; y: ${gives}
"""
import json
import os
import struct

import numpy as np
import torch
from torch import nn

WEIGHTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), ${pythonText(weights)})
FEATURES = ${pythonList(featureNames(preprocess.input))}
${outcome.classes === undefined ? 'TARGETS' : 'CLASSES'} = ${pythonList(outcome.names)}


class Dense(nn.Linear):
    """dropout(activation(norm(x W^T + b))) [+ x]"""

    def __init__(self, inputs, units, norm=None, activation=None, dropout=0.0, residual=False):
        super().__init__(inputs, units)
        self.norm = norm
        self.activation = activation
        self.dropout = nn.Dropout(dropout)
        self.residual = residual

    def forward(self, x):
        y = super().forward(x)
        if self.norm is not None:
            y = self.norm(y)
        if self.activation is not None:
            y = self.activation(y)
        y = self.dropout(y)
        return x + y if self.residual else y


class Model(nn.Module):
    def __init__(self, center=None, scale=None):
        super().__init__()
        self.register_buffer("center", center, persistent=False)
        self.register_buffer("scale", scale, persistent=False)
        self.layers = nn.ModuleList([
${graph.layers.map((layer) => `            ${layerText(graph, layer)},`).join('\n')}
        ])

    def forward(self, x):
        x = torch.flatten(x, 1)
        if self.center is not None:
            x = x - self.center
        if self.scale is not None:
            x = x / self.scale
        for layer in self.layers:
            x = layer(x)
        return x


def read_safetensors(path):
    """Metadata and the f32 tensors of a safetensors file."""
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        data = file.read()
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] != "F32":
            raise ValueError(f"{name}: {entry['dtype']}, expected F32")
        begin, end = entry["data_offsets"]
        array = np.frombuffer(data[begin:end], dtype="<f4").reshape(entry["shape"])
        tensors[name] = torch.from_numpy(array.copy())
    return metadata, tensors


def load(path=WEIGHTS):
    """The trained network as an nn.Module, in evaluation mode."""
    metadata, tensors = read_safetensors(path)
${raw ? '    model = Model()' : NORMALIZATION}
    # PyTorch's batch norms also count batches, which nothing here reads.
    counters = {name: value for name, value in model.state_dict().items() if name.endswith("num_batches_tracked")}
    model.load_state_dict({**counters, **tensors})
    return model.eval()
`;
}

const NORMALIZATION = `    normalization = json.loads(metadata["gradloom.preprocess"])["normalization"]
    if normalization["kind"] == "affine":
        model = Model(torch.tensor(normalization["center"]), torch.tensor(normalization["scale"]))
    else:
        model = Model(scale=torch.tensor(float(normalization["divisor"])))`;

function layerText(graph: Graph, { index, x, y }: GraphLayer): string {
  const width = (name: string): number => elements(graph.rows.find((tensor) => tensor.name === name)?.shape ?? []);
  const parts = [String(width(x)), String(width(y))];
  for (const op of graph.ops) {
    if (op.layer !== index) continue;
    switch (op.type) {
      case 'dense':
        break;
      case 'batch_norm':
        parts.push(`norm=nn.BatchNorm1d(${width(op.y)}, eps=${op.eps}, momentum=${op.momentum})`);
        break;
      case 'layer_norm':
        parts.push(`norm=nn.LayerNorm(${width(op.y)}, eps=${op.eps})`);
        break;
      case 'activation':
        parts.push(`activation=${activationText(op.function)}`);
        break;
      case 'dropout':
        parts.push(`dropout=${op.p}`);
        break;
      case 'add':
        parts.push('residual=True');
        break;
    }
  }
  return `Dense(${parts.join(', ')})`;
}

function activationText(act: Exclude<ActivationConfig, { type: 'identity' }>): string {
  switch (act.type) {
    case 'relu':
      return 'nn.ReLU()';
    case 'leaky_relu':
      return `nn.LeakyReLU(${act.slope})`;
    case 'sigmoid':
      return 'nn.Sigmoid()';
    case 'tanh':
      return 'nn.Tanh()';
    case 'gelu':
      return 'nn.GELU()';
  }
}

/** JSON's strings are Python's, once every letter beyond ASCII is written by its code. */
function pythonText(text: string): string {
  return JSON.stringify(text).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const pythonList = (names: readonly string[]): string => `[${names.map(pythonText).join(', ')}]`;

/** A name in a docstring: nothing in it ends the string or begins an escape. */
const docText = (text: string): string => pythonText(text).slice(1, -1).replaceAll('\\', '/').replaceAll('"', "'");
