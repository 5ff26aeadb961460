/** What runs inside a box: takes one request a line on standard input, measures, answers one line. Bundled to one file. */

import { dirname } from 'node:path';
import wasmKernels from '../../dist/kernels.wasm';
import {
  allocateHeap,
  allocateWasmHeap,
  createRandom,
  createWorkloads,
  heapNeeds,
  INPUT_SEED,
} from '../../scimark/index.ts';
import {
  type Place,
  prepareSystemWorkload,
  type SystemWorkload,
  systemChecksums,
  systemWorkload,
} from '../../system/index.ts';
import type { KernelEngine, PreparedWorkload, Size } from '../types.ts';
import { Command } from './commands/command.ts';
import { send, standardInput } from './console.ts';
import { copyOf, threadsOf } from './copies/arguments.ts';
import { countIn, joined, partOf } from './copies/divide.ts';
import { Leader } from './copies/leader.ts';
import { readBoxFacts } from './facts.ts';
import { scratchIn } from './image-files.ts';
import { extraPasses, slowShare } from './known-truth.ts';
import { type BurstPlan, type CommandBursts, clockStepNs, measureBursts } from './measure.ts';
import {
  type BodyOf,
  type CommandRequest,
  type Op,
  PROTOCOL_VERSION,
  parseRequest,
  type Request,
  type RequestOf,
} from './protocol.ts';
import { Replays } from './replay.ts';

declare global {
  /** Set by the first statement of the bundle (see `cli/bootstrap/build.mjs`), before any module is evaluated. */
  var boxmarkFirstNs: bigint | undefined;
}

/** A workload in the memory of this payload. */
interface LoadedWorkload {
  readonly prepared: PreparedWorkload;
  /** Passes since the preparation; decides what the state must be. */
  passes: number;
  /** Swaps in another state, on which the extra passes of a known slowdown are done; called again, swaps back. */
  readonly exchange: () => void;
  /** Figures beside the rate, since the last call. */
  readonly figures?: () => Readonly<Record<string, number>>;
  readonly close?: () => void;
}

type Prepared = BodyOf<'prepare'>['workloads'][number];

/** Share of extra passes that this payload does on purpose; 0 except in a self-test. */
const slowdown = slowShare(process.argv);

/** Where workloads may write to a disk. */
const scratch = scratchIn(process.argv);
/** Which of several copies this payload is; undefined for one that is alone, or leads them. */
const copy = copyOf(process.argv);
/** Leads the copies, where there are any, and measures nothing itself but what runs alone. */
const leader = copy === undefined && threadsOf(process.argv) > 1 ? newLeader() : undefined;
/** Workloads that this payload runs although it leads copies. */
const isAlone = new Set<string>();

/** Beginning of the argument that names a start. */
const START_ARGUMENT = '--start=';

const loaded = new Map<string, LoadedWorkload>();
/** Programs of the user's. */
const commands = new Map<string, Command>();
/** The kernels that were prepared. */
let engine: KernelEngine = 'reference';
const replays = new Replays();

/** Waits without a timer or an event loop: a box without a request does nothing at all. */
async function main(): Promise<void> {
  send({ v: PROTOCOL_VERSION, hello: hello() });
  for (const line of standardInput()) {
    if (line === '') continue;
    const done = await answer(line);
    if (done) break;
  }
  // Without a request to quit, too: natively, nobody else removes their folders.
  closeAll();
  await leader?.close();
}

/** Answers one line; true after `quit`. */
async function answer(line: string): Promise<boolean> {
  let id = 0;
  try {
    id = Number((JSON.parse(line) as { id?: unknown }).id) || 0;
    const request = parseRequest(line);
    const body = await handle(request);
    send({ v: PROTOCOL_VERSION, id, ok: true, atNs: String(process.hrtime.bigint()), body });
    return request.op === 'quit';
  } catch (error) {
    send({ v: PROTOCOL_VERSION, id, ok: false, error: error instanceof Error ? error.message : String(error) });
    return false;
  }
}

function handle(request: Request): BodyOf<Op> | Promise<BodyOf<Op>> {
  if (leader !== undefined && request.op !== 'facts') {
    if (request.op === 'prepare') return prepareBeside(leader, request);
    if (!('workload' in request) || !isAlone.has(request.workload)) return leader.handle(request);
  }
  const command = 'workload' in request ? commands.get(request.workload) : undefined;
  if (command !== undefined) return handleCommand(command, request);
  switch (request.op) {
    case 'prepare':
      return prepareHere(request);
    case 'warmup':
      // Many short calls: V8 does not replace code inside one long call, and states stay comparable.
      return burstsOf(request.workload, { ...request, ...beginning(request) });
    case 'visit':
      return burstsOf(request.workload, { work: request.work, lead: request.lead, bursts: 2 });
    case 'long':
      return burstsOf(request.workload, { work: request.work, bursts: 1, leastNs: request.leastNs });
    case 'arm':
      return {};
    case 'checksum': {
      const { prepared, passes } = loadedWorkload(request.workload);
      return { passes, checksum: prepared.checksum() };
    }
    case 'replay':
      return replay(request);
    case 'facts':
      return {
        facts: {
          ...readBoxFacts(request.digests, scratch?.path),
          ...(slowdown === 0 ? {} : { known_slowdown: slowdown }),
        },
      };
    case 'quit':
      closeAll();
      return {};
  }
}

