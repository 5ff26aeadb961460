/** One run measures on a host at a time: what happens when there is another one. */

import { BoxmarkError, EXIT } from '../../bench/errors.ts';
import type { Limits } from '../../bench/types.ts';
import { formatCpuList, formatSpan } from '../../bench/units.ts';
import { clean } from '../../reports/text.ts';
import { type Measurer, takeHostLock, takeHostLockLater } from '../../runners/host/host-lock.ts';
import { userName } from '../../runners/host/ownership.ts';
import type { Progress } from '../terminal/progress.ts';
import { recordedCall } from './recorded-call.ts';

/** What the user said about other runs on this host. */
export interface HostClaim {
  /** How long to wait for another run to end, ns. */
  readonly wait?: number | undefined;
  readonly allowOtherRuns?: boolean | undefined;
}

export interface ClaimedHost {
  /** Set when another run measures here and the user allows that. */
  readonly otherRun?: string;
  release(): Promise<void>;
}

/** Unlike other refusals it is no property of the plan: nothing else may be done instead. */
export class HostInUse extends BoxmarkError {}

/** Throws a usage error that names the other run, unless it ends in time or is allowed. */
export async function claimHost(
  { wait = 0, allowOtherRuns = false }: HostClaim,
  { cpus }: Limits,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: Pick<Progress, 'say'> },
): Promise<ClaimedHost> {
  const self: Measurer = {
    pid: process.pid,
    user: userName(),
    startedAt: new Date().toISOString(),
    cpus: [...cpus],
    command: recordedCall().slice(0, 300),
  };
  const onWait = (holder: Measurer | null) => {
    progress.say(`waiting up to ${formatSpan(wait / 1e9)} for ${nameOf(holder)} to end`);
  };
  const taken = await takeHostLock({ self, waitMs: allowOtherRuns ? 0 : wait / 1e6, signal, onWait });
  if ('lock' in taken) return taken.lock;
  const otherRun = nameOf(taken.holder);
  if (allowOtherRuns) return { otherRun, ...takeHostLockLater(self) };
  throw new HostInUse(
    {
      what: 'Another run measures on this host; the ratios of both would include it.',
      value: otherRun,
      remedy: 'wait for it with --wait 1h, or accept it with --allow-other-runs',
    },
    EXIT.usage,
  );
}

/** What it says of itself may come from any user of the host. */
function nameOf(holder: Measurer | null): string {
  if (holder === null) return 'a process that does not name itself';
  const { pid, user, startedAt, cpus, command } = holder;
  return clean(`process ${pid} of ${user} on CPU ${formatCpuList(cpus)} since ${startedAt}: ${command}`, 400);
}
