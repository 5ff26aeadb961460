/** The loop of the triad as a WebAssembly module, put together here: two sums at a time, and no checks between them. */

/** The part of WebAssembly that is needed; TypeScript has its types only together with a browser's. */
interface Wasm {
  readonly Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Record<string, unknown> };
}
const { Memory, Module, Instance } = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly;

const PAGE_BYTES = 65536;

/** Doubles done in one turn of the loop; arrays are multiples of it. */
const DOUBLES_A_TURN = 8;
const VECTOR_BYTES = 16;

/** Op codes of the specification, "Binary Format", used below. */
const OP = {
  loop: [0x03, 0x40],
  end: [0x0b],
  brIf: [0x0d],
  get: [0x20],
  set: [0x21],
  tee: [0x22],
  i32Const: [0x41],
  i32LessThan: [0x49],
  i32Add: [0x6a],
  load: [0xfd, 0x00],
  store: [0xfd, 0x0b],
  splat: [0xfd, 0x14],
  add: [0xfd, 0xf0, 0x01],
  mul: [0xfd, 0xf2, 0x01],
} as const;
const [F64, I32, V128] = [0x7c, 0x7f, 0x7b];
/** 2⁴: vectors lie at multiples of their length. */
const ALIGNMENT = 4;
const [SCALAR, AT, VECTOR] = [0, 1, 2];

export interface Triad {
  /** The three arrays, one after the other. */
  readonly buffer: ArrayBuffer;
  /** One sweep: a = b + scalar · c. */
  sweep(scalar: number): void;
}

/**
 * Arrays of `doubles`, which must fill whole pages, and the sweep over them.
 * In JavaScript the loop checks three arrays for each sum and takes about as long in the first-level cache as in memory;
 * this one waits for memory.
 */
export function openTriad(doubles: number): Triad {
  const bytes = doubles * 8;
  const pages = (3 * bytes) / PAGE_BYTES;
  const memory = memoryOf(pages);
  const at = (array: number, vector: number) => [ALIGNMENT, ...leb(array * bytes + vector * VECTOR_BYTES)];
  const vectors = (DOUBLES_A_TURN * 8) / VECTOR_BYTES;
  const turn = Array.from({ length: vectors }, (_, vector) => [
    ...[...OP.get, AT],
    ...[...OP.get, AT, ...OP.load, ...at(1, vector)],
    ...[...OP.get, AT, ...OP.load, ...at(2, vector), ...OP.get, VECTOR, ...OP.mul],
    ...[...OP.add, ...OP.store, ...at(0, vector)],
  ]).flat();
  const next = [...OP.get, AT, ...OP.i32Const, ...signedLeb(DOUBLES_A_TURN * 8), ...OP.i32Add, ...OP.tee, AT];
  const body = [
    ...[2, 1, I32, 1, V128],
    ...[...OP.get, SCALAR, ...OP.splat, ...OP.set, VECTOR],
    ...[...OP.loop, ...turn, ...next, ...OP.i32Const, ...signedLeb(bytes), ...OP.i32LessThan, ...OP.brIf, 0, ...OP.end],
    ...OP.end,
  ];
  const name = [1, 'm'.charCodeAt(0)];
  const binary = Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, F64, 0]),
    ...section(2, [1, ...name, ...name, 0x02, 0x00, ...leb(pages)]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name, 0x00, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ]);
  const { exports } = new Instance(new Module(binary), { m: { m: memory } });
  return { buffer: memory.buffer, sweep: exports.m as Triad['sweep'] };
}

/** Memory of so many bytes at a multiple of a page, which an ordinary buffer is not. */
export function openMemory(bytes: number): ArrayBuffer {
  return memoryOf(Math.ceil(bytes / PAGE_BYTES)).buffer;
}

function memoryOf(pages: number) {
  return new Memory({ initial: pages, maximum: pages });
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

/** LEB128, unsigned. */
function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

/** LEB128 of a number that is not negative, where its sign is read. */
function signedLeb(value: number): number[] {
  const bytes = leb(value);
  const last = bytes.length - 1;
  return (bytes[last] as number) < 0x40 ? bytes : [...bytes.slice(0, last), (bytes[last] as number) | 0x80, 0];
}
