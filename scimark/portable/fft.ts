/** Fast Fourier transform, restructured: roots computed beforehand, two stages in one pass, small blocks first. */

/** Complex numbers of a block that is taken through all its stages before the next one: it stays in the cache. */
const FFT_BLOCK: i32 = 4096;

/**
 * Computes what depends on `n` alone, a power of two: at `roots` the n - 1 roots of unity of all stages, stage by stage, by
 * the recurrence of the reference; at `mirrored` the bit-reversed doubles of n / 4 indices.
 */
export function fftPlan(n: i32, roots: i32, mirrored: i32): void {
  let at = roots;
  for (let dual: i32 = 1; dual < n; dual = dual << 1) {
    const theta: f64 = (-2 * Math.PI) / ((2 * dual) as f64);
    const s = Math.sin(theta);
    const t = Math.sin(theta / 2);
    const s2 = 2 * t * t;
    let wReal: f64 = 1;
    let wImag: f64 = 0;
    for (let a: i32 = 0; a < dual; a++) {
      heapF64[at] = wReal;
      heapF64[at + 1] = wImag;
      at += 2;
      const nextReal = wReal - s * wImag - s2 * wReal;
      wImag = wImag + s * wReal - s2 * wImag;
      wReal = nextReal;
    }
  }
  const quarter = n >> 2;
  for (let k: i32 = 0, mirror: i32 = 0; k < quarter; k++) {
    heapI32[mirrored + k] = 2 * mirror;
    let bit = quarter >> 1;
    while (bit > 0 && (mirror & bit) !== 0) {
      mirror = mirror ^ bit;
      bit = bit >> 1;
    }
    mirror = mirror | bit;
  }
}

/**
 * Transforms the `n` complex numbers at `data`, four at least, by way of the `n` at `scratch`; `direction` is 1 for the
 * forward transform and -1 for the inverse, which is not scaled here. The roots of the inverse are the conjugates, bit for
 * bit: sine and recurrence are odd in them.
 */
export function fftTransform(data: i32, scratch: i32, n: i32, roots: i32, mirrored: i32, direction: f64): void {
  const block = n < FFT_BLOCK ? n : FFT_BLOCK;
  for (let start: i32 = 0; start < n; start += block) {
    const at = (scratch + 2 * start) | 0;
    fftGather(data, at, n, (mirrored + (start >> 2)) | 0, block >> 2, roots, direction);
    fftStages(at, block === n ? data : at, block, 4, block, roots, direction);
  }
  if (block < n) fftStages(scratch, data, n, block, n, roots, direction);
}

/** Bit reversal and the first two stages: four numbers from all over `data` become four neighbours at `to`. */
function fftGather(data: i32, to: i32, n: i32, mirrored: i32, quarters: i32, roots: i32, direction: f64): void {
  const wReal = heapF64[(roots + 4) | 0]!;
  const wImag = direction * heapF64[(roots + 5) | 0]!;
  const quarter = n >> 1;
  const end = (mirrored + quarters) | 0;
  let into = to;
  for (let k = mirrored; k < end; k = (k + 1) | 0) {
    const a = (data + heapI32[k]!) | 0;
    const c = (a + quarter) | 0;
    const b = (c + quarter) | 0;
    const d = (b + quarter) | 0;
    const aReal = heapF64[a]!;
    const aImag = heapF64[a + 1]!;
    const bReal = heapF64[b]!;
    const bImag = heapF64[b + 1]!;
    const cReal = heapF64[c]!;
    const cImag = heapF64[c + 1]!;
    const dReal = heapF64[d]!;
    const dImag = heapF64[d + 1]!;
    const eReal = aReal + bReal;
    const eImag = aImag + bImag;
    const fReal = aReal - bReal;
    const fImag = aImag - bImag;
    const gReal = cReal + dReal;
    const gImag = cImag + dImag;
    const hReal = cReal - dReal;
    const hImag = cImag - dImag;
    const zReal = wReal * hReal - wImag * hImag;
    const zImag = wReal * hImag + wImag * hReal;
    heapF64[into] = eReal + gReal;
    heapF64[into + 1] = eImag + gImag;
    heapF64[into + 2] = fReal + zReal;
    heapF64[into + 3] = fImag + zImag;
    heapF64[into + 4] = eReal - gReal;
    heapF64[into + 5] = eImag - gImag;
    heapF64[into + 6] = fReal - zReal;
    heapF64[into + 7] = fImag - zImag;
    into = (into + 8) | 0;
  }
}

