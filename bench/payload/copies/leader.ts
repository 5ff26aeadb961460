/** A payload that measures nothing itself: it starts copies of itself, one a CPU, and lets all of them begin each burst at once. */

import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { NODE_PATH, PIN_PATH } from '../image-files.ts';
import type { BodyOf, Burst, Op, Request, RequestOf } from '../protocol.ts';
import { THREADS_ARGUMENT } from './arguments.ts';
import { Barrier } from './barrier.ts';
import { Copy } from './copy.ts';
import { countIn, partOf } from './divide.ts';
import { type Answered, agreed, type MergedBursts, mergeBursts, mergePrepared } from './merge.ts';

/** In an answer, which is one line; a long visit of very short bursts ends before its time. */
const MOST_FIGURES = 60_000;
/** Of a burst, beside the times of its copies. */
const FIGURES_OF_BURST = 4;

/** Bursts of one request. */
interface Piece {
  readonly workload: string;
  readonly work: number;
  readonly bursts: number;
}

export class Leader {
  readonly #threads: number;
  readonly #root: string;
  readonly #barrier = new Barrier();
  #copies: readonly Copy[] = [];
  /** Copies that run a workload at once: so many of the first ones. */
  #countOf: (workload: string) => number;
  /** Programs that do something before every burst, which is not timed. */
  #armed: ReadonlySet<string> = new Set();

  /** @param root root folder of the image */
  constructor(threads: number, root: string) {
    this.#threads = threads;
    this.#root = root;
    this.#countOf = () => threads;
  }

