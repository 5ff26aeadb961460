/** `boxmark clean`: removes what a killed run left on the host, and nothing else. */

import { EXIT } from '../../bench/errors.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import { ENGINES } from '../../runners/index.ts';
import { removeLeftovers } from '../../runners/upkeep/clean-up.ts';
import { findLeftovers } from '../../runners/upkeep/leftovers.ts';
import { stdout } from '../streams.ts';

export async function clean(flags: FlagValues<'clean'>): Promise<number> {
  const found = await findLeftovers(ENGINES);
  const result = flags.dryRun ? undefined : await removeLeftovers(found, ENGINES);
  const failed = result?.failed ?? [];
  if (flags.json) stdout.write(`${JSON.stringify({ found, failed }, null, 2)}\n`);
  else {
    for (const { kind, target, detail } of result?.removed ?? found) {
      stdout.write(`${flags.dryRun ? 'would remove' : 'removed'} ${kind} ${target}  ${detail}\n`);
    }
    for (const { leftover, reason } of failed)
      stdout.write(`could not remove ${leftover.kind} ${leftover.target}: ${reason}\n`);
    if (found.length === 0) stdout.write('nothing was left behind\n');
  }
  return failed.length > 0 ? EXIT.failed : EXIT.ok;
}
