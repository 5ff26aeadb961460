/** `boxmark fleet compare`: did the ratios of a fleet change, host by host? The regression gate over hosts. */

import { gateOf } from '../../bench/analysis/regression.ts';
import { EXIT } from '../../bench/errors.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import { fleetCompareDocument } from '../../reports/documents/fleet-compare.ts';
import { fleetChangeJson } from '../../reports/formats/fleet-change-json.ts';
import { markdownText } from '../../reports/formats/markdown.ts';
import { terminalText } from '../../reports/formats/terminal.ts';
import { readChangeModel } from '../../reports/model/fleet-change.ts';
import { conclude } from '../conclude.ts';
import { programVersion } from '../paths.ts';

export function fleetCompare({ by, margin, json }: FlagValues<'fleet compare'>, before = '', after = ''): number {
  const model = readChangeModel(before, after, { program: programVersion(), by, margin });
  const gate = gateOf(model.lines);
  return conclude(
    {
      json,
      document: () => fleetChangeJson(model, gate),
      text: () => terminalText(fleetCompareDocument(model, gate)),
      markdown: () => markdownText(fleetCompareDocument(model, gate)),
    },
    { regressed: EXIT.regression, passed: EXIT.ok, 'no verdict': EXIT.inconclusive }[gate],
  );
}
