/** `boxmark clean`: removes what a killed run left on the host, and nothing else. */

import { EXIT } from '../../bench/errors.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import { ENGINES } from '../../runners/index.ts';
import { removeLeftovers } from '../../runners/upkeep/clean-up.ts';
import { findLeftovers } from '../../runners/upkeep/leftovers.ts';
import { conclude } from '../conclude.ts';

export async function clean(flags: FlagValues<'clean'>): Promise<number> {
  const found = await findLeftovers(ENGINES);
  const result = flags.dryRun ? undefined : await removeLeftovers(found, ENGINES);
  const failed = result?.failed ?? [];
  const lines = () => [
    ...(result?.removed ?? found).map(
      ({ kind, target, detail }) => `${flags.dryRun ? 'would remove' : 'removed'} ${kind} ${target}  ${detail}`,
    ),
    ...failed.map(({ leftover, reason }) => `could not remove ${leftover.kind} ${leftover.target}: ${reason}`),
    ...(found.length === 0 ? ['nothing was left behind'] : []),
  ];
  return conclude(
    { json: flags.json, document: () => ({ found, failed }), text: () => `${lines().join('\n')}\n` },
    failed.length > 0 ? EXIT.failed : EXIT.ok,
  );
}
