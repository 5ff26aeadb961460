/** What a session without long visits says: bounds, what it does not see, and what comes next. */

import { expect, it } from 'vitest';
import { PROFILE_NUMBERS } from '../../bench/plan/profiles.ts';
import { buildModel, type ModelInput, type ReportModel } from '../../reports/model/model.ts';
import { answerOf, controlSentence } from '../../reports/sections/answer.ts';
import { afterGlance, isGlance } from '../../reports/sections/glance.ts';
import { sessionNotes } from '../../reports/sections/notes.ts';
import { planOf, simulateSamples, type TestPlan, type Truth, testPlan } from '../bench/analysis/simulate.ts';
import { terminalOf } from './document.ts';
import { fixtureInput } from './fixture.ts';

const { rounds, minBlocks: blocks, longVisits, pilotBursts } = PROFILE_NUMBERS.glance;
const GLANCE = testPlan({ profile: 'glance', rounds: rounds + 2, blocks, longVisits, pilotBursts });

function model(plan: TestPlan, truth: Partial<Truth> = {}, command = 'boxmark run --profile glance'): ReportModel {
  const base = fixtureInput();
  const input: ModelInput = {
    ...{ ...base, starts: [], events: [], unavailable: [] },
    session: { ...base.session, plan: planOf(plan), command },
    samples: simulateSamples(plan, { seed: 9, start: 0.002, ...truth }),
  };
  return buildModel(input);
}

const flat = (text: string) => text.replace(/\n\s*/g, ' ');

it('a glance answers with bounds, keeps its control, and calls nothing equivalent', () => {
  const glance = model(GLANCE, { start: 0.0005 });
  expect(answerOf(glance)).toMatch(
    /^docker against native \(mean of 2 workloads\): its time is between [+−±][\d.]+ % and [+−±][\d.]+ % \(95 %\), the estimate is [+−±][\d.]+ %; .*a session without long visits can't show equality\.$/,
  );
  expect(controlSentence(glance)).toMatch(/^Control \(a second native\): .* \[.*\]: this session can't resolve/);
  expect(glance.contrasts.length).toBeGreaterThan(2);
  for (const { verdict, judgement } of glance.contrasts) {
    expect(verdict).toBe('inconclusive');
    expect(judgement?.reasons).toContainEqual({ kind: 'no-long-visits' });
    expect(judgement?.more).toBeNull();
  }
  // The same samples in a plan with long visits are equivalent: the rule is what differs.
  const long = model({ ...GLANCE, longVisits: 1 }, { start: 0.0005 });
  expect(long.contrasts.map(({ verdict }) => verdict)).toContain('equivalent');
});

it('a glance names what is past doubt, and has no bounds where one block has no interval', () => {
  expect(answerOf(model(GLANCE, { ratios: { docker: 1.35 } }))).toMatch(
    /^docker is slower than native: it takes (29|3\d)/,
  );
  expect(answerOf(model({ ...GLANCE, blocks: 1 }))).toMatch(/^docker against native is inconclusive: .*, no interval/);
  expect(answerOf(model(GLANCE, { start: 3 }))).toMatch(/3 blocks leave the time anywhere between/);
});

it('a glance says what it does not see, and ends with the profile that does', () => {
  const glance = model(GLANCE);
  expect(sessionNotes(glance).join(' ')).toMatch(
    /3 blocks, fewer than 10.* 86 % .*No long visits, only bursts of about 10 ms/,
  );
  expect(flat(terminalOf(glance)).trimEnd()).toMatch(
    /A glance gives bounds\. The profile quick measures 6 blocks × 30 rounds with 6 long visits, which a verdict needs: boxmark run --profile quick$/,
  );
  const quick = model(testPlan());
  expect(isGlance(quick)).toBe(false);
  expect(`${sessionNotes(quick).join()} ${terminalOf(quick)}`).not.toMatch(/[Gg]lance|No long visits/);
});

it('runs of programs that are longer than a long visit are no glance', () => {
  expect(isGlance(model({ ...GLANCE, singleBursts: true }))).toBe(false);
});

it.each([
  ['boxmark run -e native,docker --profile glance -q', 'boxmark run -e native,docker --profile quick -q'],
  ['boxmark run --profile=glance --seed 7', 'boxmark run --profile quick --seed 7'],
  ['boxmark run --plan look.yaml', 'boxmark run --plan look.yaml --profile quick'],
  ['boxmark run --profile glance -- prog --profile x', 'boxmark run --profile quick -- prog --profile x'],
  ['boxmark run --plan a.yaml -- prog --profile x', 'boxmark run --plan a.yaml --profile quick -- prog --profile x'],
  ['boxmark fleet run --profile glance', 'boxmark run --profile quick'],
])('after %s comes %s', (command, next) => {
  expect(afterGlance(model(GLANCE, {}, command)).command).toBe(next);
});
