/** Pages that say what a gate can find: their tables come from the code. */

import { it } from 'vitest';
import { foundShare, type GateDesign, unchangedShare } from '../../bench/analysis/gate-power.ts';
import { percent } from '../../reports/words.ts';
import { expectPart, table } from './generated.ts';

const whole = (share: number) => percent(Number(share.toFixed(2)));

it('docs/compare.md has the power of the gate over stored sessions', async () => {
  const changes = [0.02, 0.03, 0.05, 0.1];
  const rows = [0.005, 0.01, 0.02, 0.03].flatMap((scatterLog) =>
    [5, 8, 12, 20].map((baselineSessions) => {
      const design: GateDesign = { baselineSessions, candidateSessions: 1, figures: 18, scatterLog, margin: 0.02 };
      const found = changes.map((change) => whole(foundShare(design, Math.log1p(change))));
      return [percent(scatterLog), String(baselineSessions), ...found, whole(unchangedShare(design))];
    }),
  );
  const head = [
    ...['sessions scatter by', 'baseline sessions'],
    ...changes.map((change) => `${percent(change)} is found in`),
    'no change is called unchanged in',
  ];
  await expectPart('docs/compare.md', 'gate-power', table(head, rows));
});
