import { describe, expect, it } from 'vitest';
import type { Piped } from '../../bench/run/client.ts';
import { connect } from '../../bench/run/client.ts';
import { MOST_OPEN, measureCapacity, runLevel, windowFor } from '../../bench/run/load/level.ts';
import type { Pipeline } from '../../bench/run/pipeline.ts';
import type { BoxProcess } from '../../bench/types.ts';
import { RehearsedPayload } from '../cli/stand-ins/payload.ts';

const PARAMS = { workload: 'fft', work: 5, bursts: 1 };
const NEVER = new AbortController().signal;

/** A payload whose answers are held back until they are let through, some of them changed. */
class Gate implements BoxProcess {
  readonly written: string[] = [];
  readonly #held: (() => void)[] = [];
  readonly #payload: RehearsedPayload;
  isOpen = true;

  constructor(edit: (line: string) => string = (line) => line) {
    this.#payload = new RehearsedPayload([], { edit });
  }

  get pid() {
    return undefined;
  }
  get exited() {
    return this.#payload.exited;
  }
  write(line: string): void {
    this.written.push(line);
    this.#payload.write(line);
  }
  onLine(listener: (line: string, atNs: bigint) => void): void {
    this.#payload.onLine((line) => {
      const pass = () => listener(line, process.hrtime.bigint());
      if (this.isOpen) pass();
      else this.#held.push(pass);
    });
  }
  errorTail(): string {
    return '';
  }
  kill(): void {
    this.#payload.kill();
  }
  let(count: number): void {
    for (const pass of this.#held.splice(0, count)) pass();
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function opened(gate: Gate, { window = 3, limitMs = 5000 } = {}) {
  const client = await connect(gate, 1000, NEVER);
  gate.isOpen = false;
  const answers: Piped<'warmup'>[] = [];
  const options = { window, limitMs, onAnswer: (answer: Piped<'warmup'>) => void answers.push(answer) };
  return { client, answers, pipeline: client.pipeline('warmup', PARAMS, options) };
}

describe('a pipeline', () => {
  it('sends without waiting, and takes the answers in the order of the requests', async () => {
    const gate = new Gate();
    const { answers, pipeline, client } = await opened(gate);
    for (let i = 0; i < 3; i++) pipeline.post();
    expect(gate.written.map((line) => JSON.parse(line))).toEqual(
      [1, 2, 3].map((id) => ({ v: 1, id, op: 'warmup', ...PARAMS })),
    );
    await turn();
    expect([answers.length, pipeline.open]).toEqual([0, 3]);
    gate.let(3);
    expect(answers.map(({ body }) => body.passes)).toEqual([5, 10, 15]);
    expect(answers.every(({ receivedNs }) => receivedNs > 0n)).toBe(true);
    pipeline.close();
    gate.isOpen = true;
    expect((await client.request('checksum', { workload: 'fft' }, 1000)).body.passes).toBe(15);
  });

  it('keeps no more in the pipe than its window, and the rest here until there is room', async () => {
    const gate = new Gate();
    const { pipeline } = await opened(gate, { window: 2 });
    for (let i = 0; i < 5; i++) pipeline.post();
    expect([gate.written.length, pipeline.inBox, pipeline.open]).toEqual([2, 2, 5]);
    await turn();
    gate.let(1);
    expect([gate.written.length, pipeline.inBox, pipeline.open]).toEqual([3, 2, 4]);
    expect(pipeline.drop()).toBe(2);
    expect(pipeline.open).toBe(2);
    await turn();
    gate.let(5);
    expect([gate.written.length, pipeline.open]).toEqual([3, 0]);
    pipeline.close();
  });

  it('fails for an answer to another request', async () => {
    const gate = new Gate((line) => line.replace('"id":2', '"id":7'));
    const { pipeline, answers } = await opened(gate);
    for (let i = 0; i < 3; i++) pipeline.post();
    await turn();
    gate.let(3);
    expect(() => pipeline.throwIfFailed()).toThrow('answered request 7 when 2 was asked');
    expect(answers).toHaveLength(1);
  });

  it('fails for an answer that is not one of this version', async () => {
    const gate = new Gate((line) => line.replace('"passes":', '"steps":'));
    const { pipeline } = await opened(gate);
    pipeline.post();
    await turn();
    gate.let(1);
    expect(() => pipeline.throwIfFailed()).toThrow('not an answer of this version');
  });

  it('fails when the box is silent while an answer is due, and not while none is', async () => {
    const gate = new Gate();
    const { pipeline } = await opened(gate, { limitMs: 30 });
    await new Promise((resolve) => setTimeout(resolve, 60));
    pipeline.throwIfFailed();
    pipeline.post();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(() => pipeline.throwIfFailed()).toThrow(/^silent for 0.03 s while the answer to "warmup" was due/);
  });

  it('fails when the box ends', async () => {
    const gate = new Gate();
    const { pipeline } = await opened(gate);
    pipeline.post();
    gate.kill();
    await turn();
    expect(() => pipeline.throwIfFailed()).toThrow('the box ended by SIGKILL');
  });
});

/** A box for levels: a client whose answers come as they are made. */
async function boxOf(edit?: (line: string) => string) {
  const client = await connect(new RehearsedPayload([], edit === undefined ? {} : { edit }), 1000, NEVER);
  return {
    async inPipeline(
      op: 'warmup',
      params: typeof PARAMS,
      { window, onAnswer }: { window: number; onAnswer(answer: Piped<'warmup'>): void },
      act: (pipeline: Pipeline<Piped<'warmup'>>) => Promise<void>,
    ) {
      const pipeline = client.pipeline(op, params, { window, limitMs: 5000, onAnswer });
      try {
        await act(pipeline);
      } finally {
        pipeline.close();
      }
    },
  } as Parameters<typeof measureCapacity>[0];
}

const level = { workload: 'fft', work: 5, burstNs: 5e6, check: () => {} };

describe('a level in real time', () => {
  it('sends every request at its time or after it, and has every answer', async () => {
    const times = Float64Array.from({ length: 50 }, (_, index) => 1e7 * (index + 1));
    const resident = await boxOf();
    const { requests, stopped, fault } = await runLevel({ ...level, resident, times, signal: NEVER });
    expect([stopped, fault]).toEqual([null, null]);
    expect(requests.map(({ arrival }) => arrival)).toEqual([...times.keys()].map((index) => index + 1));
    for (const { intendedNs, sentNs, doneNs, serviceNs } of requests) {
      expect(sentNs).toBeGreaterThanOrEqual(intendedNs);
      expect(doneNs).toBeGreaterThan(sentNs);
      expect(serviceNs).toBeGreaterThan(0);
    }
  });

  it('is stopped when too many requests wait, and keeps those that were never sent to the box', async () => {
    const times = new Float64Array(MOST_OPEN + 500).fill(1);
    const resident = await boxOf();
    const { requests, stopped } = await runLevel({ ...level, resident, times, signal: NEVER });
    expect(stopped).toBe(`more than ${MOST_OPEN} requests were waiting`);
    const answered = requests.filter(({ doneNs }) => doneNs !== null).length;
    expect(requests).toHaveLength(MOST_OPEN + 500);
    expect(answered).toBe(windowFor(level.burstNs));
  });

  it('gives what was answered before the box failed, and its fault', async () => {
    const resident = await boxOf((line) => line.replace('"id":3,', '"id":9,'));
    const times = Float64Array.of(1, 2, 3, 4);
    const { requests, fault } = await runLevel({ ...level, resident, times, signal: NEVER });
    expect(String(fault)).toContain('answered request 9 when 3 was asked');
    expect(requests.map(({ doneNs }) => doneNs !== null)).toEqual([true, true, false, false]);
  });

  it('ends at once when it is interrupted', async () => {
    const controller = new AbortController();
    const times = Float64Array.of(1, 3600e9);
    const running = runLevel({ ...level, resident: await boxOf(), times, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expect(running).rejects.toThrow();
  });
});

it('what a box can do is found in a loop that always has the next request for it', async () => {
  const found = await measureCapacity(await boxOf(), level, { leastNs: 20e6, signal: NEVER });
  expect(found).toBeGreaterThan(0);
  expect(Number.isFinite(found)).toBe(true);
});

it('so much is in the pipe that the box never waits, and never more than a console takes', () => {
  expect([1e3, 5e6, 20e6, 1e9].map(windowFor)).toEqual([32, 32, 10, 2]);
});
