import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SessionInfo } from '../../bench/session/info.ts';
import type { ContrastResult, Verdict } from '../../bench/types.ts';
import { exitCodeOf } from '../../cli/result.ts';
import { testSample } from '../bench/analysis/simulate.ts';

let said: string;
beforeEach(() => {
  said = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += text;
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

const bench = { planned: [{ path: 'native' }, { path: 'docker' }], refused: [] };
const question = { requested: ['native', 'docker'], keepGoing: false, strict: false };
const samples = ['native', 'docker'].map((env) => testSample({ env }));

function outcome(verdicts: readonly (Verdict | null)[], more: { stopReason?: string; samples?: typeof samples } = {}) {
  return {
    info: { stopReason: more.stopReason ?? 'blocks', plan: {} } as SessionInfo,
    samples: more.samples ?? samples,
    starts: [],
    footprint: [],
    contrasts: verdicts.map((verdict) => ({ env: 'docker', workload: 'fft', verdict }) as ContrastResult),
  };
}

describe('the exit code of a session', () => {
  it('is 0 when everything asked for has data, whatever the verdicts', () => {
    const verdicts: Verdict[] = ['slower', 'faster', 'equivalent', 'inconclusive', 'untrusted'];
    expect(exitCodeOf(outcome(verdicts), bench, question)).toBe(0);
    expect(said).toBe('');
  });

  it('with --strict is 4 as soon as one verdict is open, and says which', () => {
    const strict = { ...question, strict: true };
    expect(exitCodeOf(outcome(['slower', 'faster', 'equivalent']), bench, strict)).toBe(0);
    expect(exitCodeOf(outcome(['slower', 'inconclusive']), bench, strict)).toBe(4);
    expect(said).toMatch(/docker on fft is inconclusive: exit code 4/);
    expect(exitCodeOf(outcome(['untrusted', 'untrusted']), bench, strict)).toBe(4);
    expect(said).toMatch(/untrusted, and 1 more/);
  });

  it('is 1 for an environment without data before it is 4, and 4 again when that is let pass', () => {
    const one = outcome(['inconclusive'], { samples: samples.slice(0, 1) });
    expect(exitCodeOf(one, bench, { ...question, strict: true })).toBe(1);
    expect(said).toMatch(/no data from docker/);
    expect(exitCodeOf(one, bench, { ...question, strict: true, keepGoing: true })).toBe(4);
    expect(exitCodeOf(one, bench, { ...question, keepGoing: true })).toBe(0);
  });

  it('is 130 after an interrupt and 1 when nothing was measured', () => {
    expect(
      exitCodeOf(outcome(['untrusted'], { stopReason: 'interrupted' }), bench, { ...question, strict: true }),
    ).toBe(130);
    expect(exitCodeOf(outcome([], { samples: [] }), bench, { ...question, strict: true })).toBe(1);
  });
});
