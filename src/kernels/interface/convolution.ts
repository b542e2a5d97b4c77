/** A window on its way over pictures [height, width, channels]; a sequence has height 1. Bottom and right padding follow from the outputs. */
export type WindowArgs = [
  height: number,
  width: number,
  channels: number,
  kernel_h: number,
  kernel_w: number,
  stride_h: number,
  stride_w: number,
  dilation_h: number,
  dilation_w: number,
  pad_top: number,
  pad_left: number,
  out_height: number,
  out_width: number,
];

/** Convolutions and pools of pictures, channels last. Conventions and letters: `Kernels`; F filters. */
export interface ConvolutionKernels {
  /**
   * y[rows,outH,outW,F] = act(x[rows,H,W,C] convolved with w[kh,kw,C/groups,F] + bias[F]); bias 0: none; activation as dense_forward.
   * scratch: convScratchFloats, as for the gradients.
   */
  conv_forward(
    ...args: [
      x: number,
      w: number,
      bias: number,
      y: number,
      rows: number,
      ...window: WindowArgs,
      filters: number,
      groups: number,
      activation: number,
      slope: number,
      scratch: number,
    ]
  ): void;
  /** dx[rows,H,W,C], overwritten, from dz[rows,outH,outW,F]. */
  conv_input_gradient(
    ...args: [dz: number, w: number, dx: number, rows: number, ...window: WindowArgs, filters: number, groups: number, scratch: number]
  ): void;
  /** dw, shaped as w, summed per leaf and then by the pairwise tree; bounds: i32[leaves+1] in rows, as for dense_weight_gradient. */
  conv_weight_gradient(
    ...args: [
      x: number,
      dz: number,
      dw: number,
      bounds: number,
      leaves: number,
      ...window: WindowArgs,
      filters: number,
      groups: number,
      scratch: number,
    ]
  ): void;
  /** db[F] = column sums of dz[rows,pixels,F], per leaf and then by the same tree; bounds in rows. */
  conv_bias_gradient(dz: number, db: number, bounds: number, leaves: number, pixels: number, filters: number, scratch: number): void;

  /** y[rows,outH,outW,C] = the largest of each window, the first of equal ones, a NaN before all; index: i32 like y, its pixel, or 0. */
  max_pool_forward(...args: [x: number, y: number, index: number, rows: number, ...window: WindowArgs]): void;
  /** dx[rows,H,W,C], overwritten: dy where the index points, summed. */
  max_pool_backward(...args: [dy: number, index: number, dx: number, rows: number, ...window: WindowArgs]): void;
  /** The mean of each window, padding counted as 0. */
  avg_pool_forward(...args: [x: number, y: number, rows: number, ...window: WindowArgs]): void;
  /** dx[rows,H,W,C], overwritten. */
  avg_pool_backward(...args: [dy: number, dx: number, rows: number, ...window: WindowArgs]): void;
  /** y[rows,B,A] = x[rows,A,B], each row transposed. */
  swap_axes(x: number, y: number, rows: number, a: number, b: number): void;

  /** dropout_forward of whole channels: word first + row * channels + c decides for all `pixels` of a row. a, y, mask [rows,pixels,channels]. */
  channel_dropout_forward(
    a: number,
    y: number,
    mask: number,
    rows: number,
    pixels: number,
    channels: number,
    first: number,
    threshold: number,
    scale: number,
    stream: number,
  ): void;
}
