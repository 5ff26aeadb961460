/** Comparisons and reproductions as text: the answer first, and never a line more than 80 columns, whatever the names are. */

import { describe, expect, it } from 'vitest';
import type { PairedRow } from '../../bench/analysis/regression.ts';
import { compareDocument } from '../../reports/documents/compare.ts';
import { reproduceDocument } from '../../reports/documents/reproduce.ts';
import { terminalText } from '../../reports/formats/terminal.ts';
import type { Comparison } from '../../reports/sections/comparison.ts';
import type { Reproduction } from '../../reports/sections/reproduction.ts';
import { displayWidth } from '../../reports/text.ts';
import { POWER, pairedRow as paired, REPRODUCTION, SIDES, storedRow as stored } from './outcomes.ts';

const renderCompare = (result: Comparison) => terminalText(compareDocument(result));
const renderReproduce = (result: Reproduction) => terminalText(reproduceDocument(result));

function expectWidth(text: string): void {
  for (const line of text.split('\n')) expect(displayWidth(line), line).toBeLessThanOrEqual(80);
}

describe('a paired comparison', () => {
  it('names what regressed, with the ratio of the confirmation', () => {
    const rows = [
      paired({ verdict: 'regressed', confirmation: { ratio: 1.101, interval: null, blocks: 10 } }),
      paired({ workload: 'sor' }),
    ];
    const text = renderCompare({ ...SIDES, mode: 'paired', gate: 'regressed', rows });
    expect(text).toMatch(/^REGRESSED: 1 of 2 figures: docker on fft; 1 unchanged\.$/m);
    expect(text).toMatch(/fft +1\.103 +\[1\.098, 1\.108\] +−9\.3 % +1\.101 +regressed/);
    expect(text).toMatch(/sor +1\.103 .* – +unchanged/);
    expectWidth(text);
  });

  it('says of everything without a verdict why, and that it is no pass', () => {
    const reasons: [PairedRow['reasons'], RegExp][] = [
      [[{ kind: 'too-wide' }, { kind: 'control-too-wide' }], /interval is too wide .*; the control's interval/],
      [[{ kind: 'not-past-margin' }], /significant, but not shown to exceed the margin/],
      [[{ kind: 'not-confirmed', verdict: 'unchanged' }], /but unchanged in fresh blocks/],
      [[{ kind: 'unavailable', why: 'no daemon.' }], /can't run here: no daemon\./],
      [[{ kind: 'no-figure' }], /the candidate has no figure/],
    ];
    for (const [why, message] of reasons) {
      const rows = [paired({ verdict: 'no verdict', reasons: why, change: null })];
      const text = renderCompare({ ...SIDES, mode: 'paired', gate: 'no verdict', rows });
      expect(text).toMatch(/^NO VERDICT, which is no pass/m);
      expect(text.replace(/\s+/g, ' ')).toMatch(message);
      expectWidth(text);
    }
  });
});

describe('a comparison with stored sessions', () => {
  it('shows both means, the change, its limit, and why it is not paired', () => {
    const text = renderCompare({
      ...SIDES,
      mode: 'stored',
      gate: 'regressed',
      rows: [stored()],
      times: [stored({ env: 'native', changeLog: 0.2 }), stored({ verdict: 'unchanged' })],
      power: POWER,
      why: 'the images are not at hand',
    });
    expect(text).toMatch(/fft +8\+1 +1\.0040 +1\.1096 +\+10\.5 % +±1\.0 % +regressed/);
    expect(text).toMatch(/native on fft: \+22\.1 %, limit ±1\.0 %\./);
    expect(text).not.toMatch(/docker on fft: /);
    expect(text).toMatch(/because the images are not at hand\./);
    expectWidth(text);
  });

  it('shows what its sessions can find, and nothing of it where no figure could be tested', () => {
    const result: Comparison = {
      ...SIDES,
      mode: 'stored',
      gate: 'passed',
      rows: [],
      times: [],
      power: POWER,
      why: 'x',
    };
    const flat = (one: Comparison) => renderCompare(one).replace(/\s+/g, ' ');
    expect(flat(result)).toContain(
      'With 8 baseline sessions and 1 session of the candidate, which scatter by 1 %, ' +
        'a change of 5 % in one of 18 figures is found in 57 % of cases. ' +
        'A change of 6 % in one of 18 figures is found in 80 % of cases. ' +
        'A figure that did not change is called unchanged in 7 % of cases',
    );
    expect(flat({ ...result, power: { ...POWER, reliable: null } })).toContain(
      'Not even a tenfold change is found in 80',
    );
    expect(flat({ ...result, power: null })).not.toContain('scatter by');
  });

  it('says when nothing is in common', () => {
    const empty: Comparison = {
      ...SIDES,
      mode: 'stored',
      gate: 'no verdict',
      rows: [],
      times: [],
      power: null,
      why: 'x',
    };
    expect(renderCompare(empty)).toMatch(/NO VERDICT: the sessions have no figure in common\./);
  });
});

describe('a reproduction', () => {
  it('has old and new side by side, their difference, and what became of each verdict', () => {
    const text = renderReproduce(REPRODUCTION);
    expect(text).toMatch(/^OTHER BYTES/m);
    expect(text).toMatch(/Of 2 verdicts: 0 confirmed, 1 changed, 1 undecided; 1 of 1 ratios differ/);
    expect(text).toMatch(/fft +1\.180 \[1\.168, 1\.192\] +1\.002 \[0\.992, 1\.012\] +−15\.1 \[−17\.0, −13\.0\]/);
    expect(text).toMatch(/fft +slower +equivalent +CHANGED/);
    expect(text).toMatch(/fft +slower +– +undecided/);
    expect(text).toMatch(/stack: kernel: 5\.10 → 6\.12/);
    expect(text).toMatch(/uml: no user-mode-linux\. Try: boxmark setup/);
    expectWidth(text);
  });

  it.each(['\u001b[2J', '漢'.repeat(90), 'x'.repeat(500), 'a\nb\tc'])(
    'stays within 80 columns with %j in every text',
    (odd) => {
      const rows = REPRODUCTION.rows.map((row) => ({ ...row, env: odd, baseline: odd, workload: odd }));
      const texts = { program: odd, original: odd, session: odd, otherBytes: odd, remarks: [odd] };
      const differences = [{ part: 'stack' as const, what: odd, before: odd, after: odd }];
      const reproduction = renderReproduce({ ...REPRODUCTION, ...texts, rows, differences });
      const comparison = renderCompare({
        ...SIDES,
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
        power: POWER,
        why: odd,
      });
      for (const text of [reproduction, comparison]) {
        expectWidth(text);
        expect(text).not.toContain('\u001b');
      }
    },
  );
});
