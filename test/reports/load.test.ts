import { describe, expect, it } from 'vitest';
import type { Chart } from '../../reports/charts/chart.ts';
import { sessionCharts } from '../../reports/charts/index.ts';
import { buildModel } from '../../reports/model/model.ts';
import { answerOf } from '../../reports/sections/answer.ts';
import { load } from '../../reports/sections/load.ts';
import { plain, richCell } from '../../reports/sections/section.ts';
import { terminalOf as render } from './document.ts';
import { costInput, LOAD } from './fixture.ts';

const model = buildModel(costInput('load', { load: LOAD }));

const cellsOf = (id: string) =>
  (load(model).tables?.find((table) => table.id === id)?.rows ?? []).map(({ group = '', cells }) =>
    [group, ...cells].map((cell) => {
      const { show, sign } = richCell(cell);
      return `${plain(show)}${sign === undefined ? '' : ` ${sign}`}`;
    }),
  );

describe('a report of load', () => {
  it('answers up to which rate each environment keeps up', () => {
    expect(answerOf(model)).toBe(
      'p99 of lu stays within 40.8 ms: native up to 180 a second; docker up to 100 a second (not at 180).',
    );
  });

  it('has the figures of every rate, and a ratio where both sides keep up', () => {
    const rows = cellsOf('load-levels');
    expect(rows).toHaveLength(9);
    const docker = rows.filter(([env]) => env?.startsWith('docker'));
    expect(docker[1]?.slice(1, 6)).toEqual(['100', '99.7', '60.7 %', '9.18 ms', '9.18 ms']);
    expect(docker[1]?.slice(8)).toEqual(['1.50', '[1.50, 1.50]', '0 %', '360']);
    expect(docker[2]?.[1]).toBe('180 ‡');
    expect(docker[2]?.slice(8, 10)).toEqual(['–', '–']);
    const [native] = rows;
    expect(native?.slice(8, 10)).toEqual(['–', '–']);
  });

  it('marks levels in which the harness was late, and says what the marks mean', () => {
    const control = cellsOf('load-levels').filter(([env]) => env?.includes('@control'));
    expect(control.map((row) => row[1])).toEqual(['50 †', '100', '180']);
    const notes =
      load(model)
        .tables?.find(({ id }) => id === 'load-levels')
        ?.notes?.map(plain) ?? [];
    expect(notes).toHaveLength(2);
    expect(notes[0]).toMatch(/^‡ Saturated/);
    expect(notes[1]).toMatch(/^† In 1 level the harness sent more than 1 %/);
  });

  it('names the knee and the first rate beyond it', () => {
    expect(cellsOf('load-knees')).toEqual([
      ['native', '40.8 ms', '180', '–'],
      ['docker (container)', '40.8 ms', '100', '180'],
      ['native@control', '40.8 ms', '180', '–'],
    ]);
  });

  it('fits into a terminal', () => {
    const text = render(model);
    expect(text).toContain('Latency under load');
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it('draws a line for each environment on a logarithmic axis, with the limit of the knee', () => {
    const [chart, ...others] = sessionCharts(model).load;
    expect(others).toEqual([]);
    expect(chart?.description).toContain('docker 6.12 ms at 50, 9.18 ms at 100');
    const { data, options } = (chart as Chart).config as unknown as {
      data: { datasets: { label: string; showLine: boolean; data: { x: number; y: number; yMin: number }[] }[] };
      options: { scales: { y: { type: string } }; plugins: { annotation: { annotations: { limit: object } } } };
    };
    expect(data.datasets.map(({ label, showLine }) => [label, showLine])).toEqual([
      ['native', true],
      ['docker (container)', true],
      ['native@control', true],
    ]);
    // The others stand beside the one in the middle.
    expect(data.datasets.map((set) => set.data[1]?.x)).toEqual([98.56, 100, 101.44]);
    expect(data.datasets[1]?.data.map(({ x }) => x)).toEqual([50, 100]);
    expect(data.datasets[1]?.data[0]?.yMin).toBeLessThan(data.datasets[1]?.data[0]?.y ?? 0);
    expect(options.scales.y.type).toBe('logarithmic');
    expect(options.plugins.annotation.annotations.limit).toMatchObject({ yMin: 40.8, yMax: 40.8 });
  });

  it('has no interval that spans more than a factor of 100, in table and picture', () => {
    // Blocks that differ by a factor of ten each.
    const apart = LOAD.map((row) => ({
      ...row,
      doneNs: row.doneNs === null ? null : row.intendedNs + 1e5 * 10 ** row.block,
    }));
    const wide = buildModel(costInput('load', { load: apart }));
    const rows = load(wide).tables?.find(({ id }) => id === 'load-levels')?.rows ?? [];
    expect(rows[1]?.cells[5]).toBe('too wide');
    const { datasets } = (sessionCharts(wide).load[0] as Chart).config.data as unknown as {
      datasets: { data: Record<string, unknown>[] }[];
    };
    expect(datasets[0]?.data[1]).not.toHaveProperty('yMax');
  });

  it('says so when no level could be judged, and when there is none', () => {
    const late = LOAD.map((row) => ({ ...row, sentNs: row.intendedNs + 5e6 }));
    expect(answerOf(buildModel(costInput('load', { load: late })))).toMatch(/^No level of load could be judged/);
    expect(answerOf(buildModel(costInput('load')))).toBe('Nothing was measured.');
    expect(sessionCharts(buildModel(costInput('load'))).load).toEqual([]);
  });
});
