/** Noisy neighbour: a victim works while a box of the same environment wears out what both share; what each kind of box protects from. */

import { neighbourRatios } from '../analysis/capacity/neighbour.ts';
import { aggressorWorkloads, copiesOf, planOfAll, planOfBox } from '../plan/aggressors.ts';
import { commandOf, runOf } from '../plan/commands.ts';
import { boxesOf } from '../plan/schedule.ts';
import { calibrated, calibratedFor } from '../run/baseline.ts';
import {
  type BlockResult,
  type BlockScope,
  countedOf,
  type Kind,
  type KindRun,
  type SessionScope,
  startedIn,
  type TimeGuess,
} from '../run/kind.ts';
import { WARM_BURSTS, warmNsOf } from '../run/warm-up.ts';
import { type OpenLedger, openLedger } from '../run/watch/ledger.ts';
import type { SessionInfo } from '../session/info.ts';
import type { Plan } from '../types.ts';
import { count } from '../units.ts';
import { workloadLines } from './describe.ts';
import { NeighbourBlock } from './neighbour/block.ts';

/** What a pair takes beside its two visits: the neighbour begins earlier and ends later, s. */
const PAIR_SECONDS = 0.2;

export const neighbour: Kind = {
  name: 'neighbour',
  hasTarget: false,
  estimate,
  describe,
  open: (session) => new NeighbourRun(session),
  counted: countedOf,
  conclude: () => ({ contrasts: [], events: [] }),
  ratios: (records) => neighbourRatios(countedOf(records).neighbour, records.plan),
  measured: startedIn,
};

function estimate(plan: Plan, guess: TimeGuess, blocks: number): number {
  const { aggressors = [], rounds, windowNs = 0 } = plan;
  const cpus = plan.limits.cpus.length;
  const run = runOf(plan);
  const turns = aggressors.reduce((sum, name) => sum + Math.ceil(copiesOf(name, plan) / cpus), 1);
  // A visit ends with a burst, and a program may run for longer than the visit should take.
  const visitNs = run.reduce((sum, id) => sum + Math.max(windowNs, commandOf(plan, id)?.runNs ?? 0), 0);
  const pairSeconds = (2 * visitNs) / 1e9 + run.length * PAIR_SECONDS;
  return boxesOf(plan).reduce((sum, box) => {
    const { startSeconds, factor } = guess(box);
    const warmSeconds = ((warmNsOf(plan) + aggressors.length * WARM_BURSTS * plan.burstNs) * factor) / 1e9;
    return sum + blocks * (turns * startSeconds + warmSeconds + rounds * aggressors.length * pairSeconds);
  }, 0);
}

function describe(plan: Plan): string[] {
  const { maxBlocks, aggressors = [], windowNs = 0, rounds } = plan;
  return [
    'measures      a victim beside a neighbour',
    ...workloadLines(plan),
    `neighbours    ${aggressors.map((name) => neighbourText(name, plan)).join(', ')}`,
    `design        ${count(maxBlocks, 'block')} of ${count(rounds, 'pair')} with each neighbour, visits of ${windowNs / 1e6} ms with and without it, in random order`,
  ];
}

function neighbourText(name: NonNullable<Plan['aggressors']>[number], plan: Plan): string {
  const copies = copiesOf(name, plan);
  return copies === 1 ? name : `${copies} × ${name}`;
}

class NeighbourRun implements KindRun {
  readonly #session: SessionScope;
  readonly #opened: OpenLedger;

  constructor(session: SessionScope) {
    this.#session = session;
    this.#opened = openLedger({ ...session, plan: planOfAll(session.plan) });
  }

  /** The work of victims and of neighbours, so that neighbours are asked for the same bursts everywhere. */
  async prepare(): Promise<Partial<SessionInfo> | undefined> {
    const { plan } = this.#session;
    const own = await calibrated(this.#session);
    if (own?.work === undefined) return undefined;
    const further = aggressorWorkloads(plan).filter((id) => own.work?.[id] === undefined);
    const work = further.length === 0 ? {} : await calibratedFor(this.#session, planOfBox(plan, further));
    return { work: { ...work, ...own.work } };
  }

  runBlock(block: BlockScope): Promise<BlockResult> {
    // How long a box is silent depends on who else works: earlier answers promise nothing.
    const { patience: _, ...scope } = block;
    return new NeighbourBlock(scope, { work: this.#session.info().work, ledger: this.#opened.ledger }).run();
  }

  close(): Promise<void> {
    return this.#opened.close();
  }
}