  async handle(request: Exclude<Request, { op: 'facts' | 'prepare' }>): Promise<BodyOf<Op>> {
    switch (request.op) {
      case 'warmup':
        return this.#bursts(request, new Array(request.bursts).fill(request.work));
      case 'visit':
        return this.#visit(request);
      case 'long':
        return this.#long(request);
      case 'checksum':
        return agreed(await this.#all('checksum', request.workload));
      case 'replay':
        return this.#one().ask('replay', bare(request));
      case 'arm':
        throw new Error('only a copy is armed');
      case 'quit':
        await this.close();
        return {};
    }
  }

  async close(): Promise<void> {
    const copies = this.#copies;
    this.#copies = [];
    await Promise.all(copies.map((copy) => copy.close()));
  }

  async prepare(request: RequestOf<'prepare'>): Promise<BodyOf<'prepare'>> {
    const { commands = [] } = request;
    this.#countOf = countIn(request, this.#threads);
    if (this.#copies.length === 0) this.#copies = await startCopies(this.#threads, this.#root);
    this.#armed = new Set(commands.filter(({ prepare }) => prepare !== undefined).map(({ id }) => id));
    const ofTrial = new Set(commands.filter(({ expect }) => expect === 'unknown').map(({ id }) => id));
    const answers = await asked(this.#copies, (copy, at) =>
      copy.ask(
        'prepare',
        partOf(request, (id) => at < this.#countOf(id)),
      ),
    );
    return mergePrepared(answers, ofTrial, this.#countOf);
  }

  async #visit({ lead, ...request }: RequestOf<'visit'>): Promise<BodyOf<'visit'>> {
    const body = await this.#bursts(request, [lead ?? request.work, request.work]);
    return lead === undefined ? body : { ...body, lead };
  }

  /** Bursts of so many passes, each of which begins at a barrier. */
  async #bursts({ workload }: Pick<Piece, 'workload'>, works: readonly number[]): Promise<BodyOf<'warmup'>> {
    const answer = new Pieces();
    for (const work of works) answer.add(await this.#together({ workload, work, bursts: 1 }));
    return answer.body();
  }

  /** Bursts back to back, as many in every copy, so that all are in the same state afterwards. */
  async #long({ workload, work, leastNs }: RequestOf<'long'>): Promise<BodyOf<'long'>> {
    const answer = new Pieces();
    const most = Math.floor(MOST_FIGURES / (this.#countOf(workload) + FIGURES_OF_BURST));
    let bursts = 1;
    do {
      answer.add(await this.#together({ workload, work, bursts }));
      const wanted = Math.ceil((leastNs - answer.wallNs) / answer.meanNs);
      bursts = Math.min(wanted, most - answer.count);
    } while (bursts > 0);
    return answer.body();
  }

  /** One request to all copies, which begin when the barrier's time comes. */
  async #together({ workload, work, bursts }: Piece): Promise<{ at: bigint; merged: MergedBursts }> {
    if (this.#armed.has(workload)) await this.#all('arm', workload);
    const at = this.#barrier.next();
    const answers = await this.#all('warmup', workload, { work, bursts, atNs: String(at), stretch: bursts > 1 });
    this.#barrier.learn(answers.map(({ body }) => body.spunNs ?? 0));
    return { at, merged: mergeBursts(answers) };
  }

  /** A request about a workload to the copies that run it. */
  async #all<O extends 'arm' | 'checksum' | 'warmup'>(
    op: O,
    workload: string,
    params?: Omit<RequestOf<O>, 'workload'>,
  ): Promise<Answered<BodyOf<O>>[]> {
    this.#one();
    const copies = this.#copies.slice(0, this.#countOf(workload));
    return asked(copies, (copy) => copy.ask(op, { workload, ...params } as RequestOf<O>));
  }

  #one(): Copy {
    const [copy] = this.#copies;
    if (copy === undefined) throw new Error('nothing is prepared');
    return copy;
  }
}

/** The merged bursts of one request, whose offsets count from its beginning. */
class Pieces {
  readonly #beganNs = process.hrtime.bigint();
  readonly #bursts: Burst[] = [];
  readonly #wallNs: number[][] = [];
  readonly #lateNs: number[] = [];
  readonly #metrics: Record<string, number[]> = {};
  #spunNs = 0;
  #state = { passes: 0, checksum: '' };

  add({ at, merged }: { at: bigint; merged: MergedBursts }): void {
    const { bursts, wallNs, lateNs, spunNs, metrics, ...state } = merged;
    const offsetNs = Number(at - this.#beganNs);
    for (const [startNs, burstNs, cpuNs] of bursts) this.#bursts.push([offsetNs + startNs, burstNs, cpuNs]);
    // One by one: as arguments, those of a long visit would overflow the stack.
    for (const each of wallNs) this.#wallNs.push(each);
    for (const each of lateNs) this.#lateNs.push(each);
    for (const [id, values] of Object.entries(metrics)) {
      this.#metrics[id] ??= [];
      for (const value of values) this.#metrics[id].push(value);
    }
    this.#spunNs += spunNs;
    this.#state = state;
  }

  get wallNs(): number {
    return this.#bursts.reduce((sum, [, burstNs]) => sum + burstNs, 0);
  }

  get count(): number {
    return this.#bursts.length;
  }

  get meanNs(): number {
    return Math.max(1, this.wallNs / this.#bursts.length);
  }

  body(): BodyOf<'warmup'> {
    const elapsedNs = Number(process.hrtime.bigint() - this.#beganNs);
    return {
      bursts: this.#bursts,
      ...this.#state,
      ...(Object.keys(this.#metrics).length === 0 ? {} : { metrics: this.#metrics }),
      spunNs: this.#spunNs,
      copies: { wallNs: this.#wallNs, lateNs: this.#lateNs, asideNs: Math.max(0, elapsedNs - this.wallNs) },
    };
  }
}

/** All answers, so that no copy is still busy with a request; then the reason of the first one that failed. */
async function asked<B>(copies: readonly Copy[], ask: (copy: Copy, at: number) => Promise<B>): Promise<Answered<B>[]> {
  const settled = await Promise.allSettled(copies.map(ask));
  return settled.map((result, index) => {
    if (result.status === 'rejected') throw result.reason;
    return { name: copies[index]?.name ?? '', body: result.value };
  });
}

/** All of them, or none and the reason. */
async function startCopies(threads: number, root: string): Promise<readonly Copy[]> {
  const cpus = allowedCpus();
  if (cpus.length < threads) {
    throw new Error(`this box may use ${cpus.length} CPUs (${cpus.join(',')}), and ${threads} copies need one each`);
  }
  const pin = join(root, PIN_PATH);
  if (!existsSync(pin)) throw new Error(`the image has no /${PIN_PATH}, which pins copies to their CPUs`);
  const argv = ownCommand(root);
  const starting = cpus.slice(0, threads).map((cpu, at) => Copy.start({ index: at + 1, cpu, pin, argv }));
  const settled = await Promise.allSettled(starting);
  const copies = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed === undefined) return copies;
  await Promise.all(copies.map((copy) => copy.close()));
  throw failed.reason;
}

/** CPUs of this box, as it numbers them. */
function allowedCpus(): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(read('/proc/self/status'))?.[1];
  // A user-space kernel may show no list: its CPUs are numbered from 0.
  if (list === undefined) return Array.from({ length: availableParallelism() }, (_, cpu) => cpu);
  return list.split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });
}

/** The command line that started this process, which may begin with the image's own loader. */
function ownCommand(root: string): string[] {
  const words = read('/proc/self/cmdline').split('\0').slice(0, -1);
  const started = words.length > 0 ? words : [join(root, NODE_PATH), ...process.argv.slice(1)];
  return started.filter((word) => !word.startsWith(THREADS_ARGUMENT));
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** A request without its envelope. */
function bare<R extends Request>({ v: _v, id: _id, op: _op, ...params }: R): Omit<R, 'v' | 'id' | 'op'> {
  return params;
}
