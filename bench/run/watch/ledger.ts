/** The state that each workload must be in after so many passes: boxes must agree with each other, and with a replay. */

import { NOTHING_COMPARED } from '../../payload/protocol.ts';
import { commandOf } from '../../plan/commands.ts';
import { suiteOf } from '../../plan/suite.ts';
import type { Environment, KernelEngine, Plan, Started } from '../../types.ts';
import { connect, type PayloadClient } from '../client.ts';
import type { SessionScope } from '../kind.ts';

/**
 * Replays every plan: all engines give the same bits, so the right state does not depend on how it is computed, and that of
 * another engine shows a fault that the measured one has in every box. A processor without vectors takes the plan's own.
 */
const FASTEST: KernelEngine = 'wasm';

/** Computes checksums afresh, outside all timing; ascending pass counts. */
export type Replay = (workload: string, passes: readonly number[]) => Promise<readonly string[]>;

/** A ledger for a whole session: the sequence of passes is the same in every block. */
export class Ledger {
  readonly #replay: Replay;
  readonly #seen = new Map<string, string>();
  readonly #verified = new Map<string, string>();

  constructor(replay: Replay) {
    this.#replay = replay;
  }

  /** True when no box has reported another state for this pass count. The first report is the reference. */
  agrees(workload: string, passes: number, checksum: string): boolean {
    const key = keyOf(workload, passes);
    const known = this.#verified.get(key) ?? this.#seen.get(key);
    if (known === undefined) this.#seen.set(key, checksum);
    return known === undefined || known === checksum;
  }

  /** The states by replay, each pass count computed once. In the order asked. */
  async expected(workload: string, passes: readonly number[]): Promise<readonly string[]> {
    const open = [...new Set(passes)]
      .filter((count) => !this.#verified.has(keyOf(workload, count)))
      .sort((a, b) => a - b);
    const checksums = open.length === 0 ? [] : await this.#replay(workload, open);
    for (const [index, count] of open.entries()) this.#verified.set(keyOf(workload, count), checksums[index] ?? '');
    return passes.map((count) => this.#verified.get(keyOf(workload, count)) ?? '');
  }
}

function keyOf(workload: string, passes: number): string {
  return `${workload} ${passes}`;
}

/** A ledger whose replays run in a process that must be closed. */
export interface OpenLedger {
  readonly ledger: Ledger;
  close(): Promise<void>;
}

/** The ledger of a session; nothing is started before a state is replayed. Replays are of the workloads of `plan`. */
export function openLedger({ verifier, plan, signal }: Pick<SessionScope, 'verifier' | 'plan' | 'signal'>): OpenLedger {
  const replayer = new Verifier(verifier, plan, signal);
  return {
    ledger: new Ledger((workload, passes) => replayer.replay(workload, passes)),
    close: () => replayer.close(),
  };
}

/** The process that computes states again, outside all timing: started when it is first asked, kept for the session. */
class Verifier {
  readonly #environment: Environment;
  readonly #plan: Plan;
  readonly #signal: AbortSignal;
  #opened: Promise<{ started: Started; client: PayloadClient }> | undefined;

  /** `environment` is where it runs: on the CPUs that nothing is measured on. */
  constructor(environment: Environment, plan: Plan, signal: AbortSignal) {
    this.#environment = environment;
    this.#plan = plan;
    this.#signal = signal;
  }

  async replay(workload: string, passes: readonly number[]): Promise<readonly string[]> {
    const command = commandOf(this.#plan, workload);
    // What a program prints is known from its trial, and is the same after any number of runs.
    if (command !== undefined) return passes.map(() => command.output ?? NOTHING_COMPARED);
    this.#opened ??= this.#open();
    const { client } = await this.#opened;
    const { size } = this.#plan;
    return (await client.request('replay', { size, workload, passes: [...passes] }, this.#limitMs)).body.checksums;
  }

  async close(): Promise<void> {
    const it = await this.#opened?.catch(() => undefined);
    await it?.started.close();
  }

  async #open(): Promise<{ started: Started; client: PayloadClient }> {
    const { size, kernels } = this.#plan;
    const started = await this.#environment.start('verifier', this.#signal);
    const client = await connect(started.process, this.#limitMs, this.#signal);
    // Only kernels need memory to be computed; the answers of the system follow from the number of passes.
    const prepare = (engine: KernelEngine) =>
      client.request('prepare', { size, kernels: engine, workloads: [...suiteOf(this.#plan)] }, this.#limitMs);
    await prepare(FASTEST).catch((fault) => {
      if (kernels === FASTEST || this.#signal.aborted) throw fault;
      return prepare(kernels);
    });
    return { started, client };
  }

  get #limitMs(): number {
    return this.#plan.timeoutMs * 10;
  }
}
