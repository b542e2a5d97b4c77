import { featureCount, featureNames, type InputSpec } from '../../data/preprocess/preprocess.ts';
import { type ExportModel, inputPicture, inputShape, outcomeOf } from '../model.ts';
import { type ClassName, layerCalls } from './layers.ts';

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
  const shape = inputShape(model);
  const picture = inputPicture(graph);
  const { calls, classes } = layerCalls(graph);
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
FEATURES = ${featuresText(preprocess.input)}
${outcome.classes === undefined ? 'TARGETS' : 'CLASSES'} = ${pythonList(outcome.names)}


${classesText(classes)}class Model(nn.Module):
    def __init__(self, center=None, scale=None):
        super().__init__()
        self.register_buffer("center", center, persistent=False)
        self.register_buffer("scale", scale, persistent=False)
        self.layers = nn.ModuleList([
${calls.map((call) => `            ${call},`).join('\n')}
        ])

    def forward(self, x):
        x = torch.flatten(x, 1)
        if self.center is not None:
            x = x - self.center
        if self.scale is not None:
            x = x / self.scale${picture === undefined ? '' : `\n        x = x.reshape(len(x), ${picture.join(', ')})`}
${classes.has('Residual') ? PAST_BLOCKS : ONE_BY_ONE}
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

const ONE_BY_ONE = `        for layer in self.layers:
            x = layer(x)`;

const PAST_BLOCKS = `        inputs = []
        for layer in self.layers:
            inputs.append(x)
            x = layer(x, inputs[layer.begin]) if isinstance(layer, Residual) else layer(x)`;

const CLASSES: Readonly<Record<ClassName, string>> = {
  Dense: `class Dense(After, nn.Linear):
    """x W^T + b; of a picture all values in a row."""

    def forward(self, x):
        return super().forward(torch.flatten(x, 1))`,
  Conv1d: `class Conv1d(After, nn.Conv1d):
    """x * W + b"""`,
  Conv2d: `class Conv2d(After, nn.Conv2d):
    """x * W + b"""`,
  Residual: `class Residual(nn.Module):
    """activation(x + projection(input)), input being that of layer \`begin\`."""

    def __init__(self, begin, projection=None, activation=None):
        super().__init__()
        self.begin = begin
        self.projection = projection
        self.activation = activation

    def forward(self, x, input):
        y = x + (input if self.projection is None else self.projection(input))
        return y if self.activation is None else self.activation(y)`,
  FromChannelsLast: `class FromChannelsLast(nn.Unflatten):
    """Values that lie place by place, with all channels of each."""

    def forward(self, x):
        return torch.movedim(super().forward(x), -1, 1)`,
};

const AFTER = `class After:
    """What follows the product of a layer: dropout(activation(norm(product))) [+ x]"""

    def __init__(self, *args, norm=None, activation=None, dropout=None, residual=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.norm = norm
        self.activation = activation
        self.dropout = dropout
        self.residual = residual

    def forward(self, x):
        y = super().forward(x)
        for part in (self.norm, self.activation, self.dropout):
            if part is not None:
                y = part(y)
        return x + y if self.residual else y`;

function classesText(classes: ReadonlySet<ClassName>): string {
  const needsAfter = (['Dense', 'Conv1d', 'Conv2d'] as const).some((name) => classes.has(name));
  return [...(needsAfter ? [AFTER] : []), ...[...classes].map((name) => CLASSES[name])].map((text) => `${text}\n\n\n`).join('');
}

/** JSON's strings are Python's, once every letter beyond ASCII is written by its code. */
function pythonText(text: string): string {
  return JSON.stringify(text).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const pythonList = (names: readonly string[]): string => `[${names.map(pythonText).join(', ')}]`;

/** Bare numbers have names of one form. */
function featuresText(input: InputSpec): string {
  return input.kind === 'table' ? pythonList(featureNames(input)) : `[f"x{i}" for i in range(${featureCount(input)})]`;
}

/** A name in a docstring: nothing in it ends the string or begins an escape. */
const docText = (text: string): string => pythonText(text).slice(1, -1).replaceAll('\\', '/').replaceAll('"', "'");
