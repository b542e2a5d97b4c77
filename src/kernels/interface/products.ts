/** Matrix products of layers, the ones that skip zeros, and the bare tile. Conventions and letters: `Kernels`. */
export interface ProductKernels {
  /** y[M,N] = act(x[M,K] w[K,N] + bias[N]); bias 0: none; activation 0 identity, 1 relu, 2 leaky_relu with `slope`. */
  dense_forward(
    x: number,
    w: number,
    bias: number,
    y: number,
    m: number,
    n: number,
    k: number,
    activation: number,
    slope: number,
    scratch: number,
  ): void;
  /** dx[M,N] = dz[M,K] w[N,K]^T: the gradient of a dense layer's input. */
  matmul_nt(dz: number, w: number, dx: number, m: number, n: number, k: number, scratch: number): void;
  /**
   * dw[I,O] = x[B,I]^T dz[B,O], summed per leaf and then by the pairwise tree over `leaves` leaves.
   * bounds: i32[leaves+1], row bounds of the leaves relative to x and dz (first = 0, last = B); leaves may be empty.
   * Rows of x are x_width floats apart: the pointers of a range of columns of x and rows of dw give that part alone, with the same bits.
   */
  dense_weight_gradient(
    x: number,
    dz: number,
    dw: number,
    bounds: number,
    leaves: number,
    i: number,
    o: number,
    x_width: number,
    scratch: number,
  ): void;
  /** db[O] = column sums of dz[B,O], rows dz_width floats apart, summed per leaf and then by the same tree. */
  dense_bias_gradient(dz: number, db: number, bounds: number, leaves: number, o: number, dz_width: number, scratch: number): void;

  /** lists: i32[M,K+4], of each row of x[M,K] the count of its non-zero columns, then these in order. scratch: 64 floats. */
  list_nonzeros(x: number, lists: number, m: number, k: number, scratch: number): void;
  /** dense_forward over the columns of x that `lists` names: the same bits if w is finite. */
  sparse_forward(
    x: number,
    lists: number,
    w: number,
    bias: number,
    y: number,
    m: number,
    n: number,
    k: number,
    activation: number,
    slope: number,
    scratch: number,
  ): void;
  /** dense_weight_gradient over the rows of x that are not zero in four adjacent columns: the same bits if dz is finite. */
  sparse_weight_gradient(
    x: number,
    dz: number,
    dw: number,
    bounds: number,
    leaves: number,
    i: number,
    o: number,
    x_width: number,
    scratch: number,
  ): void;

  /** c[4,8] = a[k,4]^T b[k,8], all packed: the bare register tile, for measuring what the machine can do. */
  tile_4x8(a: number, b: number, c: number, k: number): void;
}
