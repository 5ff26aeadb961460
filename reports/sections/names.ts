/** Environments and pairs of them, as sections call them. */

import type { ContrastRow } from '../../bench/analysis/contrast/ratio.ts';
import type { EnvironmentModel, ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { type Inline, name, type RichCell, type Text } from './section.ts';

interface Named {
  readonly path: string;
  readonly alias?: string | null;
}

/** `docker (container)`: the path and the alias it was asked for by. */
export function environmentName({ path, alias }: Named): Text {
  return alias ? [name(path), ` (${clean(alias, 40)})`] : name(path);
}

/** With the labels that belong beside every result. */
export function environmentCell({ role, labels, ...environment }: EnvironmentModel): RichCell {
  const note = [...(role === 'baseline' ? [role] : []), ...labels.map((label) => clean(label, 60))].filter(Boolean);
  return { show: environmentName(environment), ...(note.length === 0 ? {} : { note: note.join(' · ') }) };
}

/** The same, with the workload before the labels; null where there is only one. */
export function onWorkloadCell(environment: EnvironmentModel, workload: string | null): RichCell {
  const cell = environmentCell(environment);
  if (workload === null) return cell;
  return { ...cell, note: [clean(workload, 40), ...(cell.note === undefined ? [] : [' · ', cell.note as string])] };
}

/** The environment, or both sides of a pair without the baseline. */
export function pairCell(model: ReportModel, row: Pick<ContrastRow, 'env' | 'baseline'>): RichCell {
  if (row.baseline !== model.session.plan.baseline) return { show: pairName(row) };
  const environment = model.environments.find(({ path }) => path === row.env);
  return environment === undefined ? { show: name(row.env) } : environmentCell(environment);
}

export function pairName({ env, baseline }: Pick<ContrastRow, 'env' | 'baseline'>): Inline[] {
  return [name(env), ' against ', name(baseline)];
}

/** More names than this are not listed in a sentence. */
export const MOST_NAMED = 4;

/** `a, b, c, d and 2 more`. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED).map((one) => clean(one, 60));
  return names.length > MOST_NAMED ? `${shown.join(', ')} and ${names.length - MOST_NAMED} more` : shown.join(', ');
}
