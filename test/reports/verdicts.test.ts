/** What a report says of open and untrusted verdicts, of sums, of starts that lie apart, and of what is unequal. */

import { describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../bench/session/events.ts';
import type { Sample } from '../../bench/types.ts';
import { buildModel, type ModelInput, type ReportModel } from '../../reports/model/model.ts';
import { answerOf } from '../../reports/sections/answer.ts';
import { sums } from '../../reports/sections/contrasts.ts';
import { sessionNotes } from '../../reports/sections/notes.ts';
import { distrustLines, needsOf, openVerdicts } from '../../reports/sections/verdicts.ts';
import { displayWidth } from '../../reports/text.ts';
import {
  simulateSamples,
  type TestPlan,
  type Truth,
  testEvent,
  testPlan,
  testStart,
} from '../bench/analysis/simulate.ts';
import { notesOf, rowsOf, terminalOf } from './document.ts';
import { fixtureInput } from './fixture.ts';

function input(plan: TestPlan, truth: Partial<Truth> = {}, changes: Partial<ModelInput> = {}): ModelInput {
  return {
    ...fixtureInput(),
    session: { ...fixtureInput().session, plan, folder: 'results/s1', secondsPerBlock: 20 },
    samples: simulateSamples(plan, { seed: 9, start: 0.002, ...truth }),
    starts: [],
    events: [],
    unavailable: [],
    ...changes,
  };
}

const model = (...args: Parameters<typeof input>) => buildModel(input(...args));

/** The control made so much slower on some workloads. */
function skewed(plan: TestPlan, factors: Readonly<Record<string, number>>): Sample[] {
  return [...simulateSamples(plan, { seed: 9, start: 0.001, burst: 0.004 })].map((row) =>
    row.env === 'native@control' ? { ...row, wallNs: row.wallNs * (factors[row.workload] ?? 1) } : row,
  );
}

/** What a session notes when facts differ inside the boxes. */
function parityEvents(unequal: Readonly<Record<string, readonly object[]>>): SessionEvent[] {
  return Object.entries(unequal).map(([env, inequalities]) => testEvent({ kind: 'unequal', env, inequalities }));
}

const openLines = (session: ReportModel) => notesOf(openVerdicts(session));
const whole = (session: ReportModel) => Object.values(needsOf(session) ?? {}).join(': ');
const flat = (text: string) => text.replace(/\n\s*/g, ' ');

describe('an inconclusive run', () => {
  const plan = testPlan();

  it('ends with the blocks and minutes that would decide, and the command for them', () => {
    const open = model(plan, { start: 0.03 });
    const line = whole(open);
    const [, blocks, minutes, total] =
      /^The widest of 3 open verdicts needs up to (\d+) more blocks, about (\d+) min: then it is at ±0\.99 %, which always decides: boxmark resume results\/s1 --max-blocks (\d+)$/.exec(
        line,
      ) ?? [];
    expect(Number(total)).toBe(6 + Number(blocks));
    expect(Number(minutes)).toBe(Math.round(Number(blocks) / 3));
    expect(flat(terminalOf(open)).trimEnd().endsWith(line)).toBe(true);
    expect(Math.max(...open.contrasts.map(({ judgement }) => judgement?.more?.blocks ?? 0))).toBe(Number(blocks));
  });

  it('names the session where the folder is not known, and no minutes where they are not', () => {
    const base = input(plan, { start: 0.03 });
    const session = { ...base.session, folder: undefined, secondsPerBlock: undefined };
    expect(whole(buildModel({ ...base, session }))).toMatch(
      /^The widest of 3 open verdicts needs up to \d+ more blocks: then it is at ±0\.99 %, which always decides: boxmark resume results\/20261123T170000Z-ab12cd --max/,
    );
  });

  it('aims at a smaller target where it stopped at its target', () => {
    const target = testPlan({ target: 0.1, minBlocks: 2, maxBlocks: 30, margin: 0.01 });
    const base = input(target, { start: 0.03 });
    const stopped = buildModel({ ...base, session: { ...base.session, stopReason: 'precision' } });
    expect(whole(stopped)).toMatch(/ at ±0\.49 %, which always decides: boxmark resume results\/s1 --target 0\.49%$/);
  });

  it('names no number where no reasonable one would do', () => {
    expect(needsOf(model(plan, { start: 0.6 }))).toEqual({
      sentence: expect.stringMatching(
        /^The open verdict needs more than 1000 further blocks|^The \d+ open verdicts need more than 1000/,
      ),
      command: null,
    });
  });

  it('offers no command that would measure for hours', () => {
    const starts = [0.1, 0.12, 0.15, 0.2, 0.25, 0.3].map((start) => needsOf(model(plan, { start })));
    const blocks = starts.map((needs) => Number(/needs (\d+) more blocks/.exec(needs?.sentence ?? '')?.[1]));
    const long = starts.filter((_, index) => (blocks[index] ?? 0) > 500);
    expect(long.length).toBeGreaterThan(0);
    for (const needs of long) {
      expect(needs).toEqual({
        sentence: expect.stringMatching(/: this host is too noisy now \(boxmark doctor\)$/),
        command: null,
      });
    }
  });

  it('lists what is open and why, workload by workload', () => {
    const [line] = openLines(model(plan, { start: 0.03 }));
    expect(line).toMatch(
      /^docker against native: inconclusive on fft \(too wide.*: \d+ more blocks?, about \d+ min\), .*suite \(.*\)\.$/,
    );
    expect(openLines(model(plan))).toEqual([]);
    expect(needsOf(model(plan))).toBeNull();
  });
});

describe('an untrusted session', () => {
  const plan = testPlan({ workloads: ['fft', 'sor', 'lu'] });

  it('has a banner, and no verdict but that', () => {
    const bad = model(plan, {}, { samples: skewed(plan, { fft: 1.05, sor: 1.04, lu: 1.04 }) });
    expect(distrustLines(bad)).toEqual([
      expect.stringMatching(
        /^UNTRUSTED SESSION: the control, a second native, differs from native by \+\d\.\d % on fft, .* Do not rely on any verdict/,
      ),
    ]);
    expect(answerOf(bad)).toMatch(/^docker against native is untrusted: time .*: the control differs from/);
    expect(flat(terminalOf(bad))).toContain('UNTRUSTED SESSION');
    expect(new Set(bad.contrasts.map(({ verdict }) => verdict))).toEqual(new Set(['untrusted']));
    expect(needsOf(bad)).toBeNull();
  });

  it('is one workload only when only that one is off', () => {
    const bad = model(plan, {}, { samples: skewed(plan, { sor: 1.025 }) });
    expect(distrustLines(bad)).toEqual([expect.stringMatching(/^UNTRUSTED on sor: the control/)]);
    expect(openLines(bad)).toEqual(['docker against native: untrusted on sor (the control differs).']);
  });

  it('is not one for a small difference of the control, which is noted', () => {
    const small = model(plan, {}, { samples: skewed(plan, { sor: 1.008 }) });
    expect(distrustLines(small)).toEqual([]);
    expect(sessionNotes(small).join('\n')).toMatch(/The control differs measurably .* too little .*\+0\.\d\d % on sor/);
  });
});

describe('sums', () => {
  it('stand beside the typical ratio of every pair, with its stalls and marks', () => {
    const plan = testPlan({ rounds: 40, blocks: 10, longVisits: 1 });
    const lost = { docker: { chance: 0.1, ns: 3e6 } };
    const intermittent = model(plan, { lost, sustained: { docker: 1.94 }, start: 0.001 });
    expect(rowsOf(sums(intermittent))[0]).toEqual([
      'docker (container)',
      'fft ~',
      expect.stringMatching(/^1\.0\d\d \[1\.0\d\d, 1\.0\d\d\]$/),
      expect.stringMatching(/^1\.9\d\d \[1\.9\d\d, 1\.9\d\d\]$/),
      expect.stringMatching(/^\d\d$/),
      '0',
    ]);
    expect(sums(intermittent).tables?.[0]?.notes).toHaveLength(1);
    expect(openLines(intermittent)[0]).toMatch(
      /inconclusive on fft \(time lost now and then, total time may differ, sustained ratio differs\)/,
    );
    // Two workloads and the suite of the environment and of the control.
    expect(rowsOf(sums(model(testPlan({ blocks: 10, rounds: 20 }))))).toHaveLength(6);
    const throttled = model(plan, {}, { starts: [testStart({ env: 'docker', block: 2, throttledMs: 900 })] });
    expect(sessionNotes(throttled).join()).toMatch(/A CPU quota held back a side of these contrasts: docker\./);
  });
});

describe('notes', () => {
  const plan = testPlan({ blocks: 14, workloads: ['fft'] });

  it('name the starts that lie apart, and say when they are of more than one kind', () => {
    const samples = [...simulateSamples(plan, { seed: 9, start: 0.001, burst: 0.002 })].map((row) =>
      row.env === 'docker' && row.block === 4 ? { ...row, wallNs: row.wallNs * 1.2 } : row,
    );
    expect(sessionNotes(model(plan, {}, { samples })).join('\n')).toMatch(
      /docker against native: block 4 lies apart from the others on fft\. The mean over starts, 1\.01\d\d, and the typical start, \d\.\d{4}, disagree on fft: the starts are of more than one kind\./,
    );
    expect(sessionNotes(model(plan)).join()).not.toMatch(/apart|kind/);
  });

  it('say in how many blocks time was stolen, and what the figures are without them', () => {
    const starts = [testStart({ env: 'docker', block: 2, stealMs: 300 }), testStart({ block: 3, stealMs: 300 })];
    expect(sessionNotes(model(plan, {}, { starts })).join()).toMatch(
      /Time was stolen from the host in 2 blocks\. Without them the largest change is \S+ on fft: \d\.\d{4} instead of/,
    );
  });

  it('say what was unequal, and what that means', () => {
    const unequal = {
      docker: [
        { fact: 'cpus_allowed', label: 'CPUs 0-1 against 1', env: '0-1', avoidable: true },
        { fact: 'kernel', env: 'b', avoidable: false },
      ],
    };
    const events = parityEvents(unequal);
    const judged = model(plan, {}, { events });
    expect(sessionNotes(judged)).toEqual([
      'docker is unequal to native by a setting: CPUs 0-1 against 1; its contrasts are untrusted.',
      'docker differs from native by design: kernel; the ratio includes this.',
    ]);
    expect(answerOf(judged)).toMatch(/is untrusted: .*: unequal: CPUs\.$/);
    const allowed = model({ ...plan, allowUnequal: true }, {}, { events });
    expect(sessionNotes(allowed)[0]).toMatch(/allowed by --allow-unequal/);
    expect(allowed.headline?.verdict).toBe('equivalent');
  });
});

describe('the width', () => {
  it.each([40, 60, 80])('of %i columns is kept to whatever is open, untrusted, unequal or summed', (width) => {
    const plan = testPlan({ workloads: ['fft', 'sor', 'monte-carlo'], longVisits: 1 });
    const unequal = { docker: [{ fact: `x${'y'.repeat(200)}\u001b[2J`, env: 1, avoidable: true }] };
    for (const truth of [{ start: 0.03 }, { sustained: { docker: 3 }, lost: { docker: { chance: 0.1, ns: 5e6 } } }]) {
      for (const changes of [{}, { events: parityEvents(unequal) }]) {
        for (const line of terminalOf(model(plan, truth, changes), { width }).split('\n')) {
          expect(displayWidth(line), line).toBeLessThanOrEqual(width);
        }
      }
    }
  });
});
