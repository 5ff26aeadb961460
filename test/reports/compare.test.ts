/** Comparisons and reproductions as text: the answer first, and never a line more than 80 columns, whatever the names are. */

import { describe, expect, it } from 'vitest';
import type { PairedRow, StoredRow } from '../../bench/analysis/regression.ts';
import { type CompareText, renderCompare } from '../../reports/compare.ts';
import { type ReproduceText, renderReproduce } from '../../reports/reproduce.ts';
import { displayWidth } from '../../reports/text.ts';

const known = {
  program: '0.1.0',
  margin: 0.02,
  baseline: ['b'],
  candidate: ['c'],
  differences: [],
  leftOut: [],
  remarks: [],
} as const;

const paired = (changes: Partial<PairedRow> = {}): PairedRow => ({
  env: 'docker',
  workload: 'fft',
  change: { ratio: 1.103, interval: { low: 1.098, high: 1.1081 }, blocks: 10 },
  confirmation: null,
  verdict: 'unchanged',
  reasons: [],
  ...changes,
});

const stored = (changes: Partial<StoredRow> = {}): StoredRow => ({
  env: 'docker',
  workload: 'fft',
  baselineSessions: 8,
  candidateSessions: 1,
  baselineLog: 0.004,
  candidateLog: 0.104,
  changeLog: 0.1,
  limitLog: 0.01,
  pValue: 0.001,
  verdict: 'regressed',
  reasons: [],
  ...changes,
});

function expectWidth(text: string): void {
  for (const line of text.split('\n')) expect(displayWidth(line), line).toBeLessThanOrEqual(80);
}

describe('a paired comparison', () => {
  it('names what regressed, with the ratio of the confirmation', () => {
    const rows = [
      paired({ verdict: 'regressed', confirmation: { ratio: 1.101, interval: null, blocks: 10 } }),
      paired({ workload: 'sor' }),
    ];
    const text = renderCompare({ ...known, mode: 'paired', gate: 'regressed', rows });
    expect(text).toMatch(/^REGRESSED: 1 of 2 figures: docker on fft; 1 unchanged\.$/m);
    expect(text).toMatch(/fft +1\.103 +\[1\.098, 1\.108\] +−9\.3 % +1\.101 +regressed/);
    expect(text).toMatch(/sor +1\.103 .* – +unchanged/);
    expectWidth(text);
  });

  it('says of everything without a verdict why, and that it is no pass', () => {
    const reasons: [PairedRow['reasons'], RegExp][] = [
      [[{ kind: 'too-wide' }, { kind: 'control-too-wide' }], /interval is too wide .*; the control's interval/],
      [[{ kind: 'not-past-margin' }], /that it is past the margin is not/],
      [[{ kind: 'not-confirmed', verdict: 'unchanged' }], /fresh blocks say: unchanged/],
      [[{ kind: 'unavailable', why: 'no daemon.' }], /can't run here: no daemon\./],
      [[{ kind: 'no-figure' }], /the candidate has no figure/],
    ];
    for (const [why, message] of reasons) {
      const rows = [paired({ verdict: 'no verdict', reasons: why, change: null })];
      const text = renderCompare({ ...known, mode: 'paired', gate: 'no verdict', rows });
      expect(text).toMatch(/^NO VERDICT, and so no pass/m);
      expect(text.replace(/\s+/g, ' ')).toMatch(message);
      expectWidth(text);
    }
  });
});

describe('a comparison with stored sessions', () => {
  it('shows both means, the change, its limit, and why it is not paired', () => {
    const text = renderCompare({
      ...known,
      mode: 'stored',
      gate: 'regressed',
      rows: [stored()],
      times: [stored({ env: 'native', changeLog: 0.2 }), stored({ verdict: 'unchanged' })],
      why: 'the images are not at hand',
    });
    expect(text).toMatch(/fft +8\+1 +1\.0040 +1\.1096 +\+10\.5 % +±1\.0 % +regressed/);
    expect(text).toMatch(/native on fft: \+22\.1 %, limit ±1\.0 %\./);
    expect(text).not.toMatch(/docker on fft: /);
    expect(text).toMatch(/because the images are not at hand\./);
    expectWidth(text);
  });

  it('says when nothing is in common', () => {
    const empty: CompareText = { ...known, mode: 'stored', gate: 'no verdict', rows: [], times: [], why: 'x' };
    expect(renderCompare(empty)).toMatch(/NO VERDICT: the sessions have no figure in common\./);
  });
});

describe('a reproduction', () => {
  const finding = (timeRatio: number, verdict: 'slower' | 'equivalent' | 'inconclusive') => ({
    timeRatio,
    interval: { low: timeRatio * 0.99, high: timeRatio * 1.01 },
    blocks: 10,
    verdict,
  });
  const result: ReproduceText = {
    program: '0.1.0',
    original: 'theirs',
    session: 'ours',
    rows: [
      {
        env: 'docker',
        baseline: 'native',
        workload: 'fft',
        before: finding(1.18, 'slower'),
        after: finding(1.002, 'equivalent'),
        difference: { ratio: 0.849, interval: { low: 0.83, high: 0.87 } },
        standing: 'changed',
      },
      {
        env: 'uml',
        baseline: 'native',
        workload: 'fft',
        before: finding(14.2, 'slower'),
        after: null,
        difference: null,
        standing: 'open',
      },
    ],
    differences: [{ part: 'stack', what: 'kernel', before: '5.10', after: '6.12' }],
    unavailable: [{ path: 'uml', reason: 'no user-mode-linux.', remedy: 'boxmark setup' }],
    otherBytes: 'OTHER BYTES than in the original ran here.',
    remarks: [],
  };

  it('has old and new side by side, their difference, and what became of each verdict', () => {
    const text = renderReproduce(result);
    expect(text).toMatch(/^OTHER BYTES/m);
    expect(text).toMatch(/Of 2 verdicts 0 stand, 1 changed, of 1 nothing can be told; 1 of 1 ratios differ/);
    expect(text).toMatch(/fft +1\.180 \[1\.168, 1\.192\] +1\.002 \[0\.992, 1\.012\] +−15\.1 \[−17\.0, −13\.0\]/);
    expect(text).toMatch(/fft +slower +equivalent +CHANGED/);
    expect(text).toMatch(/fft +slower +– +can't tell/);
    expect(text).toMatch(/stack: kernel: 5\.10 → 6\.12/);
    expect(text).toMatch(/uml: no user-mode-linux\. Try: boxmark setup/);
    expectWidth(text);
  });

  it.each(['\u001b[2J', '漢'.repeat(90), 'x'.repeat(500), 'a\nb\tc'])(
    'stays within 80 columns with %j in every text',
    (odd) => {
      const rows = result.rows.map((row) => ({ ...row, env: odd, baseline: odd, workload: odd }));
      const texts = { program: odd, original: odd, session: odd, otherBytes: odd, remarks: [odd] };
      const differences = [{ part: 'stack' as const, what: odd, before: odd, after: odd }];
      const reproduction = renderReproduce({ ...result, ...texts, rows, differences });
      const comparison = renderCompare({
        ...known,
        program: odd,
        baseline: [odd],
        candidate: [odd, odd],
        remarks: [odd],
        leftOut: [{ dir: odd, why: odd }],
        differences,
        mode: 'stored',
        gate: 'regressed',
        rows: [stored({ env: odd, workload: odd }), stored({ env: `${odd}2`, verdict: 'no verdict' })],
        times: [stored({ env: odd })],
        why: odd,
      });
      for (const text of [reproduction, comparison]) {
        expectWidth(text);
        expect(text).not.toContain('\u001b');
      }
    },
  );
});
