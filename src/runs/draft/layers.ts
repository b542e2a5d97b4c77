/** `key: value`, and what to say of it. */
export type Line = readonly [text: string, comment?: string | undefined];

/** What layers are drafted for. */
export interface Inputs {
  /** Values of a sample. */
  features: number;
  /** Height and width, where samples are pictures. */
  picture?: readonly [height: number, width: number] | undefined;
}

/** Pictures with a shorter side get no convolution: a window of 3 x 3 sees most of them. */
const LEAST_SIDE = 8;
const MOST_CONVOLUTIONS = 3;
const FIRST_FILTERS = 16;

/** Lines of `layers`: in front of the dense ones a convolution and a pool for each halving that leaves a picture to look at. */
export function draftLayers(inputs: Inputs, outputs: number, aboutOutputs: string): Line[] {
  const convolutions = draftConvolutions(inputs.picture);
  const units = convolutions.length > 0 ? 64 : Math.min(128, Math.max(16, 2 ** Math.round(Math.log2(inputs.features + 1))));
  return [
    ...convolutions,
    [`    - {type: dense, units: ${units}, activation: relu}`, 'wider learns more; more such lines are deeper'],
    [`    - {type: dense, units: ${outputs}}`, `${aboutOutputs}; no activation, the loss has it`],
  ];
}

function draftConvolutions(picture: Inputs['picture']): Line[] {
  let [height, width] = picture ?? [0, 0];
  const lines: Line[] = [];
  for (let i = 0; i < MOST_CONVOLUTIONS && Math.min(height, width) >= LEAST_SIDE; i++) {
    const rest = height % 2 === 1 || width % 2 === 1 ? ', drop_rest: true' : '';
    lines.push(
      [
        `    - {type: conv2d, filters: ${FIRST_FILTERS * 2 ** i}, kernel: 3, padding: same, batch_norm: true, activation: relu}`,
        i === 0 ? 'windows of 3 x 3 pixels; more filters learn more' : undefined,
      ],
      [`    - {type: max_pool2d, kernel: 2${rest}}`, i === 0 ? 'half as high and half as wide' : undefined],
    );
    [height, width] = [Math.floor(height / 2), Math.floor(width / 2)];
  }
  return lines;
}