/** The same requests, for a program that is started for each pass. */
async function handleCommand(command: Command, request: Request): Promise<BodyOf<Op>> {
  switch (request.op) {
    case 'warmup':
      return commandBursts(command, { ...request, ...beginning(request) });
    case 'visit':
      return commandBursts(command, { ...request, bursts: 2 });
    case 'long':
      return commandBursts(command, { ...request, bursts: 1 });
    case 'arm':
      command.arm();
      return {};
    case 'checksum':
      command.assertAlone();
      return { passes: command.passes, checksum: command.checksum };
    default:
      throw new Error(`a command has no ${request.op}`);
  }
}

async function commandBursts(command: Command, plan: CommandBursts): Promise<BodyOf<'visit'>> {
  const { bursts, metrics, spunNs } = await command.measure(plan);
  const printed = Object.keys(metrics).length === 0 ? {} : { metrics };
  const { passes, checksum } = command;
  return { bursts, ...leadOf(plan), passes, checksum, ...printed, ...waiting(spunNs, plan.atNs) };
}

function leadOf({ lead }: { readonly lead?: number | undefined }): { lead?: number } {
  return lead === undefined ? {} : { lead };
}

/** The copies before what runs alone: they stay while it runs, and are not what it leaves behind. */
async function prepareBeside(copies: Leader, request: RequestOf<'prepare'>): Promise<BodyOf<'prepare'>> {
  const countOf = countIn(request, threadsOf(process.argv));
  for (const id of request.workloads) if (countOf(id) === 1) isAlone.add(id);
  const theirs = await copies.prepare(partOf(request, (id) => !isAlone.has(id)));
  return isAlone.size === 0
    ? theirs
    : joined(theirs, await prepareHere(partOf(request, (id) => isAlone.has(id))), request);
}

function prepareHere(request: RequestOf<'prepare'>): BodyOf<'prepare'> | Promise<BodyOf<'prepare'>> {
  return (request.commands ?? []).length === 0 ? prepare(request) : prepareWithCommands(request);
}

async function prepareWithCommands(request: RequestOf<'prepare'>): Promise<BodyOf<'prepare'>> {
  const { commands: programs = [], workloads } = request;
  const others = workloads.filter((id) => !programs.some((program) => program.id === id));
  const body = prepare({ ...request, workloads: others });
  const ready = new Map(body.workloads.map((it) => [it.id, it]));
  for (const program of programs) ready.set(program.id, await prepareCommand(program));
  return { ...body, workloads: workloads.flatMap((id) => ready.get(id) ?? []) };
}

/** What it printed stands for its state, before and after the first run. */
async function prepareCommand(program: CommandRequest): Promise<Prepared> {
  const { id } = program;
  const command = new Command(program, { root: rootOf(process.argv), start: startOf(process.argv), slowdown, copy });
  commands.set(id, command);
  const { checksum, ...first } = await command.first();
  return { id, flops: 0, unit: 'runs/s', perPass: 1, input: checksum, first: checksum, reference: checksum, ...first };
}

/** Removes what programs and workloads made outside this process. */
function closeAll(): void {
  for (const command of commands.values()) command.close();
  commands.clear();
  for (const { close } of loaded.values()) close?.();
  loaded.clear();
}

function prepare({ size, workloads, kernels = 'reference' }: RequestOf<'prepare'>): BodyOf<'prepare'> {
  // V8 treats a heap that is assigned once as a constant; a second one would cost every kernel half its speed.
  if (loaded.size > 0) throw new Error('the workloads are prepared already');
  engine = kernels;
  // An unknown one is refused as a kernel.
  const ids = workloads.filter((id) => systemWorkload(id) === undefined);
  const known = new Map(prepareKernels(size, ids).map((it) => [it.id, it]));
  const refused: { id: string; reason: string }[] = [];
  const prepared = workloads.flatMap((id): Prepared[] => {
    const kernel = known.get(id);
    if (kernel !== undefined) return [kernel];
    try {
      return [prepareOfSystem(size, id)];
    } catch (error) {
      // What this one needs is no concern of the others.
      refused.push({ id, reason: error instanceof Error ? error.message : String(error) });
      return [];
    }
  });
  return { kernels, workloads: prepared, ...(refused.length === 0 ? {} : { refused }) };
}

