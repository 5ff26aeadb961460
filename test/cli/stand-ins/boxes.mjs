/**
 * Boxes for tests of commands that are not about boxes: `native` and `unshare` are payloads in the program's own process.
 * They speak the real protocol, but only claim to have computed: times follow from the number of passes, states from the
 * workload and its passes. Bundled with the program for the tests alone (`rehearsal.mjs`): the program has no switch for it,
 * so that nobody can measure with it by mistake.
 */

import { createHash } from 'node:crypto';
import { ANSWER_PREFIX, PROTOCOL_VERSION, parseRequest } from '../../../bench/payload/protocol.ts';
import { RUNNERS } from '../../../runners/index.ts';

const NS_PER_PASS = 1000;

const stateAfter = (workload, passes) =>
  createHash('sha256').update(`${workload} ${passes}`).digest('hex').slice(0, 16);

class Payload {
  pid = undefined;
  #facts;
  #start;
  #slowdown;
  #passes = new Map();
  #listener = () => {};
  #end;
  exited = new Promise((resolve) => {
    this.#end = resolve;
  });

  constructor(image, argv) {
    this.#facts = { payload_sha256: image.payloadDigest, node_sha256: image.nodeDigest, image_matches: true };
    this.#start = argv.find((word) => word.startsWith('--start=')) ?? '';
    this.#slowdown = Number(argv.find((word) => word.startsWith('--slow='))?.slice('--slow='.length) ?? 0);
  }

  onLine(listener) {
    this.#listener = listener;
    const firstNs = String(process.hrtime.bigint());
    this.#say({ hello: { firstNs, node: process.version, pid: 1, clockStepNs: 1 } });
  }

  write(line) {
    const request = parseRequest(line);
    const body = this.#answer(request);
    this.#say({ id: request.id, ok: true, atNs: String(process.hrtime.bigint()), body });
    if (request.op === 'quit') this.#end({ exitCode: 0, signal: null });
  }

  kill() {
    this.#end({ exitCode: null, signal: 'SIGKILL' });
  }

  errorTail() {
    return '';
  }

  #say(message) {
    const line = ANSWER_PREFIX + JSON.stringify({ v: PROTOCOL_VERSION, ...message });
    setImmediate(() => this.#listener(line, process.hrtime.bigint()));
  }

  #answer({ op, workload, work, ...request }) {
    switch (op) {
      case 'facts':
        return { facts: { ...this.#facts, ...(this.#slowdown > 0 ? { known_slowdown: this.#slowdown } : {}) } };
      case 'prepare':
        return { kernels: request.kernels, workloads: request.workloads.map((id) => this.#prepare(id)) };
      case 'warmup':
        return this.#bursts(workload, work, request.bursts);
      case 'visit':
        return this.#bursts(workload, work, 2);
      case 'long':
        return this.#bursts(workload, work, Math.ceil(request.leastNs / (work * NS_PER_PASS)));
      case 'checksum':
        return this.#state(workload);
      case 'replay':
        return { checksums: request.passes.map((passes) => stateAfter(workload, passes)) };
      case 'quit':
        return {};
    }
  }

  #prepare(id) {
    this.#passes.set(id, 1);
    const first = stateAfter(id, 1);
    return { id, flops: 1000, input: stateAfter(id, 0), first, reference: first };
  }

  /** No two bursts take the same time: each is up to 1 % off, by its place in the start. */
  #bursts(workload, work, count) {
    const bursts = Array.from({ length: count }, (_, index) => {
      const off = Number.parseInt(stateAfter(`${this.#start} ${workload}`, this.#passes.get(workload) + index), 16);
      const ns = Math.round(work * NS_PER_PASS * (1 + this.#slowdown) * (0.99 + (0.02 * off) / 2 ** 64));
      return [index * ns, ns, ns];
    });
    this.#passes.set(workload, this.#passes.get(workload) + work * count);
    return { bursts, ...this.#state(workload) };
  }

  #state(workload) {
    const passes = this.#passes.get(workload);
    return { passes, checksum: stateAfter(workload, passes) };
  }
}

for (const [index, { name, kind, summary, needs, posture }] of RUNNERS.entries()) {
  if (name !== 'native' && name !== 'unshare') continue;
  const prepared = { labels: [], version: 'stand-in', slowness: 1, dispose: async () => {} };
  RUNNERS[index] = {
    ...{ name, kind, summary, needs, posture, holds: false, guestKernel: false },
    probe: async () => ({ available: true, version: 'stand-in', labels: [] }),
    prepare: async (_, image) => ({ ...prepared, image }),
    open: async (parent, { image }) => ({
      ...parent,
      path: name,
      spawn: async (argv) => new Payload(image, argv),
      close: async () => {},
    }),
  };
}
