/** Two fleets: hosts are matched, the mean change decides, and what can't be compared is named. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gateOf } from '../../bench/analysis/regression.ts';
import { fleetCompareDocument } from '../../reports/documents/fleet-compare.ts';
import { fleetChangeJson } from '../../reports/formats/fleet-change-json.ts';
import { terminalText } from '../../reports/formats/terminal.ts';
import { readChangeModel } from '../../reports/model/fleet-change.ts';
import { type Synthetic, writeFleet } from './synthetic.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

const later: Synthetic['change'] = (info) => ({ ...info, session: `${info.session}x` });

function compared(before: Synthetic, after: Synthetic, options: { margin?: number; by?: string } = {}) {
  writeFleet(join(out, 'before'), before);
  writeFleet(join(out, 'after'), { change: later, seed: 2, ...after });
  const { margin, by } = options;
  const model = readChangeModel(join(out, 'before'), join(out, 'after'), { program: '0.1.0', margin, by });
  const gate = gateOf(model.lines);
  const text = terminalText(fleetCompareDocument(model, gate)).replace(/\s+/g, ' ');
  return { model, gate, text };
}

describe('two fleets', () => {
  it('of which the later takes 5 % longer have regressed in every figure', () => {
    const { model, gate, text } = compared({ hosts: 8 }, { hosts: 8, shift: 0.05 });
    expect(gate).toBe('regressed');
    expect(model.lines.map(({ verdict }) => verdict)).toEqual(new Array(18).fill('regressed'));
    expect(text).toContain('REGRESSED: 18 of 18 figures over 8 hosts: docker on fft, ');
    for (const { effects } of model.lines) expect(Math.abs((effects?.meanLog ?? 0) - 0.05)).toBeLessThan(0.02);
  });

  it('that did not change pass, and those that became faster as well', () => {
    expect(compared({ hosts: 8 }, { hosts: 8 })).toMatchObject({ gate: 'passed', model: { margin: 0.02 } });
    const { gate, text } = compared({ hosts: 8 }, { hosts: 8, shift: -0.05 });
    expect(gate).toBe('passed');
    expect(text).toContain('18 improved');
  });

  it('whose change may be beyond the margin have no verdict', () => {
    const { gate, text } = compared({ hosts: 4 }, { hosts: 4, shift: 0.005 }, { margin: 0.005 });
    expect(gate).toBe('no verdict');
    expect(text).toMatch(/NO VERDICT, which is no pass/);
    expect(text).toMatch(/its interval is not|that may be chance/);
  });

  it('of two hosts have no verdict, whatever changed', () => {
    const { gate, text } = compared({ hosts: 2 }, { hosts: 2, shift: 0.2 });
    expect(gate).toBe('no verdict');
    expect(text).toContain('fewer than 3 hosts');
  });

  it('find the host on which it changed, and group the others', () => {
    const { model, text } = compared({ hosts: 12 }, { hosts: 12, odd: { 5: 0.1 } }, { by: 'rack' });
    for (const { outliers } of model.lines)
      expect(outliers.map(({ place }) => model.hosts[place]?.host)).toContain('host-0006');
    expect(text).toMatch(/Changes by rack .* r1 3 /);
    const document = JSON.parse(fleetChangeJson(model, 'passed'));
    expect(document).toMatchObject({ schema: 1, margin: 0.02, by: 'rack' });
    expect(document.figures[0].values).toHaveLength(12);
    expect(document.figures[0].groups).toHaveLength(4);
  });

  it('name hosts that one side has alone', () => {
    const { model, text } = compared({ hosts: 6 }, { hosts: 4 });
    expect(model.hosts).toHaveLength(4);
    expect(text).toContain('Only before: host-0005, host-0006.');
  });

  it('do not compare hosts whose plan changed, whose hardware did, or that have the same session twice', () => {
    const change: Synthetic['change'] = (info, host) => {
      if (host === 0) return info;
      if (host === 1) return { ...info, session: `${info.session}x`, plan: { ...info.plan, size: 'large' } };
      const hardware = host === 2 ? { ...info.host.hardware, memoryGib: 1 } : info.host.hardware;
      return { ...info, session: `${info.session}x`, host: { ...info.host, hardware } };
    };
    const { model, text } = compared({ hosts: 7 }, { hosts: 7, change });
    expect(model.hosts.map(({ host }) => host)).toEqual(['host-0004', 'host-0005', 'host-0006', 'host-0007']);
    expect(text).toMatch(/host-0001 \([^)]+\): both sides have the same session of it/);
    expect(text).toMatch(/host-0002 \([^)]+\): its plan changed: size large, not small/);
    expect(text).toContain('Only before: host-0003. Only after: host-0003.');
  });
});
