/** What a plan compares where no process of the host itself can be started: the barest container takes the place of `native`. */

import { stringify } from 'yaml';
import { FLEET_PLAN, type Footing } from '../../bench/fleet/info.ts';
import { defaultFor } from '../../bench/plan/read-flags.ts';
import { planContent } from '../session/plan-file.ts';

/** A container that shares the network of its host, and whose system calls nothing filters. */
export const BAREST = 'docker:network=host:seccomp=unconfined';

export interface FootedPlan {
  readonly plan: string;
  /** What is not as it was asked for. */
  readonly note: string | null;
}

/** The plan as this host can measure it. `boxmark run` checks it, as it would without. */
export function onFooting(plan: string, footing: Footing): FootedPlan {
  if (footing === 'host') return { plan, note: null };
  const settings = planContent(plan, FLEET_PLAN) as Record<string, unknown> | null;
  if (settings === null || typeof settings !== 'object') return { plan, note: null };
  const { env = defaultFor('run', 'env'), baseline = defaultFor('run', 'baseline'), contrast } = settings;
  const boxes = Array.isArray(env) ? env : String(env).split(',');
  if (![...boxes, baseline].includes('native')) return { plan, note: null };
  const changed = {
    ...settings,
    env: [...new Set(boxes.map(instead))],
    baseline: instead(baseline),
    ...(contrast === undefined ? {} : { contrast: contrastsOf(contrast) }),
  };
  return {
    plan: stringify(changed),
    note: `no process of the host itself can be started here: ${BAREST} takes the place of native`,
  };
}

function instead(box: unknown): unknown {
  return box === 'native' ? BAREST : box;
}

/** `uml..native,docker..lxc`, or a list of such. */
function contrastsOf(given: unknown): string[] {
  const pairs = Array.isArray(given) ? given : String(given).split(',');
  return pairs.map((pair) => String(pair).split('..').map(instead).join('..'));
}