/** The stages with pairs `first` to `last` / 2 apart, on `n` numbers in place at `from`; the last pass goes to `to`. */
function fftStages(from: i32, to: i32, n: i32, first: i32, last: i32, roots: i32, direction: f64): void {
  let dual = first;
  let stages: i32 = 0;
  for (let k = first; k < last; k = k << 1) stages++;
  if (stages === 0) {
    for (let k: i32 = 0; k < 2 * n; k++) heapF64[(to + k) | 0] = heapF64[(from + k) | 0]!;
    return;
  }
  if ((stages & 1) === 1) {
    fftOneStage(from, stages === 1 ? to : from, n, dual, roots, direction);
    dual = dual << 1;
  }
  for (; dual < last; dual = dual << 2) {
    fftTwoStages(from, 4 * dual < last ? from : to, n, dual, roots, direction);
  }
}

function fftOneStage(from: i32, to: i32, n: i32, dual: i32, roots: i32, direction: f64): void {
  const apart = (to - from) | 0;
  const half = dual << 1;
  const table = (roots + 2 * (dual - 1)) | 0;
  const end = (from + 2 * n) | 0;
  for (let group = from; group < end; group = (group + 2 * half) | 0) {
    for (let a: i32 = 0; a < half; a = (a + 2) | 0) {
      const i = (group + a) | 0;
      const j = (i + half) | 0;
      const yReal = heapF64[j]!;
      const yImag = heapF64[j + 1]!;
      let zReal = yReal;
      let zImag = yImag;
      // The first root is 1, and the reference does not multiply by it.
      if (a > 0) {
        const wReal = heapF64[(table + a) | 0]!;
        const wImag = direction * heapF64[(table + a + 1) | 0]!;
        zReal = wReal * yReal - wImag * yImag;
        zImag = wReal * yImag + wImag * yReal;
      }
      const xReal = heapF64[i]!;
      const xImag = heapF64[i + 1]!;
      heapF64[(j + apart) | 0] = xReal - zReal;
      heapF64[(j + apart + 1) | 0] = xImag - zImag;
      heapF64[(i + apart) | 0] = xReal + zReal;
      heapF64[(i + apart + 1) | 0] = xImag + zImag;
    }
  }
}

