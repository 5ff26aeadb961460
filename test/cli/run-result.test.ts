import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { THRESHOLD } from '../../bench/plan/threshold.ts';
import type { SessionInfo } from '../../bench/session/info.ts';
import { NO_KIND_ROWS } from '../../bench/session/kind-tables.ts';
import type { ContrastResult, Verdict } from '../../bench/types.ts';
import { concludeSession } from '../../cli/session/conclude-session.ts';
import { exitCodeOf } from '../../cli/session/run-result.ts';
import { testSample } from '../bench/analysis/simulate.ts';

let said: string;
let printed: string;
beforeEach(() => {
  said = '';
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += text;
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

const rig = { planned: [{ path: 'native' }, { path: 'docker' }], refused: [] };
const question = { requested: ['native', 'docker'], keepGoing: false, strict: false, failIf: [] };
const samples = ['native', 'docker'].map((env) => testSample({ env }));

function outcome(verdicts: readonly (Verdict | null)[], more: { stopReason?: string; samples?: typeof samples } = {}) {
  return {
    info: {
      ...{ stopReason: more.stopReason ?? 'blocks', blocksCompleted: 3 },
      plan: { baseline: 'native', environments: [{ path: 'native' }], workloads: ['fft'] },
    } as unknown as SessionInfo,
    samples: more.samples ?? samples,
    starts: [],
    ...NO_KIND_ROWS,
    contrasts: verdicts.map((verdict) => ({ env: 'docker', workload: 'fft', verdict }) as ContrastResult),
  };
}

describe('the exit code of a session', () => {
  it('is 0 when everything asked for has data, whatever the verdicts', () => {
    const verdicts: Verdict[] = ['slower', 'faster', 'equivalent', 'inconclusive', 'untrusted'];
    expect(exitCodeOf(outcome(verdicts), rig, question)).toBe(0);
    expect(said).toBe('');
  });

  it('with --strict is 4 as soon as one verdict is open, and says which', () => {
    const strict = { ...question, strict: true };
    expect(exitCodeOf(outcome(['slower', 'faster', 'equivalent']), rig, strict)).toBe(0);
    expect(exitCodeOf(outcome(['slower', 'inconclusive']), rig, strict)).toBe(4);
    expect(said).toMatch(/docker on fft is inconclusive: exit code 4/);
    expect(exitCodeOf(outcome(['untrusted', 'untrusted']), rig, strict)).toBe(4);
    expect(said).toMatch(/untrusted, and 1 more/);
  });

  it('is 3 for a threshold that is exceeded, 4 for one that is open, and says what of each', () => {
    const row = (env: string, low: number, high: number) =>
      ({
        ...{ env, baseline: 'native', workload: 'fft', blocks: 6, timeRatio: (low + high) / 2, verdict: 'slower' },
        ...{ interval: { low, high }, controlInterval: { low: 0.99, high: 1.01 }, total: null, sustained: null },
      }) as ContrastResult;
    const base = outcome([]);
    const plan = { ...base.info.plan, workloads: ['fft', 'sor'] };
    const ended = {
      ...base,
      info: { ...base.info, plan },
      contrasts: [row('docker', 1.03, 1.05), row('uml', 0.98, 1.03)],
    };
    const code = (...texts: string[]) =>
      exitCodeOf(ended, rig, { ...question, strict: true, failIf: THRESHOLD.parse(texts, '--fail-if') });
    expect(code('any > 2%', 'uml on fft > 2%')).toBe(3);
    expect(said).toContain("--fail-if 'any > 2%': exceeded by docker on fft +4.00 % [+3.00, +5.00]: exit code 3\n");
    expect(said).toMatch(/'uml on fft > 2%': neither shown nor ruled out for uml on fft \+0\.50 % .*: exit code 4/);
    expect(code('uml on fft > 2%')).toBe(4);
    said = '';
    expect(code('any > 9%')).toBe(0);
    expect(said).toMatch(/ruled out: docker on fft .*; uml on fft /);
    expect(code('sor > 2%')).toBe(4);
    expect(said).toContain("'sor > 2%': no figure: exit code 4");
  });

  it('is 1 for an environment without data before it is 4, and 4 again when that is let pass', () => {
    const one = outcome(['inconclusive'], { samples: samples.slice(0, 1) });
    expect(exitCodeOf(one, rig, { ...question, strict: true })).toBe(1);
    expect(said).toMatch(/no data from docker/);
    expect(exitCodeOf(one, rig, { ...question, strict: true, keepGoing: true })).toBe(4);
    expect(exitCodeOf(one, rig, { ...question, keepGoing: true })).toBe(0);
  });

  it('is 130 after an interrupt, says how many blocks are kept and how to resume, whatever else there is', async () => {
    expect(await end(outcome(['untrusted'], { stopReason: 'interrupted' }))).toBe(130);
    expect(said).toMatch(/interrupted; 3 whole blocks are kept\n {2}try: boxmark resume results\/some\n/);
  });

  it('is 130 after an interrupt in the first block, with two lines and no report of nothing', async () => {
    const none = outcome([], { stopReason: 'interrupted' });
    expect(await end({ ...none, info: { ...none.info, blocksCompleted: 0 } })).toBe(130);
    expect(printed).toBe('');
    expect(said).toBe('boxmark: interrupted; nothing was measured yet\n  try: boxmark resume results/some\n');
  });

  it('is 1 when nothing was measured, and says what finds out why', async () => {
    expect(await end({ ...outcome([], { samples: [] }) })).toBe(1);
    expect(said).toMatch(/nothing was measured\n {2}try: boxmark doctor/);
  });

  it('is that of the command otherwise, also when the report can not be written', async () => {
    expect(await end(outcome(['faster']))).toBe(4);
    expect(said).toMatch(/the report was not written/);
  });

  it('is that of what failed, after what was found', async () => {
    const failure = new Error('a bug');
    await expect(end({ ...outcome([]), failure })).rejects.toBe(failure);
    expect(printed).toMatch(/^found\n\nFiles: results\/some\n/);
  });
});

/** Ends a session of which the command shows one word, and whose own exit code is 4. */
function end(session: ReturnType<typeof outcome> & { readonly failure?: unknown }): Promise<number> {
  return concludeSession(
    { events: [], failure: null, ...session },
    { document: () => ({}), text: () => 'found\n' },
    { json: false, dir: 'results/some', code: () => 4 },
  );
}
