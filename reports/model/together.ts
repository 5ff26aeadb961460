/** Several sessions by the figures that they share: only ratios of the same figure to the same baseline are comparable. */

import type { ContrastRow } from '../../bench/analysis/contrast/ratio.ts';
import { grouped } from '../../bench/grouped.ts';
import { copiesText } from '../../bench/plan/copies.ts';
import { hasSuite, nameAmongOthers, SUITE } from '../../bench/plan/suite.ts';
import { clean } from '../text.ts';
import { leadWorkload } from './headline.ts';
import type { ReportModel } from './model.ts';

/** A session with its rows of one figure. */
export interface Member {
  readonly model: ReportModel;
  /** Among all sessions. */
  readonly index: number;
  /** Against the baseline, then the control's. */
  readonly rows: readonly ContrastRow[];
}

export interface SharedFigure {
  /** The workload, or the suite by its workloads, and the conditions where sessions differ in them. */
  readonly name: string;
  readonly baseline: string;
  /** In the order of the sessions. */
  readonly members: readonly Member[];
  /** Paths of all members, in the order in which they are first met; the control last. */
  readonly paths: readonly string[];
}

/** The figure that represents each session. */
export function leadFigures(models: readonly ReportModel[]): SharedFigure[] {
  return sharedFigures(models, (model) => [leadWorkload(model)]);
}

/** Every other figure that at least two of them have. */
export function otherFigures(models: readonly ReportModel[]): SharedFigure[] {
  const leads = new Set(leadFigures(models).map(keyOf));
  const all = sharedFigures(models, ({ session: { plan } }) => [...plan.workloads, ...(hasSuite(plan) ? [SUITE] : [])]);
  return all.filter((figure) => figure.members.length > 1 && !leads.has(keyOf(figure)));
}

function keyOf({ name, baseline }: SharedFigure): string {
  return JSON.stringify([name, baseline]);
}

function sharedFigures(models: readonly ReportModel[], wanted: (model: ReportModel) => string[]): SharedFigure[] {
  const conditions = conditionsOf(models);
  const entries = models.flatMap((model, index) =>
    wanted(model).flatMap((workload) => {
      const { plan } = model.session;
      const rows = [
        ...model.contrasts.filter((row) => row.workload === workload && row.baseline === plan.baseline),
        ...model.control.rows.filter((row) => row.workload === workload),
      ];
      const name = [clean(nameAmongOthers(workload, plan), 200), ...conditions(model)].join(', ');
      return rows.length === 0 ? [] : [{ name, baseline: plan.baseline, member: { model, index, rows } }];
    }),
  );
  return grouped(entries, ({ name, baseline }) => [name, baseline]).map((same) => {
    const [{ name, baseline }] = same as [(typeof same)[number]];
    const members = same.map(({ member }) => member);
    return { name, baseline, members, paths: pathsOf(members) };
  });
}

/** A large kernel is another workload than a small one, and so is one of another engine. */
function conditionsOf(models: readonly ReportModel[]): (model: ReportModel) => string[] {
  const differ = (of: (model: ReportModel) => string) => new Set(models.map(of)).size > 1;
  const sizes = differ(({ session }) => session.plan.size);
  const kernels = differ(({ session }) => session.plan.kernels);
  const threads = differ(({ session }) => copiesText(session.plan));
  return ({ session: { plan } }) => [
    ...(sizes ? [`size ${clean(plan.size, 20)}`] : []),
    ...(kernels ? [`${clean(plan.kernels, 20)} kernels`] : []),
    ...(threads ? [clean(copiesText(plan) || '1 thread', 200)] : []),
  ];
}

function pathsOf(members: readonly Member[]): string[] {
  const isControl = ({ model }: Member, path: string) => path === model.control.env;
  const all = members.flatMap((member) => member.rows.map(({ env }) => ({ env, control: isControl(member, env) })));
  const of = (control: boolean) => all.filter((one) => one.control === control).map(({ env }) => env);
  return [...new Set([...of(false), ...of(true)])];
}

/** As the host calls itself; else what is known of its hardware. */
export function hostName({ details, session }: ReportModel, limit: number): string {
  return clean(details.record?.host.name ?? session.host, limit);
}
