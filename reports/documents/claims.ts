/** Published claims, checked against a session. */

import type { ClaimResult } from '../../bench/analysis/claims/judge.ts';
import {
  claimReasons,
  claimsNotApplicable,
  historicalClaims,
  judgedClaims,
  summarySentence,
} from '../sections/claims.ts';
import { name } from '../sections/section.ts';
import { clean } from '../text.ts';
import { count } from '../words.ts';
import type { Document } from './document.ts';

export interface CheckedClaims {
  readonly session: string;
  readonly blocks: number;
  /** Of the session; null while it has no manifest. */
  readonly seal: string | null;
  /** Of the claims file. */
  readonly title: string;
  readonly results: readonly ClaimResult[];
}

export function claimsDocument({ session, blocks, seal, title, results }: CheckedClaims): Document {
  return {
    kind: 'Boxmark claims',
    about: [[`${clean(title, 120)}, on `, name(session, 60), ` (${count(blocks, 'block')})`]],
    answer: summarySentence(results),
    sections: [judgedClaims(results), claimReasons(results), historicalClaims(results), claimsNotApplicable(results)],
    seal,
  };
}
