/** The model: what the answer is about, and gaps that make no errors. */

import { describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../bench/session/events.ts';
import { NO_FIGURES, NO_TRAITS, type Sample } from '../../bench/types.ts';
import { buildModel, type ModelInput } from '../../reports/model/model.ts';
import { answerOf, controlSentence } from '../../reports/sections/answer.ts';
import { contrasts } from '../../reports/sections/contrasts.ts';
import { sessionNotes } from '../../reports/sections/notes.ts';
import { reproduce } from '../../reports/sections/reproduce.ts';
import { plain } from '../../reports/sections/section.ts';
import { changePercent, percentDigits } from '../../reports/words.ts';
import {
  planOf,
  simulateSamples,
  type TestPlan,
  type Truth,
  testEvent,
  testPlan,
  testSample,
} from '../bench/analysis/simulate.ts';
import { terminalOf } from './document.ts';
import { fixtureInput } from './fixture.ts';

function input(plan: TestPlan, truth: Partial<Truth> = {}, changes: Partial<ModelInput> = {}): ModelInput {
  const base = fixtureInput();
  return {
    ...base,
    session: { ...base.session, plan },
    samples: simulateSamples(plan, { seed: 9, start: 0.002, ...truth }),
    starts: [],
    events: [],
    unavailable: [],
    ...changes,
  };
}

const answer = (plan: TestPlan, truth: Partial<Truth> = {}) => answerOf(buildModel(input(plan, truth)));

describe('the answer', () => {
  const environments = [{ path: 'native' }, { path: 'docker' }, { path: 'docker/docker' }, { path: 'qemu:tcg' }];

  it('is about the largest difference shown, and about an emulated environment only when there is no other', () => {
    const ratios = { docker: 1.02, 'docker/docker': 1.06, 'qemu:tcg': 15 };
    expect(buildModel(input(testPlan({ environments }), { ratios })).headline).toMatchObject({
      env: 'docker/docker',
      workload: 'suite',
    });
    const emulated = testPlan({ environments: [{ path: 'native' }, { path: 'qemu:tcg' }] });
    expect(answer(emulated, { ratios })).toMatch(
      /^qemu:tcg is slower than native: it takes 1[45]\.\d+ times as long \[1/,
    );
  });

  it('goes by what an environment is, not by what its labels say', () => {
    const environments = ['native', 'docker', 'qemu'].map((path) => ({ path }));
    const plan = testPlan({ environments });
    const base = fixtureInput().session;
    const of = (labels: string[], emulated: boolean) =>
      buildModel({
        ...input(plan, { ratios: { docker: 1.1, qemu: 20 } }),
        session: {
          ...base,
          plan,
          environments: [{ path: 'qemu', labels, traits: { ...NO_TRAITS, emulated }, versions: {} }],
        },
      });
    expect(of(['in software'], true).headline?.env).toBe('docker');
    expect(sessionNotes(of(['in software'], true)).join('\n')).toContain('qemu is emulated');
    expect(of(['emulated'], false).headline?.env).toBe('qemu');
    expect(sessionNotes(of(['emulated'], false)).join('\n')).not.toContain('qemu is emulated');
  });

  it('prefers a difference that was shown to a larger one that was not', () => {
    const plan = testPlan({ environments, workloads: ['fft'] });
    const quiet = [...simulateSamples(plan, { seed: 9, start: 0.001, burst: 0.002, ratios: { docker: 1.02 } })];
    const wild = quiet.map((row) =>
      row.env === 'docker/docker' ? { ...row, wallNs: Math.round(row.wallNs * (row.block % 2 ? 1.3 : 0.9)) } : row,
    );
    expect(buildModel(input(plan, {}, { samples: wild })).headline?.env).toBe('docker');
  });

  it('gives time and throughput together, in words for longer and for shorter', () => {
    const plan = testPlan({ environments: environments.slice(0, 2) });
    expect(answer(plan, { ratios: { docker: 1.1 } })).toMatch(
      /^docker is slower than native: it takes (9|10)\.\d % longer \[\d+\.\d, \d+\.\d\], throughput −[89]\.\d % \(mean of 2 workloads\), past the margin of ±2 %\.$/,
    );
    const faster = answer(plan, { ratios: { docker: 0.8 } });
    expect(faster).toMatch(/^docker is faster than native: it takes (19|20)\.\d % less time \[/);
    const [, low, high] = /\[([\d.]+), ([\d.]+)\], throughput \+2/.exec(faster) ?? [];
    expect(Number(low)).toBeLessThan(Number(high));
  });

  it('says equivalent of bursts, and whether long visits show it too', () => {
    const plan = testPlan({ environments: environments.slice(0, 2) });
    const equivalent =
      /^docker is equivalent to native in bursts: time [+−±].* %.* \[.*\], throughput .*, within the margin of ±2 %/;
    expect(answer(plan)).toMatch(equivalent);
    expect(answer(plan)).toMatch(/; long visits do not show it\.$/);
    expect(answer(plan, { sustained: {} })).toMatch(equivalent);
    expect(answer(plan, { sustained: {} })).toMatch(/, in long visits too\.$/);
  });

  it('is about a pair that was asked for, before those with the baseline', () => {
    const contrasts = [{ env: 'docker/docker', baseline: 'docker' }];
    const ratios = { 'docker/docker': 1.2, docker: 1.1 };
    expect(answer(testPlan({ environments, contrasts }), { ratios })).toMatch(/^docker\/docker is slower than docker:/);
  });

  it('names what was planned and has no data before anything else', () => {
    const plan = testPlan({ environments: environments.slice(0, 2) });
    const without = (is: (row: Sample) => boolean) => {
      const own = input(plan);
      return answerOf(buildModel({ ...own, samples: [...own.samples].filter((row) => !is(row)) }));
    };
    expect(without(({ env, workload }) => env === 'docker' && workload === 'sor')).toMatch(
      /^No data from docker on sor\. docker /,
    );
    const planned = { ...plan, environments: [...plan.environments, { path: 'lxc' }] };
    const own = input(plan);
    expect(answerOf(buildModel({ ...own, session: { ...own.session, plan: planOf(planned) } }))).toMatch(
      /^No data from lxc\. docker /,
    );
  });

  it('counts bursts without a duration, which are in no figure', () => {
    const own = input(testPlan({ environments: environments.slice(0, 2) }));
    const samples = [...own.samples].map((row) =>
      row.env === 'docker' && row.workload === 'fft' && row.round <= 2 ? { ...row, wallNs: 0 } : row,
    );
    // Lead-in and measured burst of two rounds in six blocks.
    expect(terminalOf(buildModel({ ...own, samples })).replace(/\s+/g, ' ')).toContain(
      '24 bursts without a duration on fft, which count in no figure.',
    );
  });

  it('says in words that an interval leaves no digit of the ratio', () => {
    const plan = testPlan({ environments: environments.slice(0, 2), blocks: 2 });
    expect(answer(plan, { start: 0.8, seed: 3 })).toMatch(
      /2 blocks leave the time anywhere between [\d.]*[1-9]\d* and [\d.]+ times/,
    );
  });

  it('says why it is open and what would decide it, when there is one block, and when there is nothing', () => {
    const plan = testPlan({ environments: environments.slice(0, 2) });
    expect(answer(plan, { start: 0.03 })).toMatch(
      /^docker against native is inconclusive: time [+−±].* \[.*: the interval is too wide for the margin.*; about \d+ more blocks would decide this verdict\.$/,
    );
    expect(answer({ ...plan, blocks: 1 })).toMatch(
      /is inconclusive: time .*, no interval, .*: one block has no interval\.$/,
    );
    expect(answer({ ...plan, environments: [{ path: 'native' }] })).toBe('Nothing could be compared.');
    expect(answer({ ...plan, blocks: 0 })).toBe('Nothing was measured.');
  });
});

describe('the control', () => {
  it('says what the session can show, and that it can show nothing without it', () => {
    const plan = testPlan();
    expect(controlSentence(buildModel(input(plan)))).toMatch(
      /^Control \(a second native\): [+−±][\d.]+ % \[[+−±][\d.]+, [+−±][\d.]+\]: this session can't resolve/,
    );
    expect(controlSentence(buildModel(input({ ...plan, blocks: 1 })))).toMatch(/one block: no interval/);
    expect(controlSentence(buildModel(input({ ...plan, blocks: 0 })))).toMatch(/no data/);
  });
});

it('the control is that of the workload that the answer is about', () => {
  const plan = testPlan({ workloads: ['syscall', 'memory'], suite: [], blocks: 10 });
  const model = buildModel(input(plan));
  const { workload = '' } = model.headline ?? {};
  expect(controlSentence(model)).toContain(`Control (a second native on ${workload}):`);
  const row = model.control.rows.find((one) => one.workload === workload);
  expect(controlSentence(model)).toContain(changePercent(row?.timeRatio ?? 1, percentDigits(row!)));
});

it('what programs run stands with their figures', () => {
  const base = input(testPlan({ blocks: 10, workloads: ['prog'], suite: [] }));
  const commands = [{ id: 'prog', command: ['./prog', 'a b'], argv: [] }];
  const { lead = [] } = contrasts(
    buildModel({ ...base, session: { ...base.session, plan: { ...base.session.plan, commands } } }),
  );
  expect(lead.map(plain).join(' ')).toContain("prog runs ./prog 'a b'.");
});

describe('the notes', () => {
  const notes = (plan: TestPlan, changes: Partial<ModelInput> = {}) =>
    sessionNotes(buildModel(input(plan, {}, changes)));

  it('call fewer than ten blocks quick, whatever the profile', () => {
    expect(notes(testPlan({ profile: 'standard', blocks: 9 }))[0]).toMatch(/^quick: 9 blocks, fewer than 10\. .* 63 %/);
    expect(notes(testPlan({ blocks: 10 })).join()).not.toMatch(/quick/);
  });

  it('say how much of a short program is the start of a process', () => {
    const of = (runNs: number) => {
      const base = input(testPlan({ blocks: 10 }));
      const commands = [{ id: 'prog', command: ['prog'], argv: [], runNs, startNs: 8e5 }];
      return sessionNotes(
        buildModel({ ...base, session: { ...base.session, plan: { ...base.session.plan, commands } } }),
      );
    };
    expect(of(1e6).join()).toMatch(/prog: on native, 800 µs of each run is the start of a process/);
    expect(of(1e8).join()).not.toMatch(/start of a process/);
  });

  it('name a sequential schedule, missing blocks and what stopped it', () => {
    expect(notes(testPlan({ schedule: 'sequential' })).join()).toMatch(/sequential: one box after the other/);
    const plan = testPlan({ blocks: 12 });
    const cut = input(plan, {}, { samples: simulateSamples({ ...plan, blocks: 10 }, { seed: 1 }) });
    const session = { ...cut.session, stopReason: 'time' };
    expect(sessionNotes(buildModel({ ...cut, session }))).toEqual([
      '10 of 12 planned blocks have data (stopped by: time).',
    ]);
  });

  it('say what flagged rounds would change', () => {
    const plan = testPlan({ blocks: 10, workloads: ['fft'] });
    const samples = [...simulateSamples(plan, { seed: 1, weather: 0.001 })].map((row) =>
      row.env === 'docker' && row.round === 3 ? { ...row, wallNs: row.wallNs * 9 } : row,
    );
    expect(notes(plan, { samples }).join()).toMatch(/^10 of 240 paired rounds .* docker on fft: \d\.\d{4} instead of/);
  });
});

describe('gaps', () => {
  it('make a model without figures, and no error', () => {
    const nothing = buildModel(input(testPlan({ environments: [], workloads: [], blocks: 0 }), {}, { samples: [] }));
    expect(nothing).toMatchObject({ blocks: 0, bursts: 0, contrasts: [], headline: null, failures: [] });
  });

  it('group failures by environment and reason', () => {
    const model = buildModel({ ...fixtureInput() });
    expect(model.failures).toEqual([
      { env: 'docker/docker', status: 'failed', reason: 'the inner daemon was gone', blocks: [5] },
    ]);
    expect(model.events).toEqual({
      count: 3,
      byKind: [
        { kind: 'idle-cpu', count: 2, environments: ['qemu:tcg'] },
        { kind: 'checksum-mismatch', count: 1, environments: ['qemu:tcg'] },
      ],
    });
  });

  it('are no failures where an interrupt made them', () => {
    const input = fixtureInput();
    const head = { env: 'docker', block: 9, reason: 'interrupted' };
    const model = buildModel({
      ...input,
      starts: [...input.starts, { ...head, ...NO_FIGURES, position: 1, startId: 'b9-docker', status: 'failed' }],
      events: [...input.events, { ...head, kind: 'failed', at: '2026-11-23T17:00:00.000Z' } as SessionEvent],
    });
    expect(model.failures.map(({ reason }) => reason)).toEqual(['the inner daemon was gone']);
    expect(model.events.byKind.map(({ kind }) => kind)).toEqual(['idle-cpu', 'checksum-mismatch']);
  });

  it('take the composite from an environment whose state was found wrong at the end of a block', () => {
    const workloads = ['fft', 'sor', 'monte-carlo', 'sparse', 'lu'];
    const samples = workloads.map((workload) => testSample({ workload }));
    const composite = (events: ModelInput['events']) =>
      buildModel(input(testPlan({ workloads }), {}, { samples, events })).environments[0]?.summary.compositeMflops;
    expect(composite([])).toBe(100);
    expect(composite([testEvent({ kind: 'checksum-mismatch', env: 'native', block: 1 })])).toBeNull();
  });
});

it('says of a session whose folder is not known where its commands look for it', () => {
  const input = fixtureInput();
  const leadOf = (folder?: string) => {
    const session = folder === undefined ? input.session : { ...input.session, folder };
    return JSON.stringify(reproduce(buildModel({ ...input, session })).lead);
  };
  expect(leadOf()).toContain('elsewhere, put its folder in that place');
  expect(leadOf('out/s1')).not.toContain('elsewhere');
});
