import { describe, expect, it } from 'vitest';
import { neighbourCharts } from '../../reports/charts/neighbour.ts';
import { sessionDocument } from '../../reports/documents/session.ts';
import { markdownText } from '../../reports/formats/markdown.ts';
import { buildModel } from '../../reports/model/model.ts';
import { type Cell, plain, richCell } from '../../reports/sections/section.ts';
import { neighbourInput } from './fixture.ts';

const model = buildModel(neighbourInput());
const section = sessionDocument(model).sections.find(({ id }) => id === 'neighbour');
const rowsOf = (id: string) => section?.tables?.find((table) => table.id === id)?.rows ?? [];
const shown = (cell: Cell) => plain(richCell(cell).show);

describe('the section of victims beside neighbours', () => {
  it('has a matrix of environments by neighbours, marked by whether more is lost than on the baseline', () => {
    const table = section?.tables?.find(({ id }) => id === 'neighbour-fft');
    expect(table?.columns.map(({ title }) => title)).toEqual(['environment', '2 × cpu', 'forks']);
    expect(table?.rows.map(({ cells }) => cells.map(shown))).toEqual([
      ['native', '× 1.50', '× 1.20'],
      ['docker (container)', '× 1.65', 'can not run'],
      ['native@control', '× 1.50', '× 1.20'],
    ]);
    const [, cpu] = (table?.rows[1]?.cells ?? []).map(richCell);
    expect(cpu).toMatchObject({ tone: 'slower', note: '[1.65, 1.66]' });
    expect(table?.rows[0]?.cells.map((cell) => richCell(cell).tone)).toEqual([undefined, undefined, undefined]);
  });

  it('has the contrast of each slowdown to that of the baseline', () => {
    expect(rowsOf('neighbour-contrasts')[2]?.cells.map(shown)).toEqual([
      '2 × cpu',
      '× 1.65',
      '[1.65, 1.66]',
      '× 1.65',
      '× 1.65',
      '1.1000',
      '[1.1000, 1.1000]',
      'more',
      '6',
    ]);
    // Of docker beside what it can't run.
    expect(rowsOf('neighbour-contrasts')[3]?.cells.map(shown).slice(1)).toEqual([
      '–',
      '–',
      '–',
      '–',
      '–',
      '–',
      '–',
      '0',
    ]);
  });

  it('says which neighbours could not work or were not shown to', () => {
    const { neighbour = [], ...input } = neighbourInput();
    const changed = neighbour.map((row) => {
      if (row.env !== 'native' || !row.beside) return row;
      if (row.aggressor === 'forks' && row.block === 2) return { ...row, status: 'neighbour-failed' as const };
      return row.aggressor === 'cpu' && row.round === 2 && row.block === 1
        ? { ...row, status: 'uncovered' as const }
        : row;
    });
    const document = sessionDocument(buildModel({ ...input, neighbour: changed }));
    expect(document.sections.find(({ id }) => id === 'neighbour')?.notes).toEqual([
      "native beside cpu on fft: 1 visit beside a neighbour that was not shown to work throughout; their pairs don't count.",
      'native beside forks on fft: the neighbour failed in 1 block; figures are of 2 blocks.',
      'docker beside forks on fft: it can not run there: no program to start.',
    ]);
  });

  it('answers with the worst neighbour of each environment, and with what differs from the baseline', () => {
    expect(sessionDocument(model).answer).toBe(
      'fft beside its worst neighbour takes, against without: native × 1.50 [1.50, 1.51] (cpu); docker × 1.65 [1.65, 1.66] (cpu). docker loses more beside cpu (1.1000 [1.1000, 1.1000]) than native does beside its own.',
    );
    expect(markdownText(sessionDocument(model))).toContain('A victim beside a neighbour');
  });

  it('draws a point for each environment and neighbour that has a figure', () => {
    const charts = neighbourCharts(model, 860);
    expect(charts.map(({ id }) => id)).toEqual(['neighbour-fft']);
    const [{ config, table } = { config: { data: null }, table: { rows: [] } }] = charts;
    const { datasets } = config.data as unknown as { datasets: { label: string; data: { y: string }[] }[] };
    expect(datasets.map(({ data }) => data.map(({ y }) => y))).toEqual([
      ['cpu · native', 'forks · native'],
      ['cpu · docker (container)'],
      ['cpu · native@control', 'forks · native@control'],
    ]);
    expect(JSON.parse(JSON.stringify(config))).toEqual(config);
    expect(table.rows).toHaveLength(5);
  });
});
