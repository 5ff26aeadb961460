import { describe, expect, it } from 'vitest';
import { type CapacityQuestion, capacityRows } from '../../bench/analysis/capacity/host.ts';
import { WindowBursts } from '../../bench/analysis/capacity/scale.ts';
import { OBJECTIVE } from '../../bench/plan/objective.ts';
import { capacityDocument } from '../../reports/documents/capacity.ts';
import { sessionDocument } from '../../reports/documents/session.ts';
import { terminalText } from '../../reports/formats/terminal.ts';
import { buildModel } from '../../reports/model/model.ts';
import { isEmpty } from '../../reports/sections/section.ts';
import { scaleInput } from './fixture.ts';

const { scale = [], samples, session } = scaleInput();
const bursts = new WindowBursts();
for (const sample of samples) bursts.add(sample);

function documentOf(more: Partial<CapacityQuestion> = {}) {
  const objective = OBJECTIVE.parse('median slowdown <= 1.1', '--slo');
  const question = {
    objective,
    reserveBytes: 24 * 2 ** 20,
    recoverSeconds: null,
    hosts: null,
    spare: 0,
    need: null,
    simulate: null,
    ...more,
  };
  const rows = capacityRows({ plan: session.plan, scale, bursts, storm: [] }, question);
  return capacityDocument({ session: '20261129T120000Z-aaaaaa', host: 'a host', blocks: 3, question, rows });
}

describe('the answer about a host', () => {
  it('is a sentence for all environments, with the bound that binds', () => {
    expect(documentOf().answer).toBe('At median slowdown <= 1.1, a host takes on fft: native 2 (CPU); docker 2 (CPU).');
    expect(documentOf({ recoverSeconds: 60, hosts: 20, spare: 1 }).answer).toBe(
      'At median slowdown <= 1.1, a host takes on fft: native 2 (CPU; restart not known), so 20 hosts with 1 to spare take 38; docker 2 (CPU; restart not known), so 20 hosts with 1 to spare take 38.',
    );
    expect(documentOf({ objective: OBJECTIVE.parse('p99 slowdown < 3', '--slo') }).answer).toBe(
      'At p99 slowdown < 3, a host takes on fft: native at least 4 (the most that was measured) and at most 125 (memory); docker at least 4 (the most that was measured) and at most 125 (memory).',
    );
    expect(documentOf({ objective: OBJECTIVE.parse('p99 latency < 1ms', '--slo'), need: 7 }).answer).toBe(
      'At p99 latency < 1ms, a host takes on fft: native none (CPU), so no number of hosts takes 7; docker none (CPU), so no number of hosts takes 7.',
    );
  });

  it('says why, by the level that fails and the memory of one more', () => {
    const text = terminalText(documentOf({ need: 7, spare: 1 }), { width: 200 });
    expect(text).toContain(
      'native (fft): CPU: with 4, the median slowdown is 2.00 [2.00, 2.00], beyond the objective.',
    );
    expect(text).toContain(
      'native (fft): memory: one more instance takes 8.00 MiB [8.00, 8.00]; 1024 MiB were available, 24.0 MiB are kept.',
    );
    expect(text).toMatch(/native +5 +7 +2 +2/);
  });

  it('stands in the report of a session that measured it, by the default question', () => {
    const { session: header, ...input } = scaleInput();
    const plan = { ...header.plan, measure: 'capacity' as const };
    const document = sessionDocument(buildModel({ ...input, session: { ...header, plan } }));
    expect(document.answer).toBe('At median slowdown <= 1.1, a host takes on fft: native 2 (CPU); docker 2 (CPU).');
    const ids = document.sections.filter((section) => !isEmpty(section)).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(['capacity', 'scale', 'capacity-reasons']));
    const others = sessionDocument(buildModel(scaleInput())).sections.filter(({ id }) => id.startsWith('capacity'));
    expect(others.every(isEmpty)).toBe(true);
  });
});
