/** What must be the same in sessions whose figures are compared or joined: what they measured, of what, and how much at once. */

import { copiesText } from '../plan/copies.ts';
import { runsWorkloads } from '../plan/cost-plan.ts';
import type { SessionInfo } from './info.ts';

type Described = Pick<SessionInfo, 'plan' | 'rates'>;

/** `size small, reference kernels, baseline native`; of other kinds of measurement, which one and at which numbers comes first. */
export function designText({ plan, rates }: Described): string {
  const { measure, size, kernels, baseline } = plan;
  const copies = copiesText(plan);
  return [
    ...(measure === undefined ? [] : [measureText({ plan, ...(rates === undefined ? {} : { rates }) })]),
    ...(measure === undefined || runsWorkloads(measure) ? [`size ${size}`, `${kernels} kernels`] : []),
    `baseline ${baseline}`,
    ...(copies === '' ? [] : [copies]),
  ].join(', ');
}

/** `footprint of 1, 2, 4, 8 instances`; empty where workloads were measured. */
export function measureText({ plan, rates = {} }: Described): string {
  const { measure, instances, storms, windowNs, aggressors, limits } = plan;
  if (measure === undefined) return '';
  const found = plan.rates ?? [...new Set(Object.values(rates).flat())];
  const cpus = limits.cpus.length;
  const parts = [
    ...(instances === undefined ? [] : [`${instances.join(', ')} instances`]),
    ...(storms === undefined ? [] : [`storms of ${storms.join(', ')}`]),
    ...(measure === 'load' && found.length > 0 ? [`${found.join(', ')} requests a second`] : []),
    ...(windowNs === undefined ? [] : [`windows of ${windowNs / 1e6} ms`]),
    ...(aggressors === undefined ? [] : [`neighbours ${aggressors.join(', ')}`]),
    // A start and an idle box use one; what works at once shares them.
    ...(measure === 'startup' || measure === 'footprint' ? [] : [cpus === 1 ? '1 CPU' : `${cpus} CPUs`]),
  ];
  return parts.length === 0 ? measure : `${measure} of ${parts.join(', ')}`;
}
