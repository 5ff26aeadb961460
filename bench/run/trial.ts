/** Users' programs tried on the baseline before anything is planned: do they run, for how long, and do they print the same? */

import { knownRemedy } from '../box/known-faults.ts';
import { BoxmarkError } from '../errors.ts';
import type { BodyOf } from '../payload/protocol.ts';
import { writtenCommand } from '../plan/exec.ts';
import type { Trial } from '../plan/pace.ts';
import type { CommandWorkload, Environment, Plan } from '../types.ts';
import { BoxFault } from './client.ts';
import { Resident, type StartScope } from './resident.ts';

/** Throws `BoxmarkError` when a program can't be run, or fails: it would fail in every box. */
export async function tryCommands(
  environment: Environment,
  plan: Plan,
  scope: Omit<StartScope, 'plan'>,
): Promise<Trial[]> {
  const { commands = [] } = plan;
  try {
    const start = { box: plan.baseline, startId: 'trial', position: 0, digests: false, environment };
    const resident = await Resident.start({ ...scope, plan: { ...plan, commands: commands.map(asUnknown) } }, start);
    try {
      const tried = resident.prepared.map(trialOf);
      assertSame(commands, tried, plan.baseline);
      return tried;
    } finally {
      await resident.close();
    }
  } catch (error) {
    if (!(error instanceof BoxFault)) throw error;
    const isSlow = error.status === 'timed-out';
    const reason = error.message.replace(/^the payload refused "prepare": /, '');
    throw new BoxmarkError({
      what: isSlow
        ? `The trial on ${plan.baseline} took longer than ${plan.timeoutMs / 1000} s for a few runs.`
        : `The trial on ${plan.baseline} failed: ${reason.replace(/\.$/, '')}.`,
      value: (plan.commands ?? []).map(writtenCommand).join('; '),
      // Some programs wait for a terminal for ever, or end without a word when there is none.
      remedy: isSlow
        ? '--timeout 10m, or less work for a run; a program that waits for a terminal never ends: boxes have none'
        : (knownRemedy(error.message) ??
          'run it by hand as boxes do, without a terminal (</dev/null | cat); what else it needs goes into them by --with'),
      cause: error,
    });
  }
}

/** Does it print the same each time? Also where the user says that it must. */
function asUnknown({ expect, ...command }: CommandWorkload): CommandWorkload {
  return expect === 'any' ? { ...command, expect } : command;
}

function assertSame(commands: readonly CommandWorkload[], tried: readonly Trial[], baseline: string): void {
  const varied = commands.find(
    ({ id, expect }) => expect === 'same-output' && tried.some((one) => one.id === id && one.output === 'varied'),
  );
  if (varied === undefined) return;
  throw new BoxmarkError({
    what: `${varied.id} prints something else in each run on ${baseline}, and is expected to print the same.`,
    value: 'same-output',
    remedy: '--expect any',
  });
}

function trialOf(prepared: BodyOf<'prepare'>['workloads'][number]): Trial {
  const { id, first, output = 'same', runNs = 0, startNs } = prepared;
  return { id, output, checksum: first, runNs, ...(startNs === undefined ? {} : { startNs }) };
}
