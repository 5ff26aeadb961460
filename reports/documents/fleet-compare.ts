/** Two fleets: what changed on the hosts that both have. */

import type { ChangeModel } from '../model/fleet-change.ts';
import {
  changedFigures,
  changeGroups,
  changeNotes,
  changeOutliers,
  undecidedChanges,
  unmatchedHosts,
} from '../sections/fleet-change.ts';
import { name } from '../sections/section.ts';
import { clean } from '../text.ts';
import { count, percent } from '../words.ts';
import type { Document } from './document.ts';

/** What all figures of a comparison lead to. */
export type FleetGate = 'regressed' | 'passed' | 'no verdict';

const MOST_NAMED = 6;

export function fleetCompareDocument(model: ChangeModel, gate: FleetGate): Document {
  const { program, margin, before, after, hosts } = model;
  return {
    kind: 'Boxmark fleet comparison',
    about: [
      `boxmark ${clean(program, 20)} · fleet compare · ${count(hosts.length, 'host')} of both · margin ±${percent(margin)}`,
      ['before: ', name(before, 120)],
      ['after: ', name(after, 120)],
    ],
    answer: answerOf(model, gate),
    mark: { regressed: '❌', passed: '✅', 'no verdict': '❔' }[gate],
    sections: [
      changedFigures(model),
      undecidedChanges(model),
      changeOutliers(model),
      changeGroups(model),
      unmatchedHosts(model),
      changeNotes(model),
    ],
  };
}

function answerOf({ lines, hosts }: ChangeModel, gate: FleetGate): string {
  if (hosts.length === 0) return 'NO VERDICT: the fleets have no host in common that ran the same plan.';
  if (lines.length === 0) return 'NO VERDICT: the hosts of both have no figure in common.';
  const of = (verdict: string) => lines.filter((line) => line.verdict === verdict);
  const total = `${count(lines.length, 'figure')} over ${count(hosts.length, 'host')}`;
  const others = ['improved', 'unchanged', 'no verdict']
    .filter((verdict) => of(verdict).length > 0)
    .map((verdict) => `${of(verdict).length} ${verdict === 'no verdict' ? 'without a verdict' : verdict}`)
    .join(', ');
  if (gate === 'regressed') {
    const regressed = of('regressed');
    const named = regressed
      .slice(0, MOST_NAMED)
      .map(({ env, workload }) => `${clean(env, 60)} on ${clean(workload, 40)}`);
    const more = regressed.length > MOST_NAMED ? ` and ${regressed.length - MOST_NAMED} more` : '';
    return `REGRESSED: ${regressed.length} of ${total}: ${named.join(', ')}${more}${others === '' ? '' : `; ${others}`}.`;
  }
  if (gate === 'no verdict') return `NO VERDICT, which is no pass: no regression shown among ${total}: ${others}.`;
  return `No regression among ${total}: ${others}.`;
}
