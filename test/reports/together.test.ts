/** Several sessions side by side: what is comparable stands together, what is not stands apart, and nothing is pooled. */

import { describe, expect, it } from 'vitest';
import { hostsCharts } from '../../reports/charts/hosts.ts';
import { sessionsDocument } from '../../reports/documents/sessions.ts';
import { htmlPage } from '../../reports/formats/html/format.ts';
import { buildModel, type ReportModel } from '../../reports/model/model.ts';
import { leadFigures, otherFigures } from '../../reports/model/together.ts';
import { plain, richCell, type Section } from '../../reports/sections/section.ts';
import { simulateSamples, testPlan } from '../bench/analysis/simulate.ts';
import { fixtureInput } from './fixture.ts';

const ALL = fixtureInput().session.plan.workloads;

function session(
  id: string,
  more: Parameters<typeof testPlan>[0] = {},
  unavailable: readonly string[] = [],
): ReportModel {
  const base = fixtureInput();
  const plan = testPlan({ environments: [{ path: 'native' }, { path: 'docker' }], workloads: ALL, ...more });
  const missing = unavailable.map((path) => ({ path, reason: 'not here', remedy: 'none' }));
  return buildModel({
    ...base,
    session: { ...base.session, plan, id },
    samples: simulateSamples(plan, { seed: id.length }),
    unavailable: missing,
  });
}

const first = buildModel(fixtureInput());
const lettersOf = (figures: ReturnType<typeof leadFigures>) =>
  figures.map(({ name, baseline, members }) => [name, baseline, members.map(({ index }) => 'ABCDE'[index]).join('')]);
const textOf = (section: Section | undefined, table = 0) =>
  (section?.tables?.[table]?.rows ?? []).map(({ cells }) => cells.map((cell) => plain(richCell(cell).show)));

describe('sessions side by side', () => {
  const two = session('other', {}, ['docker/docker']);
  const [matrix, , list] = sessionsDocument([first, two]).sections;

  it('are columns, environments are rows, and the control is the last', () => {
    const [table] = matrix?.tables ?? [];
    expect(table?.columns.map(({ title }) => title.slice(0, 2))).toEqual(['en', 'A:', 'B:']);
    expect(textOf(matrix).map(([env]) => env)).toEqual(
      ['native@control', 'qemu:tcg', 'docker/docker', 'docker'].toReversed(),
    );
    const [docker] = table?.rows ?? [];
    const [a, b] = (docker?.cells.slice(1) ?? []).map(richCell);
    for (const [cell, model] of [
      [a, first],
      [b, two],
    ] as const) {
      const row = model.contrasts.find(({ env, workload }) => env === 'docker' && workload === 'suite');
      expect(cell?.value).toBe(row?.timeRatio);
      expect(cell?.tone).toBe(row?.verdict);
      expect(plain(cell?.note ?? '')).toMatch(/^\[\d\.\d+, \d\.\d+\]$/);
    }
  });

  it('say of a cell without a figure why it is empty', () => {
    const rows = new Map(textOf(matrix).map(([env, ...cells]) => [env, cells]));
    expect(rows.get('docker/docker')?.[1]).toBe('could not run');
    expect(rows.get('qemu:tcg')?.[1]).toBe('–');
    expect(rows.get('native@control')?.[1]).toMatch(/^[01]\.\d+$/);
  });

  it('are listed with host, date, figure and control, and lead to their part of the page', () => {
    const [row] = list?.tables?.[0]?.rows ?? [];
    expect(richCell(row?.cells[0] ?? '').show).toEqual({ as: 'anchor', text: 'A', to: 's1-session' });
    expect(textOf(list)[0]?.slice(2)).toEqual([
      '2026-11-23 17:00 UTC',
      'suite (all kernels), against native',
      expect.stringMatching(/%/),
    ]);
  });

  it('have a mark for each figure, in the row of its environment, and a series for each session', () => {
    const [chart, ...others] = hostsCharts([first, two], 800);
    expect(others).toEqual([]);
    const { datasets } = (chart ?? expect.unreachable()).config.data as {
      datasets: { label: string; data: { y: number }[] }[];
    };
    expect(datasets.map(({ data }) => data.length)).toEqual([4, 2]);
    expect(datasets.map(({ data }) => data.map(({ y }) => Math.floor(y + 0.5)))).toEqual([
      [0, 1, 2, 3],
      [0, 3],
    ]);
    expect(datasets[0]?.data[0]?.y).toBeLessThan(datasets[1]?.data[0]?.y ?? 0);
    expect(chart?.table.rows.map(({ cells: [env, letter] }) => `${env} ${letter}`)).toEqual([
      ...['docker A', 'docker B', 'docker/docker A', 'qemu:tcg A'],
      ...['native@control A', 'native@control B'],
    ]);
  });
});

describe('sessions of different plans', () => {
  it('share no figure where workloads, baseline, size or kernels differ', () => {
    const models = [
      session('a'),
      session('bb'),
      session('ccc', { workloads: ['fft', 'sor'] }),
      session('dddd', { baseline: 'docker' }),
      session('eeeee', { size: 'large' }),
    ];
    expect(lettersOf(leadFigures(models))).toEqual([
      ['suite (all kernels), size small', 'native', 'AB'],
      ['suite (fft, sor), size small', 'native', 'C'],
      ['suite (all kernels), size small', 'docker', 'D'],
      ['suite (all kernels), size large', 'native', 'E'],
    ]);
    const document = sessionsDocument(models);
    expect(document.sections[0]?.lead?.map(plain).join(' ')).toContain('only columns of one table');
    expect(document.charts?.('hosts')).toHaveLength(4);
    expect(new Set(document.charts?.('hosts').map(({ id }) => id)).size).toBe(4);
  });

  it('still share the workloads that several of them measured alike', () => {
    const models = [session('a'), session('bb', { workloads: ['fft', 'sor'] })];
    expect(lettersOf(otherFigures(models))).toEqual([
      ['fft', 'native', 'AB'],
      ['sor', 'native', 'AB'],
    ]);
    expect(sessionsDocument(models).sections[1]?.tables?.every(({ folded }) => folded)).toBe(true);
  });
});

describe('twenty sessions', () => {
  const models = Array.from({ length: 20 }, (_, index) => session('x'.repeat(index + 1)));

  it('keep the picture to a few screens, with a place of its own for every mark', () => {
    const [chart] = hostsCharts(models, 860);
    expect(chart?.height).toBeLessThan(2000);
    const { datasets } = (chart ?? expect.unreachable()).config.data as { datasets: { data: { y: number }[] }[] };
    const places = datasets.flatMap(({ data }) => data.map(({ y }) => y));
    expect(new Set(places).size).toBe(places.length);
  });

  it('are closed on the page, each below its name and answer', async () => {
    const [file] = await htmlPage.files(models.slice(0, 3).map((model) => ({ model, base: '.' })));
    const page = String(file?.content);
    expect(page.match(/<article [^>]*><details><summary><strong>[ABC]: [^<]*<\/strong> \S/g)).toHaveLength(3);
  });
});
