/** What sessions of several hosts must have in common: otherwise their ratios are of different things. */

import { canonicalJson } from '../box/machine.ts';
import { DEFAULT_MARGIN } from '../plan/profiles.ts';
import { hasSuite, type SuitePlan } from '../plan/suite.ts';
import type { SessionInfo } from '../session/info.ts';
import type { Plan } from '../types.ts';

/** One object for all sessions that have it. */
export interface Design extends SuitePlan {
  readonly size: string;
  readonly kernels: string;
  /** Copies of a workload that run at once. */
  readonly threads: number;
  readonly baseline: string;
  readonly margin: number;
  /** Version of the rules by which figures are computed. */
  readonly figures: number;
  readonly hasSuite: boolean;
  /** Programs of the user's, and the root that they run in, as JSON; empty without. */
  readonly programs: string;
}

export class Designs {
  readonly #known = new Map<string, Design>();

  of({ plan, figures = 1 }: Pick<SessionInfo, 'plan' | 'figures'>): Design {
    const { size, kernels, threads = 1, baseline, margin = DEFAULT_MARGIN, workloads, suite } = plan;
    const own = { size, kernels, threads, baseline, margin, figures, workloads, programs: programsOf(plan) };
    const key = JSON.stringify([own, suite ?? null]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = { ...own, ...(suite === undefined ? {} : { suite }), hasSuite: hasSuite(plan) };
    this.#known.set(key, made);
    return made;
  }
}

/** What is run; without what a trial found on the host. */
function programsOf({ commands = [], root }: Plan): string {
  if (commands.length === 0) return '';
  const texts = commands.map(({ id, command, shell, env, stdin, files, setup, prepare, metrics }) => ({
    ...{ id, command, shell, env, stdin, files, setup, prepare },
    metrics: metrics?.map((metric) => metric.id),
  }));
  return canonicalJson([texts, root?.digest ?? null]);
}

/** What two designs differ in: `size large, not small`. */
export function designDifference(of: Design, from: Design): string[] {
  const told = (design: Design): Readonly<Record<string, string>> => ({
    baseline: design.baseline,
    size: design.size,
    kernels: design.kernels,
    threads: String(design.threads),
    workloads: design.workloads.join(', '),
    suite: (design.suite ?? design.workloads).join(', '),
    margin: `${Number((design.margin * 100).toPrecision(3))} %`,
    'rules of the figures': String(design.figures),
  });
  const [own, other] = [told(of), told(from)];
  const words = Object.keys(own)
    .filter((key) => own[key] !== other[key])
    .map((key) => `${key} ${own[key]}, not ${other[key]}`);
  // The suite is that of all workloads unless the plan says otherwise.
  const found = words.some((word) => word.startsWith('workloads '))
    ? words.filter((word) => !word.startsWith('suite '))
    : words;
  return of.programs === from.programs ? found : [...found, 'other programs'];
}
