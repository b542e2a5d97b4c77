// The only address arithmetic of the kernels. Pointers are byte offsets into the shared memory; indices count elements.
// Inlined, these cost what the hand-written sum costs. (A missing pair of brackets around a shift once cost somebody a kernel.)

/** Address of the f32 with index i. */
// @ts-ignore: decorator
@inline
export function f32At(p: usize, i: i32): usize {
  return p + ((<usize>i) << 2);
}

/** Address of the i32 with index i. */
// @ts-ignore: decorator
@inline
export function i32At(p: usize, i: i32): usize {
  return p + ((<usize>i) << 2);
}

/** Address of the byte with index i. */
// @ts-ignore: decorator
@inline
export function u8At(p: usize, i: i32): usize {
  return p + (<usize>i);
}

/** Address of element [row, column] of a row-major f32 matrix with rows of `columns` floats; exact up to 4 GiB. */
// @ts-ignore: decorator
@inline
export function f32AtRow(p: usize, row: i32, columns: i32, column: i32): usize {
  return p + (((<usize>row) * (<usize>columns) + (<usize>column)) << 2);
}

/** Bytes from one row of `columns` floats to the next. */
// @ts-ignore: decorator
@inline
export function strideOf(columns: i32): usize {
  return (<usize>columns) << 2;
}

/** Address of the f64 with index i. */
// @ts-ignore: decorator
@inline
export function f64At(p: usize, i: i32): usize {
  return p + ((<usize>i) << 3);
}
