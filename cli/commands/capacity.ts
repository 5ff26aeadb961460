/** `boxmark capacity`: measures what a host takes, and answers in a sentence. */

import type { FlagValues } from '../../bench/plan/read-flags.ts';
import { concludeSession } from '../session/conclude-session.ts';
import { answerFor, questionOf } from '../session/host-plan.ts';
import { exitCodeOf } from '../session/run-result.ts';
import { measured } from './run.ts';

export function capacity(flags: FlagValues<'capacity'>, ...operands: string[]): Promise<number> {
  const question = questionOf(flags);
  return measured({ ...flags, measure: 'capacity' }, operands, (outcome, rig, end) => {
    const { json, dir, sign } = end;
    return concludeSession(outcome, answerFor(outcome, question), {
      ...{ json, dir, sign },
      code: () => exitCodeOf(outcome, rig, end),
    });
  });
}
