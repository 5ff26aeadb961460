/** Fast Fourier transform in vectors of one complex number: the passes of ../portable/fft.ts, two doubles at a time. */

/** Complex numbers of a block that is taken through all its stages before the next one: it stays in the cache. */
const BLOCK: i32 = 4096;

/**
 * Transforms the `n` complex numbers at `data`, four at least, by way of those at `scratch`, and multiplies them by `norm`.
 * Places are bytes. `roots` and `mirrored` are a plan of the portable source. `inverse` is 1 for conjugate roots, else 0.
 */
export function simdTransform(
  data: i32,
  scratch: i32,
  n: i32,
  roots: i32,
  mirrored: i32,
  inverse: i32,
  norm: f64,
): void {
  const block = min(n, BLOCK);
  for (let start: i32 = 0; start < n; start += block) {
    const at = scratch + (start << 4);
    simdGather(data, at, n, mirrored + start, block >> 2, roots, inverse);
    simdStages(at, block === n ? data : at, block, 4, block, roots, inverse, norm);
  }
  if (block < n) simdStages(scratch, data, n, block, n, roots, inverse, norm);
}

/** The product of a number with a root: products as the reference has them, the sign of the second part turned by `sign`. */
function times(real: v128, imag: v128, y: v128, sign: v128): v128 {
  const crossed = f64x2.mul(imag, i64x2.shuffle(y, y, 1, 0));
  return f64x2.add(f64x2.mul(real, y), v128.xor(crossed, sign));
}

/** Real parts lose the product of imaginary parts, and gain it when the root is conjugate; the other way round below. */
function signOf(inverse: i32): v128 {
  return inverse !== 0 ? i64x2(0, i64.MIN_VALUE) : i64x2(i64.MIN_VALUE, 0);
}

export function simdGather(data: i32, to: i32, n: i32, mirrored: i32, quarters: i32, roots: i32, inverse: i32): void {
  const sign = signOf(inverse);
  const wReal = v128.load_splat<f64>(roots + 32);
  const wImag = v128.load_splat<f64>(roots + 40);
  const quarter = n << 2;
  const end = mirrored + (quarters << 2);
  for (; mirrored < end; mirrored += 4) {
    const place = data + (load<i32>(mirrored) << 3);
    const a = v128.load(place);
    const c = v128.load(place + quarter);
    const b = v128.load(place + quarter * 2);
    const d = v128.load(place + quarter * 3);
    const e = f64x2.add(a, b);
    const f = f64x2.sub(a, b);
    const g = f64x2.add(c, d);
    const z = times(wReal, wImag, f64x2.sub(c, d), sign);
    v128.store(to, f64x2.add(e, g));
    v128.store(to, f64x2.add(f, z), 16);
    v128.store(to, f64x2.sub(e, g), 32);
    v128.store(to, f64x2.sub(f, z), 48);
    to += 64;
  }
}

function simdStages(from: i32, to: i32, n: i32, first: i32, last: i32, roots: i32, inverse: i32, norm: f64): void {
  let dual = first;
  const stages = ctz(last) - ctz(first);
  if ((stages & 1) === 1) {
    if (stages === 1) simdOneStage(from, to, n, dual, roots, inverse);
    else simdOneStage(from, from, n, dual, roots, inverse);
    dual <<= 1;
  }
  for (; dual < last; dual <<= 2) {
    simdTwoStages(from, 4 * dual < last ? from : to, n, dual, roots, inverse);
  }
  if (stages === 0) memory.copy(to, from, n << 4);
  if (norm !== 1 && from !== to) simdScale(to, n, norm);
}

export function simdScale(data: i32, n: i32, norm: f64): void {
  const factor = f64x2.splat(norm);
  const end = data + (n << 4);
  for (; data < end; data += 64) {
    v128.store(data, f64x2.mul(v128.load(data), factor));
    v128.store(data, f64x2.mul(v128.load(data, 16), factor), 16);
    v128.store(data, f64x2.mul(v128.load(data, 32), factor), 32);
    v128.store(data, f64x2.mul(v128.load(data, 48), factor), 48);
  }
}

