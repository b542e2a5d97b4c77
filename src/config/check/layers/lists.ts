import type { LayerLists, Part } from '../../layers/written-out.ts';
import { effectiveType, outlineAt } from '../../schema/outline.ts';
import { type Node, nodeAt, type Path, valueAt } from '../../text/node.ts';

const LAYERS: Path = ['model', 'layers'];
const BLOCKS: Path = ['model', 'blocks'];

/** The lists of layers in an experiment's tree. */
export function listsIn(root: Node): LayerLists<Node> {
  const at = outlineAt(root, [...LAYERS, 0]);
  const blocks = nodeAt(root, BLOCKS);
  const named = blocks?.kind === 'map' ? [...blocks.entries] : [];
  return {
    layers: itemsOf(nodeAt(root, LAYERS)),
    blocks: new Map(named.map(([name, { value }]) => [name, itemsOf(value)])),
    partOf: (entry) => partOf(entry, effectiveType(at, entry)),
  };
}

function partOf(entry: Node, type: string | undefined): Part<Node> | undefined {
  switch (type) {
    case 'repeat':
      return repeatOf(entry);
    case 'block': {
      const name = valueAt(entry, 'block');
      return name?.kind === 'scalar' && typeof name.value === 'string' ? { kind: 'block', name: name.value } : undefined;
    }
    case 'residual': {
      const at = ['residual', 'layers'];
      const layers = nodeAt(entry, at);
      return layers?.kind === 'list' ? { kind: 'residual', layers: layers.items, at } : undefined;
    }
    default:
      return { kind: 'layer' };
  }
}

function repeatOf(entry: Node): Part<Node> | undefined {
  const repeat = valueAt(entry, 'repeat');
  const count = repeat?.kind === 'map' ? valueAt(repeat, 'times') : repeat;
  const times = count?.kind === 'scalar' ? count.value : undefined;
  if (typeof times !== 'number' || !Number.isSafeInteger(times) || times < 0) return undefined;
  const at = repeat?.kind === 'map' ? ['repeat', 'layers'] : ['layers'];
  return { kind: 'repeat', times, layers: itemsOf(nodeAt(entry, at)), at };
}

function itemsOf(node: Node | undefined): readonly Node[] {
  return node?.kind === 'list' ? node.items : [];
}

/** Every entry of the lists with its path, those within others too, each once. */
export function entriesIn({ layers, blocks, partOf: read }: LayerLists<Node>): { path: Path; entry: Node }[] {
  const found: { path: Path; entry: Node }[] = [];
  const visit = (list: readonly Node[], at: Path): void => {
    for (const [i, entry] of list.entries()) {
      const path = [...at, i];
      found.push({ path, entry });
      const part = read(entry);
      if (part?.kind === 'repeat' || part?.kind === 'residual') visit(part.layers, [...path, ...part.at]);
    }
  };
  visit(layers, LAYERS);
  for (const [name, list] of blocks) visit(list, [...BLOCKS, name]);
  return found;
}
