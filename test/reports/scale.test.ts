import { describe, expect, it } from 'vitest';
import { scaleCharts } from '../../reports/charts/scale.ts';
import { sessionDocument } from '../../reports/documents/session.ts';
import { markdownText } from '../../reports/formats/markdown.ts';
import { buildModel } from '../../reports/model/model.ts';
import { scaleInput } from './fixture.ts';

const model = buildModel(scaleInput());
const section = sessionDocument(model).sections.find(({ id }) => id === 'scale');
const tableOf = (id: string) => section?.tables?.find((table) => table.id === id);
const shown = (id: string) =>
  (tableOf(id)?.rows ?? []).map(({ cells }) =>
    cells.map((cell) => (typeof cell === 'object' && 'show' in cell ? cell.show : cell)),
  );

describe('the section of instances that work at once', () => {
  it('has throughput, speedup and the ratio to as many of the baseline, with a verdict', () => {
    const rows = shown('scale-throughput');
    expect(rows).toHaveLength(9);
    // Native: 1000 MFLOPS a CPU, two CPUs.
    expect(rows[2]?.slice(0, 4)).toEqual(['4 at once', '1996 MFLOPS', '[1991, 2001]', '× 2.00']);
    expect(rows[5]?.slice(4)).toEqual(['1.1000', '[1.1000, 1.1000]', 'slower']);
    expect(rows[8]?.at(-1)).toBe('–');
  });

  it('has what becomes of a burst, and how evenly the host is shared', () => {
    expect(shown('scale-instances')[2]).toEqual([
      '4 at once',
      '2.00',
      '[2.00, 2.00]',
      '2.00',
      '[2.00, 2.00]',
      '1.000',
      '0 %',
      '8.00',
    ]);
  });

  it('says once which boxes have one CPU, where others may have more', () => {
    const { session, ...input } = scaleInput();
    const notesOn = (cpus: number[], oneCpu: boolean) => {
      const environments = session.environments.map((it) =>
        it.path === session.plan.baseline ? it : { ...it, traits: { ...it.traits, oneCpu } },
      );
      const plan = { ...session.plan, limits: { ...session.plan.limits, cpus } };
      const own = buildModel({ ...input, session: { ...session, plan, environments } });
      return (sessionDocument(own).sections.find(({ id }) => id === 'scale')?.notes ?? []).map(String);
    };
    expect(notesOn([0, 1], true).filter((note) => /each instance has one CPU, .* all 2;/.test(note))).toHaveLength(1);
    expect(notesOn([0, 1], false).join()).not.toContain('one CPU');
    expect(notesOn([1], true).join()).not.toContain('one CPU');
  });

  it('says which instances failed, and that the level counts in no figure of their blocks', () => {
    const { scale = [], ...input } = scaleInput();
    const failed = scale.map((row) =>
      row.env === 'docker' && row.block === 2 && row.instances === 4 && row.instance === 3
        ? { ...row, status: 'failed' as const, reason: 'the box ended by SIGKILL' }
        : row,
    );
    const document = sessionDocument(buildModel({ ...input, scale: failed }));
    const own = document.sections.find(({ id }) => id === 'scale');
    expect(own?.notes).toEqual([
      'docker with 4 instances on fft: 1 failed; figures are of the 2 blocks without a failure.',
    ]);
  });

  it('answers with the highest number of instances', () => {
    expect(sessionDocument(model).answer).toBe(
      '4 instances at once on fft, against a single one: native × 2.00 [2.00, 2.00], 99 of 100 bursts within × 2.00; docker × 2.00 [2.00, 2.00], 99 of 100 bursts within × 2.00.',
    );
    expect(markdownText(sessionDocument(model))).toContain('Several instances at once');
  });

  it('draws throughput and slowdown, a line for each environment', () => {
    const charts = scaleCharts(model, 860);
    expect(charts.map(({ id }) => id)).toEqual(['scale-fft', 'slowdown-fft']);
    for (const { config, table } of charts) {
      const { datasets } = config.data as { datasets: { label: string; data: unknown[] }[] };
      expect(datasets.filter(({ label }) => label !== '').map(({ data }) => data.length)).toEqual([3, 3, 3]);
      expect(JSON.parse(JSON.stringify(config))).toEqual(config);
      expect(table.rows).toHaveLength(9);
    }
  });
});
