import { type Flow, flowAfter, TAKES, UNKNOWN } from '../../layers/flow.ts';
import type { LayerLists } from '../../layers/written-out.ts';
import { type WrittenLayer, writtenOut } from '../../layers/written-out.ts';
import { dotted, type Node, type Path } from '../../text/node.ts';
import type { View } from '../../tree/view.ts';
import { isOn } from './entry.ts';

/** Twice tells how a repeated list follows on itself. */
const ROUNDS = 2;
const A: Readonly<Record<string, string>> = { picture: 'a picture', sequence: 'a sequence', flat: 'flat values' };

type Report = (path: Path, message: string, next?: string) => void;

/** Rules between a layer and the one before it, as far as they need no data; the rest `buildNetwork` checks. */
export function checkFlow(view: View, lists: LayerLists<Node>): void {
  const told = new Set<string>();
  const report: Report = (path, message, next) => {
    if (!told.has(dotted(path))) view.report('E_CONFIG_VALUE', path, message, path, next);
    told.add(dotted(path));
  };
  const written = writtenOut(lists, ROUNDS);
  /** What goes into each layer. */
  const flows: Flow[] = [UNKNOWN];
  for (const layer of written) {
    const before = flows.at(-1) ?? UNKNOWN;
    checkLayer(view, layer, before, layer.from === undefined ? before : (flows[layer.from] ?? UNKNOWN), report);
    flows.push(after(view, layer, before));
  }
  const [last, end] = [written.at(-1), flows.at(-1)];
  if (last !== undefined && (end?.form === 'picture' || end?.form === 'sequence'))
    report(
      last.path,
      `the last layer gives ${A[end.form]}; expected flat values`,
      'put flatten, global_avg_pool or a dense layer behind it',
    );
}

/** Values that the last layer gives; undefined where only the data tells. */
export function outputsIn(view: View, lists: LayerLists<Node>): number | undefined {
  const { form, width } = writtenOut(lists, 1).reduce<Flow>((before, layer) => after(view, layer, before), UNKNOWN);
  return form === 'flat' ? width : undefined;
}

function after(view: View, { path }: WrittenLayer<Node>, before: Flow): Flow {
  return flowAfter(view.type(path), (key) => view.value([...path, key]) ?? view.numbers([...path, key]), before);
}

/** @param input  what went into the first layer of a residual; else what goes into the layer */
function checkLayer(view: View, { path }: WrittenLayer<Node>, before: Flow, input: Flow, report: Report): void {
  const type = String(view.type(path));
  const takes = TAKES[type];
  if (takes !== undefined && before.form !== undefined && before.form !== takes) checkForm(type, takes, before.form, path, report);
  else checkType(view, type, path, before, input, report);
}

function checkType(view: View, type: string, path: Path, before: Flow, input: Flow, report: Report): void {
  switch (type) {
    case 'global_avg_pool':
      if (before.form === 'flat')
        report(path, 'global_avg_pool takes a picture or a sequence; the layer before it gives flat values', 'leave it out');
      break;
    case 'reshape':
      checkReshape(view, path, before, report);
      break;
    case 'dense':
      if (isOn(view, [...path, 'residual'])) checkDense(view, path, before, report);
      break;
    case 'conv2d':
    case 'conv1d':
      checkConvolution(view, path, before, report);
      break;
    case 'residual':
      checkResidual(view, path, before, input, report);
      break;
  }
}

function checkForm(type: string, takes: 'picture' | 'sequence', form: 'flat' | 'picture' | 'sequence', path: Path, report: Report): void {
  const shape = takes === 'picture' ? '[channels, height, width]' : '[channels, length]';
  const other = type.replace(takes === 'picture' ? '2d' : '1d', takes === 'picture' ? '1d' : '2d');
  const next = form === 'flat' ? `put {type: reshape, shape: ${shape}} in front of it` : `write type: ${other}`;
  report(path, `${type} takes ${A[takes]}; the layer before it gives ${A[form]}`, next);
}

function checkReshape(view: View, path: Path, { form, width }: Flow, report: Report): void {
  const shape = view.numbers([...path, 'shape']);
  const values = shape?.reduce((product, extent) => product * extent, 1);
  if (form === 'picture' || form === 'sequence')
    report(path, `reshape takes flat values; the layer before it gives ${A[form]}`, 'remove it, or put a dense layer in front of it');
  else if (width !== undefined && values !== undefined && values !== width)
    report([...path, 'shape'], `got ${shape?.join(' x ')} = ${values} values; expected the ${width} of the layer before it`);
}

function checkDense(view: View, path: Path, { form, width }: Flow, report: Report): void {
  const units = view.number([...path, 'units']);
  if (form === 'picture' || form === 'sequence')
    report([...path, 'residual'], `adds ${A[form]} to flat outputs; expected flat inputs`, 'put flatten in front of the layer');
  else if (form === 'flat' && units !== undefined && width !== undefined && units !== width)
    report([...path, 'residual'], `adds ${width} inputs to ${units} outputs; expected the same number`);
}

function checkConvolution(view: View, path: Path, { width: channels }: Flow, report: Report): void {
  const groups = view.number([...path, 'groups']);
  if (channels !== undefined && groups !== undefined && channels % groups !== 0)
    report([...path, 'groups'], `got ${groups} groups; expected a divisor of the ${channels} channels that come in`);
  if (!isOn(view, [...path, 'residual'])) return;
  const at = [...path, 'residual'];
  const filters = view.number([...path, 'filters']);
  if (channels !== undefined && filters !== undefined && channels !== filters)
    report(
      at,
      `adds ${channels} channels to ${filters} filters; expected the same number`,
      'write {residual: {layers: [...]}}, which has a projection',
    );
  else if (view.numbers([...path, 'stride'])?.some((steps) => steps > 1) === true)
    report(
      at,
      'a stride makes the output smaller than the input; expected stride 1',
      'write {residual: {layers: [...]}}, which has a projection',
    );
  else if (isSmaller(view, path)) report(at, 'the output has another extent than the input', 'set padding: same');
}

/** Whether padding and kernel change the extents; a stride of 1 is known. */
function isSmaller(view: View, path: Path): boolean {
  const padding = view.value([...path, 'padding']) === 'valid' ? [0] : view.numbers([...path, 'padding']);
  const [kernel, dilation] = [view.numbers([...path, 'kernel']), view.numbers([...path, 'dilation'])];
  if (padding === undefined || kernel === undefined || dilation === undefined) return false;
  const at = (values: readonly number[], i: number): number => values[i] ?? values[0] ?? 0;
  return [0, 1].some((i) => 2 * at(padding, i) !== at(dilation, i) * (at(kernel, i) - 1));
}

function checkResidual(view: View, path: Path, inner: Flow, input: Flow, report: Report): void {
  const at = [...path, 'residual'];
  const projection = view.value([...at, 'projection']);
  const asked = view.given([...at, 'projection']) ? [...at, 'projection'] : at;
  const isFlat = inner.form === 'flat' && input.form === 'flat';
  const differ = inner.width !== undefined && input.width !== undefined && inner.width !== input.width;
  if (inner.form !== undefined && input.form !== undefined && inner.form !== input.form)
    report(at, `adds ${A[input.form]} to ${A[inner.form]}; expected layers that keep the form`);
  else if (isFlat && projection === true) report(asked, 'flat values have no projection; expected auto or false');
  else if (isFlat && differ) report(at, `adds ${input.width} inputs to ${inner.width} outputs; expected the same number`);
  else if (projection === false && differ)
    report(asked, `false adds ${input.width} channels to ${inner.width}; expected auto, true, or as many`);
}
