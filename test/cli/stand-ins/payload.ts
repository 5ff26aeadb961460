/**
 * A payload in the process of the test or of the program. It speaks the real protocol, but only claims to have computed:
 * times follow from the number of passes, states from the workload and its passes.
 */

import { createHash } from 'node:crypto';
import { ANSWER_PREFIX, PROTOCOL_VERSION, parseRequest, type Request } from '../../../bench/payload/protocol.ts';
import type { BoxProcess, ExitStatus, Image } from '../../../bench/types.ts';

const NS_PER_PASS = 1000;

function stateAfter(workload: string, passes: number): string {
  return createHash('sha256').update(`${workload} ${passes}`).digest('hex').slice(0, 16);
}

interface RehearsedOptions {
  /** What it says that it runs. */
  readonly image?: Pick<Image, 'payloadDigest' | 'nodeDigest'>;
  /** Changes its lines on their way out. */
  readonly edit?: (line: string) => string;
}

export class RehearsedPayload implements BoxProcess {
  readonly pid = undefined;
  readonly exited: Promise<ExitStatus>;
  readonly #facts: Readonly<Record<string, unknown>>;
  readonly #start: string;
  readonly #slowdown: number;
  readonly #edit: (line: string) => string;
  readonly #passes = new Map<string, number>();
  #listener: (line: string, atNs: bigint) => void = () => {};
  #end: (status: ExitStatus) => void = () => {};

  constructor(argv: readonly string[], { image, edit = (line) => line }: RehearsedOptions = {}) {
    this.#edit = edit;
    this.exited = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#start = argv.find((word) => word.startsWith('--start=')) ?? '';
    this.#slowdown = Number(argv.find((word) => word.startsWith('--slow='))?.slice('--slow='.length) ?? 0);
    this.#facts = {
      ...(image && { payload_sha256: image.payloadDigest, node_sha256: image.nodeDigest, image_matches: true }),
      ...(this.#slowdown > 0 && { known_slowdown: this.#slowdown }),
    };
  }

  onLine(listener: (line: string, atNs: bigint) => void): void {
    this.#listener = listener;
    const firstNs = String(process.hrtime.bigint());
    this.#say({ hello: { firstNs, node: process.version, pid: 1, clockStepNs: 1 } });
  }

  write(line: string): void {
    const request = parseRequest(line);
    const body = this.#answer(request);
    this.#say({ id: request.id, ok: true, atNs: String(process.hrtime.bigint()), body });
    if (request.op === 'quit') this.#end({ exitCode: 0, signal: null });
  }

  kill(): void {
    this.#end({ exitCode: null, signal: 'SIGKILL' });
  }

  errorTail(): string {
    return '';
  }

  #say(message: object): void {
    const line = this.#edit(ANSWER_PREFIX + JSON.stringify({ v: PROTOCOL_VERSION, ...message }));
    setImmediate(() => this.#listener(line, process.hrtime.bigint()));
  }

  #answer(request: Request): object {
    switch (request.op) {
      case 'facts':
        return { facts: this.#facts };
      case 'prepare':
        return { kernels: request.kernels, workloads: request.workloads.map((id) => this.#prepare(id)) };
      case 'warmup':
        return this.#bursts(request.workload, request.work, request.bursts);
      case 'visit':
        return this.#bursts(request.workload, request.work, 2);
      case 'long':
        return this.#bursts(request.workload, request.work, Math.ceil(request.leastNs / (request.work * NS_PER_PASS)));
      case 'checksum':
        return this.#state(request.workload);
      case 'replay':
        return { checksums: request.passes.map((passes) => stateAfter(request.workload, passes)) };
      default:
        return {};
    }
  }

  #prepare(id: string): object {
    this.#passes.set(id, 1);
    const first = stateAfter(id, 1);
    return { id, flops: 1000, input: stateAfter(id, 0), first, reference: first };
  }

  /** No two bursts take the same time: each is up to 1 % off, by its place in the start. */
  #bursts(workload: string, work: number, count: number): object {
    const before = this.#passesOf(workload);
    const bursts = Array.from({ length: count }, (_, index) => {
      const off = Number.parseInt(stateAfter(`${this.#start} ${workload}`, before + index), 16);
      const ns = Math.round(work * NS_PER_PASS * (1 + this.#slowdown) * (0.99 + (0.02 * off) / 2 ** 64));
      return [index * ns, ns, ns];
    });
    this.#passes.set(workload, before + work * count);
    return { bursts, ...this.#state(workload) };
  }

  #state(workload: string): object {
    const passes = this.#passesOf(workload);
    return { passes, checksum: stateAfter(workload, passes) };
  }

  #passesOf(workload: string): number {
    return this.#passes.get(workload) ?? 0;
  }
}