/** The stages with pairs `dual` and 2 `dual` apart: four numbers are read once, go through both and are written once. */
function fftTwoStages(from: i32, to: i32, n: i32, dual: i32, roots: i32, direction: f64): void {
  const apart = (to - from) | 0;
  const half = dual << 1;
  const end = (from + 2 * n) | 0;
  const table1 = (roots + 2 * (dual - 1)) | 0;
  const table2 = (roots + 2 * (2 * dual - 1)) | 0;
  for (let group = from; group < end; group = (group + 4 * half) | 0) {
    fftFirstFour(group, apart, half, (table2 + half) | 0, direction);
    const last = (group + half) | 0;
    let w1 = (table1 + 2) | 0;
    let w2 = (table2 + 2) | 0;
    for (let a = (group + 2) | 0; a < last; a = (a + 2) | 0) {
      const b = (a + half) | 0;
      const c = (b + half) | 0;
      const d = (c + half) | 0;
      const uReal = heapF64[w1]!;
      const uImag = direction * heapF64[w1 + 1]!;
      const bReal = heapF64[b]!;
      const bImag = heapF64[b + 1]!;
      const dReal = heapF64[d]!;
      const dImag = heapF64[d + 1]!;
      const pReal = uReal * bReal - uImag * bImag;
      const pImag = uReal * bImag + uImag * bReal;
      const qReal = uReal * dReal - uImag * dImag;
      const qImag = uReal * dImag + uImag * dReal;
      const aReal = heapF64[a]!;
      const aImag = heapF64[a + 1]!;
      const cReal = heapF64[c]!;
      const cImag = heapF64[c + 1]!;
      const eReal = aReal + pReal;
      const eImag = aImag + pImag;
      const fReal = aReal - pReal;
      const fImag = aImag - pImag;
      const gReal = cReal + qReal;
      const gImag = cImag + qImag;
      const hReal = cReal - qReal;
      const hImag = cImag - qImag;
      const vReal = heapF64[w2]!;
      const vImag = direction * heapF64[w2 + 1]!;
      const yReal = vReal * gReal - vImag * gImag;
      const yImag = vReal * gImag + vImag * gReal;
      heapF64[(a + apart) | 0] = eReal + yReal;
      heapF64[(a + apart + 1) | 0] = eImag + yImag;
      heapF64[(c + apart) | 0] = eReal - yReal;
      heapF64[(c + apart + 1) | 0] = eImag - yImag;
      const w3 = (w2 + half) | 0;
      const xReal = heapF64[w3]!;
      const xImag = direction * heapF64[w3 + 1]!;
      const zReal = xReal * hReal - xImag * hImag;
      const zImag = xReal * hImag + xImag * hReal;
      heapF64[(b + apart) | 0] = fReal + zReal;
      heapF64[(b + apart + 1) | 0] = fImag + zImag;
      heapF64[(d + apart) | 0] = fReal - zReal;
      heapF64[(d + apart + 1) | 0] = fImag - zImag;
      w1 = (w1 + 2) | 0;
      w2 = (w2 + 2) | 0;
    }
  }
}

/** The first four numbers of a group, where three of the four roots are 1 and the reference does not multiply. */
function fftFirstFour(a: i32, apart: i32, half: i32, root: i32, direction: f64): void {
  const b = (a + half) | 0;
  const c = (b + half) | 0;
  const d = (c + half) | 0;
  const wReal = heapF64[root]!;
  const wImag = direction * heapF64[root + 1]!;
  const eReal = heapF64[a]! + heapF64[b]!;
  const eImag = heapF64[a + 1]! + heapF64[b + 1]!;
  const fReal = heapF64[a]! - heapF64[b]!;
  const fImag = heapF64[a + 1]! - heapF64[b + 1]!;
  const gReal = heapF64[c]! + heapF64[d]!;
  const gImag = heapF64[c + 1]! + heapF64[d + 1]!;
  const hReal = heapF64[c]! - heapF64[d]!;
  const hImag = heapF64[c + 1]! - heapF64[d + 1]!;
  const zReal = wReal * hReal - wImag * hImag;
  const zImag = wReal * hImag + wImag * hReal;
  heapF64[(a + apart) | 0] = eReal + gReal;
  heapF64[(a + apart + 1) | 0] = eImag + gImag;
  heapF64[(b + apart) | 0] = fReal + zReal;
  heapF64[(b + apart + 1) | 0] = fImag + zImag;
  heapF64[(c + apart) | 0] = eReal - gReal;
  heapF64[(c + apart + 1) | 0] = eImag - gImag;
  heapF64[(d + apart) | 0] = fReal - zReal;
  heapF64[(d + apart + 1) | 0] = fImag - zImag;
}

/** Divides by `n` what the inverse transform left. */
export function fftScale(data: i32, n: i32): void {
  const norm: f64 = 1 / (n as f64);
  const end = (data + 2 * n) | 0;
  for (let k = data; k < end; k = (k + 1) | 0) heapF64[k] = heapF64[k]! * norm;
}
