/** `boxmark plan-hosts`: how many instances a host takes, and how many hosts so many need, by a stored session. */

import { usageError } from '../../bench/errors.ts';
import { kindOf, recordsOf } from '../../bench/kinds/index.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import { loadSession } from '../../bench/session/load.ts';
import { conclude, jsonFormOf } from '../conclude.ts';
import { withSession } from '../pack/open.ts';
import { answerFor, questionOf } from '../session/host-plan.ts';

export function planHosts(flags: FlagValues<'plan-hosts'>, session = ''): Promise<number> {
  const question = questionOf(flags);
  return withSession(session, async ({ dir }) => {
    const loaded = await loadSession(dir);
    const counted = kindOf(loaded.info.plan).counted(recordsOf(loaded));
    if (counted.scale.length === 0) {
      throw usageError(
        'This session has no instances that work at once, which capacity follows from.',
        dir,
        'a session of boxmark capacity, or of boxmark run --measure scale',
      );
    }
    return conclude({ json: jsonFormOf(flags), ...answerFor({ ...counted, info: loaded.info }, question) });
  });
}
