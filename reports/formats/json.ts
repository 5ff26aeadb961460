/** The summary document that `--json` prints: one JSON value with a schema version. */

import type { ReportModel } from '../model/model.ts';
import { answerOf, controlSentence } from '../sections/answer.ts';
import { sessionNotes } from '../sections/notes.ts';
import { needsOf } from '../sections/verdicts.ts';
import { each, type Format } from './format.ts';
import { jsonText } from './json-text.ts';

/** Raised when a field changes its meaning or goes; new fields don't raise it. */
const SUMMARY_SCHEMA = 1;

/** The document, indented, with a line end. Figures that could not be computed are null. */
export function summaryText(model: ReportModel): string {
  const { session, control, environments } = model;
  const { plan, environments: _described, ...about } = session;
  const summary = {
    schema: SUMMARY_SCHEMA,
    session: { ...about, blocks: model.blocks, bursts: model.bursts },
    integrity: model.integrity,
    answer: answerOf(model),
    control: { env: control.env, sentence: controlSentence(model), contrasts: control.rows },
    trust: model.trust,
    open: model.open === null ? null : { ...model.open, ...needsOf(model) },
    unequal: model.unequal,
    hostTimed: model.hostTimed,
    notes: sessionNotes(model),
    plan,
    environments: environments.map(({ path, role, alias, labels, traits, versions, summary, wallOverCpu }) => ({
      env: path,
      role,
      alias,
      labels,
      traits,
      versions,
      compositeMflops: summary.compositeMflops,
      wallOverCpu,
      workloads: summary.workloads,
    })),
    contrasts: model.contrasts,
    starts: environments.flatMap(({ startup }) => (startup === null ? [] : [startup])),
    startup: model.costs.startup,
    footprint: model.costs.footprint,
    scale: model.costs.scale,
    laws: model.costs.laws.map(({ law: { spread: _, ...law }, ...about }) => ({ ...about, ...law })),
    density: model.costs.density,
    storm: model.costs.storm,
    load: model.costs.load,
    neighbour: model.costs.neighbour,
    posture: model.costs.posture,
    failures: model.failures,
    unavailable: model.unavailable,
    events: model.events,
  };
  return jsonText(summary);
}

export const json: Format = {
  name: 'json',
  extension: 'json',
  summary: 'Summary for programs, with a schema version',
  audience: 'people',
  many: false,
  files: each('summary.json', ({ model }) => summaryText(model)),
};