export function simdOneStage(from: i32, to: i32, n: i32, dual: i32, roots: i32, inverse: i32): void {
  const sign = signOf(inverse);
  const apart = to - from;
  const half = dual << 4;
  const table = roots + ((dual - 1) << 4);
  const end = from + (n << 4);
  for (let group = from; group < end; group += half << 1) {
    const x = v128.load(group);
    const y = v128.load(group + half);
    v128.store(group + apart, f64x2.add(x, y));
    v128.store(group + half + apart, f64x2.sub(x, y));
    let root = table + 16;
    const last = group + half;
    for (let i = group + 16; i < last; i += 16) {
      const j = i + half;
      const z = times(v128.load_splat<f64>(root), v128.load_splat<f64>(root, 8), v128.load(j), sign);
      const here = v128.load(i);
      v128.store(j + apart, f64x2.sub(here, z));
      v128.store(i + apart, f64x2.add(here, z));
      root += 16;
    }
  }
}

export function simdTwoStages(from: i32, to: i32, n: i32, dual: i32, roots: i32, inverse: i32): void {
  const sign = signOf(inverse);
  const apart = to - from;
  const half = dual << 4;
  const end = from + (n << 4);
  const table1 = roots + (dual << 4);
  const table2 = roots + (dual << 5);
  for (let group = from; group < end; group += half << 2) {
    let a = group;
    let b = a + half;
    let c = b + half;
    let d = c + half;
    // Three of the four first roots are 1, and the reference does not multiply by them.
    const a0 = v128.load(a);
    const b0 = v128.load(b);
    const c0 = v128.load(c);
    const d0 = v128.load(d);
    const e0 = f64x2.add(a0, b0);
    const f0 = f64x2.sub(a0, b0);
    const g0 = f64x2.add(c0, d0);
    const middle = table2 + half - 16;
    const z0 = times(v128.load_splat<f64>(middle), v128.load_splat<f64>(middle, 8), f64x2.sub(c0, d0), sign);
    v128.store(a + apart, f64x2.add(e0, g0));
    v128.store(b + apart, f64x2.add(f0, z0));
    v128.store(c + apart, f64x2.sub(e0, g0));
    v128.store(d + apart, f64x2.sub(f0, z0));
    let root1 = table1;
    let root2 = table2;
    const last = group + half;
    for (a += 16, b += 16, c += 16, d += 16; a < last; a += 16, b += 16, c += 16, d += 16) {
      const uReal = v128.load_splat<f64>(root1);
      const uImag = v128.xor(v128.load_splat<f64>(root1, 8), sign);
      const yB = v128.load(b);
      const yD = v128.load(d);
      const p = f64x2.add(f64x2.mul(uReal, yB), f64x2.mul(uImag, i64x2.shuffle(yB, yB, 1, 0)));
      const q = f64x2.add(f64x2.mul(uReal, yD), f64x2.mul(uImag, i64x2.shuffle(yD, yD, 1, 0)));
      const xA = v128.load(a);
      const xC = v128.load(c);
      const e = f64x2.add(xA, p);
      const f = f64x2.sub(xA, p);
      const g = f64x2.add(xC, q);
      const h = f64x2.sub(xC, q);
      const y = times(v128.load_splat<f64>(root2), v128.load_splat<f64>(root2, 8), g, sign);
      v128.store(a + apart, f64x2.add(e, y));
      v128.store(c + apart, f64x2.sub(e, y));
      const root3 = root2 + half;
      const z = times(v128.load_splat<f64>(root3), v128.load_splat<f64>(root3, 8), h, sign);
      v128.store(b + apart, f64x2.add(f, z));
      v128.store(d + apart, f64x2.sub(f, z));
      root1 += 16;
      root2 += 16;
    }
  }
}
