/** Charts: configurations that are JSON, say what the model says, and are drawn the same every time. */

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeAxis, percentAt } from '../../reports/charts/change-axis.ts';
import { type SessionCharts, sessionCharts } from '../../reports/charts/index.ts';
import { ladderAxis } from '../../reports/charts/ladder.ts';
import { looksOf } from '../../reports/charts/palette.ts';
import { newDrawer } from '../../reports/formats/draw.ts';
import { svg } from '../../reports/formats/pictures.ts';
import { buildModel } from '../../reports/model/model.ts';
import { RUNNERS } from '../../runners/index.ts';
import { simulateSamples, testPlan } from '../bench/analysis/simulate.ts';
import { fixtureInput } from './fixture.ts';
import { hostileInput } from './hostile.ts';

const model = buildModel(fixtureInput());
const charts = sessionCharts(model);
const allCharts = (of: SessionCharts) => Object.values(of).flat();

describe('charts', () => {
  it('are JSON and nothing else, each with a text, a table, its rows and a name of its own', () => {
    const all = allCharts(charts);
    for (const chart of all) {
      expect(JSON.parse(JSON.stringify(chart.config))).toEqual(chart.config);
      expect(chart.description).toMatch(/\w/);
      expect(chart.table.rows.length).toBeGreaterThan(0);
      for (const { cells } of chart.table.rows) expect(cells).toHaveLength(chart.table.columns.length);
      expect(chart.sources.length).toBeGreaterThan(0);
      expect(chart.id).toMatch(/^[a-z0-9-]+$/);
    }
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    expect(all.map(({ id }) => id)).toEqual([
      'ladder',
      ...['fft', 'sor', 'monte-carlo', 'sparse', 'lu'].map((workload) => `workload-${workload}`),
      ...['fft', 'sor', 'monte-carlo', 'sparse', 'lu'].map((workload) => `distribution-${workload}`),
      'order',
      'startup',
    ]);
  });

  it('of the ladder show percent from the baseline with intervals and the control’s band', () => {
    const { config, table } = charts.ladder[0] ?? expect.unreachable();
    const [set] = (config.data as { datasets: { data: { x: number; y: string; xMin?: number; xMax?: number }[] }[] })
      .datasets;
    const rows = model.contrasts.filter(({ workload, baseline }) => workload === 'suite' && baseline === 'native');
    expect(set?.data.map(({ y }) => y)).toEqual([
      'native',
      'docker (container)',
      'docker/docker (nested)',
      'qemu:tcg (vm)',
    ]);
    expect(set?.data[0]).toMatchObject({ x: 0 });
    const axis = ladderAxis(model, ['suite']);
    for (const [index, row] of rows.entries()) {
      const at = (ratio = 0) => axis.at((ratio - 1) * 100);
      expect(set?.data[index + 1]?.x).toBeCloseTo(at(row.timeRatio), 3);
      expect(set?.data[index + 1]?.xMin).toBeCloseTo(at(row.interval?.low), 3);
      expect(set?.data[index + 1]?.xMax).toBeCloseTo(at(row.interval?.high), 3);
    }
    expect(rows.at(-1)?.timeRatio).toBeGreaterThan(10);
    expect(set?.data[rows.length]?.xMin).toBeGreaterThan(4);
    expect(JSON.stringify(config.options.scales)).toContain('"time against native, %","logarithmic beyond ±1 %"');
    expect(JSON.stringify(config.options)).toContain('"control":{"type":"box"');
    expect(table.rows.map(({ cells }) => cells[0])).toEqual(['docker', 'docker/docker', 'qemu:tcg', 'native@control']);
  });

  it('of the workloads share one axis, which holds 0 and every interval', () => {
    const axes = charts.workloads.map(({ config }) => (config.options.scales as { x: { min: number; max: number } }).x);
    for (const axis of axes) expect(axis).toEqual(axes[0]);
    expect(axes[0]?.min).toBeLessThan(0);
    expect(axes[0]?.max).toBeGreaterThan(0);
  });

  it('name the rows of contrasts.csv that they are computed from', () => {
    const lines = charts.workloads.map(({ sources }) => sources[0]?.rows);
    expect(lines).toEqual(['2, 8, 14', '3, 9, 15', '4, 10, 16', '5, 11, 17', '6, 12, 18']);
    expect(model.contrasts[8 - 2]).toMatchObject({ env: 'docker/docker', workload: 'fft' });
  });

  it('thin what is too much to draw, and say so', () => {
    const plan = testPlan({ blocks: 12, rounds: 60, workloads: ['fft', 'sor'] });
    const base = fixtureInput();
    const big = buildModel({
      ...base,
      session: { ...base.session, plan },
      samples: simulateSamples(plan, { seed: 3 }),
      starts: [],
    });
    const [order] = sessionCharts(big).order;
    expect(order?.notes.join()).toMatch(/Thinned: 1800 of 4320 bursts are drawn/);
    expect(JSON.stringify(order?.config).length).toBeLessThan(120_000);
  });

  it('are drawn to the same bytes twice, as PNG and as SVG with its text', { timeout: 120_000 }, () => {
    const [chart] = allCharts(charts);
    if (chart === undefined) return expect.unreachable();
    const digest = (format: 'png' | 'svg') => createHash('sha256').update(newDrawer(format)(chart)).digest('hex');
    expect(digest('svg')).toBe(digest('svg'));
    expect(digest('png')).toBe(digest('png'));
    const svg = new TextDecoder().decode(newDrawer('svg')(chart));
    expect(svg).toMatch(/^<\?xml[\s\S]*<svg /);
    expect(svg).toContain('>docker/docker (nested)<');
    expect(svg).toContain(
      `width="${chart.width}" height="${chart.height}" viewBox="0 0 ${chart.width} ${chart.height}"`,
    );
    expect(new Set(svg.match(/font-family="[^"]*"/g))).toEqual(
      new Set(['font-family="Inter, Helvetica, Arial, sans-serif"']),
    );
    expect(svg).toMatch(/<title>Time against native: mean of 5 workloads<\/title><desc>.*docker\/docker \+/);
    // Its font has another glyph for a sign before a digit, which an SVG can't name.
    expect(svg.match(/>-<\/text>/g)?.length).toBeGreaterThan(0);
    expect([...newDrawer('png')(chart).subarray(1, 4)]).toEqual([...'PNG'].map((letter) => letter.charCodeAt(0)));
  });

  it('draw whatever an environment is called', { timeout: 120_000 }, () => {
    const draw = newDrawer('svg');
    for (const text of ['</text><script>', '"\'&', '=1+1', '\u202egnp', 'x'.repeat(10_000), '測試']) {
      const hostile = buildModel(hostileInput(text));
      for (const chart of allCharts(sessionCharts(hostile))) {
        const svg = new TextDecoder().decode(draw(chart));
        expect(svg).not.toContain('<script');
        expect(svg).not.toMatch(/\p{Cf}/u);
        expect(JSON.stringify(chart.config).length).toBeLessThan(200_000);
      }
    }
  });
});

describe('a picture without its page', () => {
  it('says which host, how many blocks, when and which session', async () => {
    const [ladder] = await svg.files([{ model, base: '.' }]);
    const words = wordsIn(String(ladder?.content));
    for (const part of ['6 blocks', '2026-11-23 17:00 UTC', '20261123T170000Z-ab12cd']) {
      expect(words).toContain(part.replaceAll(' ', ''));
    }
  });

  it('of several sessions says how many, and from when to when', async () => {
    const later = { ...model, session: { ...model.session, id: 'later', startedAt: '2026-12-01T00:00:00.000Z' } };
    const [hosts] = await svg.files([model, later].map((one) => ({ model: one, base: '.' })));
    expect(hosts?.name).toBe('hosts.svg');
    expect(wordsIn(String(hosts?.content))).toContain('2sessions·2026-11-23to2026-12-01');
  });

  /** What is drawn; signs that come from another font are texts of their own. */
  function wordsIn(drawn: string): string {
    return [...drawn.matchAll(/<text[^>]*>([^<]*)/g)]
      .map(([, text = '']) => text)
      .join('')
      .replace(/\s+/g, '');
  }
});

describe('an axis of differences', () => {
  const percents = fc.array(fc.double({ min: -99, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 20 });

  it('has a place for each of them, in their order, between its ends', () => {
    fc.assert(
      fc.property(percents, (all) => {
        const axis = changeAxis(all);
        const { min, max } = axis.scales('x', 'time').x as { min: number; max: number };
        const places = all.toSorted((a, b) => a - b).map(axis.at);
        expect(places).toEqual(places.toSorted((a, b) => a - b));
        for (const place of places) expect(place >= min && place <= max).toBe(true);
        expect(axis.at(0)).toBe(0);
        if (!axis.isLogarithmic) return;
        for (const percent of all) expect(percentAt(axis.at(percent)) / (percent || 1)).toBeCloseTo(percent ? 1 : 0, 2);
      }),
    );
  });

  it('is even unless the largest is large and another ten times as small', () => {
    for (const even of [[], [0.1, 49], [60, 80, 90], [-20, 12], [2500]]) {
      expect(changeAxis(even).isLogarithmic).toBe(false);
    }
    for (const wide of [
      [0.1, 51],
      [-90, 1],
      [24, 9875, 9385],
    ]) {
      expect(changeAxis(wide).isLogarithmic).toBe(true);
    }
  });

  it.each(['x', 'y'] as const)('names the lines of a logarithmic %s by what stands on them', (direction) => {
    const axis = changeAxis([-30, 0.2, 4000]);
    const scales = axis.scales(direction, 'time') as Record<string, { labels: string[]; min: number; max: number }>;
    const { min, max } = scales[direction] ?? expect.unreachable();
    const upwards = direction === 'x' ? scales.change?.labels : scales.change?.labels.toReversed();
    expect(upwards).toEqual(['-100', '-10', '-1', '0', '1', '10', '100', '1000', '10000']);
    expect(upwards?.map((label) => axis.at(Number(label)))).toEqual(
      Array.from({ length: max - min + 1 }, (_, index) => min + index),
    );
  });
});

describe('an environment', () => {
  const of = (...paths: string[]) => looksOf(paths.map((path) => ({ path })));
  const textOf = ({ colour, fill, shape, rotation }: ReturnType<ReturnType<typeof looksOf>>) =>
    [colour, fill, shape, rotation].join();
  const MANY = RUNNERS.flatMap(({ name }) => [name, `${name}/docker`, `${name}/unshare`]);

  it('never looks like another of the same report, in whatever order they run', () => {
    expect(MANY.length).toBeGreaterThan(50);
    const looks = MANY.map((path) => textOf(of(...MANY)(path)));
    expect(new Set(looks).size).toBe(MANY.length);
    const reversed = of(...MANY.toReversed());
    expect(MANY.map((path) => textOf(reversed(path)))).toEqual(looks);
  });

  it('has a mark of its own where a report has few, so that the colour is not needed', () => {
    const paths = ['native', 'docker', 'docker/docker', 'gvisor', 'uml', 'runc', 'appc', 'native@control'];
    const lookOf = of(...paths);
    const marks = paths
      .map(lookOf)
      .map(({ colour, fill, shape, rotation }) => [fill === colour, shape, rotation].join());
    expect(new Set(marks).size).toBe(paths.length);
  });

  it('that most reports show looks the same whatever else is there', () => {
    for (const path of RUNNERS.map(({ name }) => name).filter((name) => !['ssh', 'slow', 'quota'].includes(name))) {
      expect(of(...MANY)(path), path).toEqual(of(path)(path));
    }
  });

  it('has the colour of its control', () => {
    expect(of('native')('native@control').colour).toBe(of('native')('native').colour);
    expect(of('lxc')('lxc@control').colour).toBe(of('lxc')('lxc').colour);
    expect(of('lxc')('lxc@control').shape).not.toBe(of('lxc')('lxc').shape);
  });
});
