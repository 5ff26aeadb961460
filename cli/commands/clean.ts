/** `boxmark clean`: removes what a killed run left on the host, and nothing else. */

import { EXIT } from '../../bench/errors.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import { removeLeftovers } from '../../runners/host/clean-up.ts';
import { findLeftovers } from '../../runners/host/leftovers.ts';

export async function clean(flags: FlagValues<'clean'>): Promise<number> {
  const found = await findLeftovers();
  const result = flags.dryRun ? undefined : await removeLeftovers(found);
  const failed = result?.failed ?? [];
  if (flags.json) process.stdout.write(`${JSON.stringify({ found, failed }, null, 2)}\n`);
  else {
    for (const { kind, target, detail } of result?.removed ?? found) {
      process.stdout.write(`${flags.dryRun ? 'would remove' : 'removed'} ${kind} ${target}  ${detail}\n`);
    }
    for (const { leftover, reason } of failed)
      process.stdout.write(`could not remove ${leftover.kind} ${leftover.target}: ${reason}\n`);
    if (found.length === 0) process.stdout.write('nothing was left behind\n');
  }
  return failed.length > 0 ? EXIT.failed : EXIT.ok;
}
