import { describe, expect, it } from 'vitest';
import type { Chart } from '../../reports/charts/chart.ts';
import { stormTimelines } from '../../reports/charts/storm.ts';
import { htmlPage } from '../../reports/formats/html/format.ts';
import { summaryText as json } from '../../reports/formats/json.ts';
import { buildModel } from '../../reports/model/model.ts';
import { answerOf } from '../../reports/sections/answer.ts';
import { density } from '../../reports/sections/density.ts';
import { footprint } from '../../reports/sections/footprint.ts';
import { coldStarts, warmStarts } from '../../reports/sections/startup.ts';
import { storm } from '../../reports/sections/storm.ts';
import { testEvent } from '../bench/analysis/simulate.ts';
import { markdownOf as markdown, notesOf, terminalOf as render, rowsOf, textOf } from './document.ts';
import { costInput, DENSITY, FOOTPRINT, fixtureInput, MIB, STORM } from './fixture.ts';

describe('a report of starts', () => {
  it('answers with the time to the first instruction and its ratio, and keeps warm and cold apart', () => {
    const model = buildModel(costInput('startup'));
    const text = render(model);
    expect(text).toContain('First instruction, warm, against native: docker 255 ms, × 5.00 [5.00, 5.00];\n');
    expect(text).toContain('control: 51.0 ms, × 1.00 [1.00, 1.00].');
    expect(rowsOf(warmStarts(model))[5]?.slice(0, 3)).toEqual(['docker (container)', 'first instruction', '255 ms']);
    expect(rowsOf(coldStarts(model))[5]?.slice(0, 3)).toEqual(['docker (container)', 'first instruction', '765 ms']);
    expect(coldStarts(model).lead?.[0]).toMatch(/^Each right after the host.s page cache/);
    expect(text).not.toMatch(/: no data\./);
    expect(text).not.toContain('Fresh starts');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('says what cold means where the page cache could not be dropped', () => {
    const events = [testEvent({ kind: 'page-cache-kept', reason: 'no root' })];
    const section = coldStarts(buildModel(costInput('startup', { events })));
    expect(section.lead?.[0]).toMatch(/^The first starts since the image was prepared/);
  });
});

describe('a report of idle instances', () => {
  it('shows slopes, what there is besides, and a dash where nothing could be read', () => {
    const model = buildModel(costInput('footprint', { footprint: FOOTPRINT }));
    const text = render(model);
    expect(text).toContain('Memory of one more idle instance: docker 40.0 MiB [40.0, 40.0].');
    expect(rowsOf(footprint(model))).toEqual([
      ['docker (container)', 'host memory', '40.0', '[40.0, 40.0]', '100'],
      ['docker (container)', 'PSS', '7.00', '[7.00, 7.00]', '30.0'],
      ['docker (container)', 'control group', '–', '–', '–'],
      ['docker (container)', 'disk, own', '1.00', '[1.00, 1.00]', '0'],
      ['docker (container)', 'image', '100', '–', '–'],
      ['docker (container)', 'disk, shared', '99.0', '–', '–'],
    ]);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });
});

describe('the answer about memory', () => {
  const answer = (bytes: (instances: number, block: number) => object): string => {
    const footprint = [1, 2, 3].flatMap((block) =>
      [1, 2, 4].map((instances) => ({
        ...{ block, position: 1, env: 'docker', instances, hostDeltaBytes: null },
        ...{ pssBytes: null, cgroupBytes: null, diskBytes: null, imageBytes: null, ...bytes(instances, block) },
      })),
    );
    return answerOf(buildModel(costInput('footprint', { footprint })));
  };
  const noise = (instances: number, block: number) => [-60, 10, 5][block - 1]! * instances * MIB;

  it('of one block has no interval, and does not rest on what the host shows', () => {
    const footprint = [1, 2].map((instances) => ({
      ...{ block: 1, position: 1, env: 'docker', instances, hostDeltaBytes: 90 * instances * MIB },
      ...{ pssBytes: 7 * instances * MIB, cgroupBytes: null, diskBytes: null, imageBytes: null },
    }));
    expect(answerOf(buildModel(costInput('footprint', { footprint })))).toBe(
      'Memory of one more idle instance: docker 7.00 MiB, no interval (PSS).',
    );
  });

  it('goes to an account that is no noise, and is none where all are', () => {
    expect(answer((instances) => ({ hostDeltaBytes: 9 * instances * MIB }))).toBe(
      'Memory of one more idle instance: docker 9.00 MiB [9.00, 9.00].',
    );
    expect(
      answer((instances, block) => ({ hostDeltaBytes: noise(instances, block), pssBytes: 7 * instances * MIB })),
    ).toBe('Memory of one more idle instance: docker 7.00 MiB [7.00, 7.00] (PSS).');
    expect(answer((instances, block) => ({ hostDeltaBytes: noise(instances, block) }))).toBe(
      'Memory of one more idle instance: docker: not measurable here.',
    );
  });
});

describe('a report of as many idle instances as fit', () => {
  const model = buildModel(costInput('density', { density: DENSITY }));

  it('shows how many there were, what ended each series, the times of starts and what one more takes', () => {
    const [starts, ...slopes] = rowsOf(density(model));
    expect(starts).toEqual([
      ...[
        'docker (container)',
        '20',
        'as many as planned, memory',
        '300 ms',
        '450 ms',
        '600 ms',
        '2.00',
        '[2.00, 2.00]',
      ],
    ]);
    expect(slopes).toEqual([
      ['docker (container)', 'host memory', '40.0', '[40.0, 40.0]', '100'],
      ['docker (container)', 'PSS', '8.00', '[8.00, 8.00]', '0'],
      ['docker (container)', 'resident', '40.0', '[40.0, 40.0]', '0'],
      ['docker (container)', 'control group', '–', '–', '–'],
      ['docker (container)', "kernel's objects", '1.00', '[1.00, 1.00]', '0'],
      ['docker (container)', 'disk, own', '–', '–', '–'],
    ]);
  });

  it('says why a series ended early, and how much is shared by whom', () => {
    expect(notesOf(density(model))).toEqual([
      'docker: 1 series ended by memory: 60 MiB of memory are available.',
      'docker: processes of 20 instances have 800 MiB resident, 160 MiB in proportion: 80 % are pages that several map, of programs and files; the kernel merges no equal pages (KSM is off).',
    ]);
    const merging = DENSITY.map((row) => ({ ...row, ksmBytes: row.slabBytes }));
    expect(notesOf(density(buildModel(costInput('density', { density: merging }))))[1]).toContain(
      'the kernel merged equal pages (KSM): 20.0 MiB',
    );
  });

  it('is silent in sessions of other kinds', () => {
    expect(rowsOf(density(buildModel(costInput('startup'))))).toEqual([]);
    expect(notesOf(density(buildModel(costInput('startup'))))).toEqual([]);
  });
});

describe('a report of storms', () => {
  const model = buildModel(costInput('storm', { storm: STORM }));

  it('shows the mistake beside its remedies, and what the box at work loses', () => {
    expect(rowsOf(storm(model))).toEqual([
      [
        ...['docker (container)', 'all at once', '2.00 s', '[2.00 s, 2.00 s]', '–', '–', '2.00 s'],
        ...['4.00', '[4.00, 4.00]', '9.00', '80.0 ms'],
      ],
      [
        ...['docker (container)', 'all at once, small weights', '2.50 s', '[2.50 s, 2.50 s]', '1.25', '[1.25, 1.25]'],
        ...['2.50 s', '1.10', '[1.10, 1.10]', '2.00', '80.0 ms'],
      ],
    ]);
    expect(notesOf(storm(model))).toEqual([]);
  });

  it('names boxes that were lost, and a host that was locked', () => {
    const bad = STORM.map((row) =>
      row.block === 2 && row.share === 'none'
        ? { ...row, status: 'stopped' as const, readyMs: null, startMs: null, longestGapMs: 2500, missedBeats: 2 }
        : row,
    );
    expect(notesOf(storm(buildModel(costInput('storm', { storm: bad }))))).toEqual([
      'docker, 10 all at once: 10 boxes did not become ready.',
      'docker, 10 all at once: the host was locked 2 times for more than a second (2.50 s at most), and the storm was ended.',
    ]);
  });

  it('answers with all at once, and with the way that spares the box at work most', () => {
    expect(answerOf(model)).toBe(
      '10 starts at once: docker all ready after 2.00 s, the box at work beside them × 4.00 [4.00, 4.00]; all at once, small weights all ready after 2.50 s, the box at work beside them × 1.10 [1.10, 1.10].',
    );
  });

  it('draws how many boxes are ready when, a line for each way of starting', () => {
    const [chart] = stormTimelines(model, 560);
    expect(chart?.id).toBe('storm-docker-10');
    const { datasets } = (chart as Chart).config.data as unknown as {
      datasets: { label: string; data: { x: number; y: number }[] }[];
    };
    expect(datasets.map(({ label }) => label)).toEqual(['at-once', 'at-once, weight']);
    expect(datasets[0]?.data.map(({ x, y }) => [x, y]).slice(0, 2)).toEqual([
      [0.2, 1],
      [0.4, 2],
    ]);
    expect(datasets[1]?.data.at(-1)).toMatchObject({ x: 2.5, y: 10 });
    expect(stormTimelines(buildModel(costInput('density', { density: DENSITY })), 560)).toEqual([]);
  });
});

describe('the answer of many environments', () => {
  it('names the least and the most of them', () => {
    const paths = ['podman', 'docker', 'native', 'uml', 'gvisor'];
    const footprint = paths.flatMap((env, index) =>
      [1, 2, 4].map((instances) => ({
        ...{ block: 1, position: 1, env, instances, hostDeltaBytes: [30, 20, 10, 90, 40][index]! * instances * MIB },
        ...{ pssBytes: null, cgroupBytes: null, diskBytes: null, imageBytes: null },
      })),
    );
    const input = costInput('footprint', { footprint });
    const plan = { ...input.session.plan, environments: paths.map((path) => ({ path })) };
    const text = render(buildModel({ ...input, session: { ...input.session, plan } })).replace(/\s+/g, ' ');
    expect(text).toContain(
      'Memory of one more idle instance: from native 10.0 MiB [10.00, 10.0] to uml 90.0 MiB [90.0, 90.0], 5 environments.',
    );
  });
});

describe('the posture of the boxes', () => {
  it('is shown on demand, and always in the document for programs', () => {
    const model = buildModel(costInput('startup'));
    expect(render(model)).not.toContain('seccomp filter');
    const text = render(model, { verbose: true });
    expect(text).toMatch(/seccomp filter +none +filter, 1 \+/);
    const { posture, startup } = JSON.parse(json(model));
    expect(posture.environments).toEqual([
      { env: 'native', holds: 0, told: expect.any(Number) },
      { env: 'docker', holds: 1, told: expect.any(Number) },
    ]);
    expect(startup.length).toBeGreaterThan(0);
  });

  it('is absent from sessions whose boxes report nothing', () => {
    expect(buildModel(fixtureInput()).costs.posture.environments).toEqual([]);
  });
});

describe.each([
  ['startup', 'docker 255 ms, × 5.00 [5.00, 5.00]', ['docker (container)', 'first instruction', '255 ms']],
  [
    'footprint',
    'instance: docker 40.0 MiB [40.0, 40.0].',
    ['docker (container)', 'host memory', '40.0', '[40.0, 40.0]'],
  ],
  [
    'density',
    'docker 20 (as many as planned, ended by memory), 40.0 MiB each [40.0, 40.0].',
    ['docker (container)', 'host memory', '40.0', '[40.0, 40.0]'],
  ],
  [
    'storm',
    '10 starts at once: docker all ready after 2.00 s',
    ['docker (container)', 'all at once, small weights', '2.50 s', '[2.50 s, 2.50 s]'],
  ],
] as const)('a session of %s without workloads', (measure, answer, row) => {
  const model = buildModel(costInput(measure, { footprint: FOOTPRINT, density: DENSITY, storm: STORM }));

  it('has its answer and its figures in Markdown, and no verdicts', () => {
    const text = markdown(model)
      .replace(/<\/?code>/g, '')
      .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code));
    expect(text).toContain(answer);
    expect(text).toContain(`| ${row.join(' | ')} | `);
    expect(text).not.toMatch(/Nothing was measured|verdict/);
  });

  it('has its answer, one chart and its figures at the top of the page', () => {
    const page = textOf(htmlPage, [model]);
    const top = /<section class="top"[\s\S]*?<\/section>/.exec(page)?.[0] ?? '';
    expect(top.replace(/\u00a0/g, ' ')).toContain(answer);
    expect(top).toContain(`id="${measure}-canvas"`);
    for (const cell of [row[0], row[2]]) expect(top.replaceAll('\u00a0', ' ')).toContain(cell);
    expect(page).not.toMatch(/Nothing was measured|Nothing can be drawn|Time and rate of each/);
    // Of ids there is one each, also where the top has the chart that other sessions have further down.
    const ids = [...page.replace(/<script[\s\S]*?<\/script>/g, '').matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });
});
