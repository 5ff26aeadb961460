/** The summary document that `--json` prints: one JSON value with a schema version. */

import type { ReportModel } from '../model/model.ts';
import { answerOf, controlSentence } from '../sections/answer.ts';
import { sessionNotes } from '../sections/notes.ts';
import { needsOf } from '../sections/verdicts.ts';
import { each, type Format } from './format.ts';

/** Raised when a field changes its meaning or goes; new fields don't raise it. */
const SUMMARY_SCHEMA = 1;

/** Characters that JSON allows inside strings but that a terminal would act on, or that reorder a line. */
const UNSAFE = /[\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** The document, indented, with a line end. Figures that could not be computed are null. */
export function summaryText(model: ReportModel): string {
  const { session, control, environments } = model;
  const { plan, environments: _described, ...about } = session;
  const summary = {
    schema: SUMMARY_SCHEMA,
    session: { ...about, blocks: model.blocks, bursts: model.bursts },
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
    posture: model.costs.posture,
    failures: model.failures,
    unavailable: model.unavailable,
    events: model.events,
  };
  return jsonText(summary);
}

/** A document as text that is safe to print, indented, with a line end. */
export function jsonText(document: object): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `${JSON.stringify(document, null, 2).replace(UNSAFE, escaped)}\n`;
}

export const json: Format = {
  name: 'json',
  extension: 'json',
  summary: 'Summary for programs, with a schema version',
  audience: 'people',
  many: false,
  files: each('summary.json', ({ model }) => summaryText(model)),
};
