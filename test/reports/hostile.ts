/** A session in which every text that comes from outside is the same one. */

import { NO_TRAITS, type Plan } from '../../bench/types.ts';
import type { ModelInput } from '../../reports/model/model.ts';
import { simulateSamples, testPlan, testStart } from '../bench/analysis/simulate.ts';
import { fixtureInput } from './fixture.ts';

/** A plan as a file may hold it: no value is of its type. */
export function hostilePlan(plan: Plan, text: string): Plan {
  const names = ['seed', 'profile', 'size', 'kernels', 'schedule', 'rounds', 'pilotBursts', 'minBlocks', 'maxBlocks'];
  return { ...plan, ...Object.fromEntries(names.map((name) => [name, text])) };
}

export function hostileInput(text: string): ModelInput {
  const base = fixtureInput();
  const path = `x${text}`;
  const environments = [{ path: 'native' }, { path, alias: text }];
  const plan = testPlan({ environments, blocks: 2, rounds: 4, workloads: ['fft', `w${text}`] });
  return {
    session: {
      ...base.session,
      id: text,
      program: text,
      command: text,
      host: text,
      stopReason: text,
      startedAt: text,
      plan: hostilePlan(plan, text),
      environments: [
        {
          path,
          labels: [text, `emulated ${text}`],
          traits: { ...NO_TRAITS, emulated: true },
          versions: { [text]: text },
        },
      ],
    },
    samples: [...simulateSamples(plan, { seed: 1 })].map((row) => ({ ...row, ok: row.round !== 1 })),
    starts: [testStart({ env: path, status: 'failed', reason: text }), testStart({ env: path })],
    events: [{ at: text, kind: 'later', of: text }],
    unavailable: [{ path: text, alias: text, reason: text, remedy: text }],
    record: () => ({
      host: {
        name: text,
        fingerprint: text,
        hardware: { [text]: text, list: [text, { deep: text }] },
        stack: { [text]: { [text]: text } },
      },
      image: { digest: text, node: text, payload: text },
      work: { [text]: 1 },
      warmup: null,
      environments: [
        { path: 'native', facts: { [text]: 'one' } },
        {
          path,
          facts: { [text]: text },
          inequalities: [{ fact: text, label: text, baseline: 'one', env: text, avoidable: true, why: text }],
        },
      ],
      resumed: [{ at: text, program: text, blocksKept: 1 }],
      rows: [],
    }),
  };
}