function prepareKernels(size: Size, ids: readonly string[]): Prepared[] {
  const needs = heapNeeds(size, ids, engine);
  if (engine === 'wasm') allocateWasmHeap(wasmKernels, needs.doubles, needs.ints);
  else allocateHeap(needs.doubles, needs.ints);
  return createWorkloads(size, ids, engine).map((workload) => {
    // A separate generator for each, so a kernel sees the same input alone and with others.
    const prepared = workload.prepare(createRandom(INPUT_SEED));
    const { input, first } = firstPass(prepared);
    const scratch = slowdown === 0 ? undefined : workload.copy();
    const exchange = () => scratch && workload.exchange(scratch);
    loaded.set(workload.id, { prepared, passes: 1, exchange });
    return { id: workload.id, flops: workload.flops, input, first, reference: workload.referenceChecksum };
  });
}

function prepareOfSystem(size: Size, id: string): Prepared {
  const workload = systemWorkload(id) as SystemWorkload;
  const prepared = prepareSystemWorkload(workload, size, placeOf(process.argv));
  const { unit, perPass, exchange, figures, close } = prepared;
  let states: ReturnType<typeof firstPass>;
  try {
    states = firstPass(prepared);
  } catch (error) {
    close();
    throw error;
  }
  loaded.set(id, { prepared, passes: 1, exchange, figures, close });
  const [reference = ''] = systemChecksums(workload, size, [1]);
  return { id, flops: 0, unit, perPass, ...states, reference };
}

/** The state before and after the first pass. */
function firstPass({ pass, checksum }: PreparedWorkload): { input: string; first: string } {
  const input = checksum();
  pass();
  return { input, first: checksum() };
}

/** The payload has its own folder in the image's root, and receives the name of its start as an argument. */
function placeOf(argv: readonly string[]): Place {
  const place = { root: rootOf(argv), name: `${startOf(argv)}-${process.pid}` };
  return scratch === undefined ? place : { ...place, scratch };
}

function rootOf(argv: readonly string[]): string {
  return dirname(dirname(argv[1] ?? ''));
}

function startOf(argv: readonly string[]): string {
  return argv.find((argument) => argument.startsWith(START_ARGUMENT))?.slice(START_ARGUMENT.length) ?? 'payload';
}

function burstsOf(id: string, { work, lead, atNs, ...plan }: Omit<BurstPlan, 'extra'>): BodyOf<'visit'> {
  const it = loadedWorkload(id);
  const { exchange } = it;
  const extra = slowdown === 0 ? undefined : { passesOf: (passes: number) => extraPasses(passes, slowdown), exchange };
  const metrics: Record<string, number[]> = {};
  const after = () => {
    for (const [metric, value] of Object.entries(it.figures?.() ?? {})) {
      metrics[metric] ??= [];
      metrics[metric].push(value);
    }
  };
  it.figures?.(); // Of passes that were no burst.
  const { bursts, passes, spunNs } = measureBursts(it.prepared.pass, { ...plan, work, lead, atNs, extra, after });
  it.passes += passes;
  const further = Object.keys(metrics).length === 0 ? {} : { metrics };
  const states = { passes: it.passes, checksum: it.prepared.checksum() };
  return { bursts, ...leadOf({ lead }), ...states, ...further, ...waiting(spunNs, atNs) };
}

/** When a copy is to begin. */
function beginning({ atNs }: RequestOf<'warmup'>): { atNs: bigint | undefined } {
  return { atNs: atNs === undefined ? undefined : BigInt(atNs) };
}

function waiting(spunNs: number, atNs: bigint | undefined): { spunNs?: number } {
  return atNs === undefined ? {} : { spunNs };
}

function newLeader(): Leader {
  return new Leader(threadsOf(process.argv), rootOf(process.argv));
}

function replay({ size, workload: id, passes }: RequestOf<'replay'>): BodyOf<'replay'> {
  const ofSystem = systemWorkload(id);
  if (ofSystem !== undefined) return { checksums: systemChecksums(ofSystem, size, passes) };
  if (loaded.size === 0) throw new Error('prepare the workloads before a replay');
  const [workload] = createWorkloads(size, [id], engine);
  if (workload === undefined) throw new Error(`unknown workload ${id}`);
  return { checksums: replays.of(workload, passes) };
}

function loadedWorkload(id: string): LoadedWorkload {
  const it = loaded.get(id);
  if (it === undefined) throw new Error(`workload ${id} is not prepared`);
  return it;
}

function hello() {
  return {
    firstNs: String(globalThis.boxmarkFirstNs ?? process.hrtime.bigint()),
    node: process.version,
    pid: process.pid,
    clockStepNs: clockStepNs(readClock()),
  };
}

/** Some hundred readings of the monotonic clock, and more until it has moved. */
function readClock(): number[] {
  const begunNs = process.hrtime.bigint();
  const readings: number[] = [];
  while (readings.length < 400 || readings.at(-1) === readings[0])
    readings.push(Number(process.hrtime.bigint() - begunNs));
  return readings;
}

void main();
