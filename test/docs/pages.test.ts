/** README and docs: what they show of committed sessions is generated, and links lead somewhere. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMPOSITE_WORKLOADS } from '../../bench/plan/suite.ts';
import { readSessionModel } from '../../cli/session/write-report.ts';
import { sessionDocument } from '../../reports/documents/session.ts';
import { terminalText } from '../../reports/formats/terminal.ts';
import type { ReportModel } from '../../reports/model/model.ts';
import { change, changePercent, known, ms, percentDigits, range, times } from '../../reports/words.ts';
import { ALIASES, CONTAINERS } from '../../runners/aliases.ts';
import { RUNNERS } from '../../runners/index.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...pagesIn('docs'),
  ...pagesIn('docs/adr'),
  'examples/README.md',
  'examples/own-workloads/README.md',
  'results/README.md',
  'scimark/README.md',
];

function pagesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`);
}

const textOf = (page: string) => readFileSync(join(ROOT, page), 'utf8');

/** `<!-- session:ID KIND -->` … `<!-- session:end -->`: made from a committed session. */
const BLOCK = /<!-- session:(\S+) (terminal|table|scimark|scale) -->\n(?:.*\n)*?<!-- session:end -->/g;

const sessionOf = (id: string): Promise<ReportModel> => readSessionModel(join(ROOT, 'results/example', id));

async function blockOf(id: string, kind: string): Promise<string> {
  const model = await sessionOf(id);
  const terminal = () => `\`\`\`text\n${terminalText(sessionDocument(model), { width: 80 })}\`\`\``;
  const made: Readonly<Record<string, (of: ReportModel) => string>> = {
    table: tableOf,
    scimark: scimarkTables,
    scale: scaleTable,
  };
  const body = made[kind]?.(model) ?? terminal();
  return `<!-- session:${id} ${kind} -->\n${body}\n\nMade by \`${model.session.command}\`.\n<!-- session:end -->`;
}

/** Each environment against the baseline: by the suite, else by the first workload; and the time to its first instruction. */
function tableOf(model: ReportModel): string {
  const { plan } = model.session;
  const rows = [...model.contrasts, ...model.control.rows].filter(({ baseline }) => baseline === plan.baseline);
  const workload = rows.some((row) => row.workload === 'suite') ? 'suite' : plan.workloads[0];
  const lines = rows
    .filter((row) => row.workload === workload)
    .map(({ env, timeRatio, interval }) => {
      const large = timeRatio > 3;
      const digits = percentDigits({ timeRatio, interval });
      const value = large ? `× ${times(timeRatio)}` : changePercent(timeRatio, digits);
      const ends = range(interval, (ratio) => (large ? times(ratio) : change(ratio, digits)));
      const start = model.environments.find(({ path }) => path === env)?.startup?.firstInstructionMs;
      const name = env.endsWith('@control') ? `control: a second \`${plan.baseline}\`` : `\`${env}\``;
      return `| ${name} | ${value} | ${ends} | ${known(start, ms)} |`;
    });
  const what = workload === 'suite' ? `mean of ${plan.workloads.join(', ')}` : workload;
  return [
    `| against \`${plan.baseline}\`, ${what} | time | 95 % interval | start to first instruction |`,
    '|---|---|---|---|',
    ...lines,
  ].join('\n');
}

/** Boxmark's kernels beside those in C, which the program `c` prints: rates natively, and what each says of the boxes. */
function scimarkTables(model: ReportModel): string {
  const { baseline } = model.session.plan;
  const native = model.environments.find(({ path }) => path === baseline);
  const rateOf = (workload: string) =>
    native?.summary.workloads.find((one) => one.workload === workload)?.medianRate ?? Number.NaN;
  const names = [...COMPOSITE_WORKLOADS, 'composite'];
  const own = (name: string) => (name === 'composite' ? (native?.summary.compositeMflops ?? Number.NaN) : rateOf(name));
  const rates = names.map((name) => {
    const [here, inC] = [own(name), rateOf(`c.${name}`)];
    return `| ${name === 'composite' ? '**composite**' : name} | ${Math.round(here)} | ${Math.round(inC)} | ${(here / inC).toFixed(2)} |`;
  });
  const rows = [...model.contrasts, ...model.control.rows];
  const cell = (env: string, workload: string): string => {
    const row = rows.find((one) => one.env === env && one.workload === workload && one.baseline === baseline);
    if (row === undefined) return '';
    const digits = percentDigits(row);
    return `${changePercent(row.timeRatio, digits)} ${range(row.interval, (ratio) => change(ratio, digits))}`;
  };
  const environments = [...new Set(rows.map(({ env }) => env))].map(
    (env) => `| \`${env}\` | ${cell(env, 'suite')} | ${cell(env, 'c.composite')} |`,
  );
  return [
    `| MFLOPS, \`${baseline}\` | Boxmark, ${model.session.plan.kernels} kernels | C, gcc -O3 | Boxmark ÷ C |`,
    '|---|---|---|---|',
    ...rates,
    '',
    `| against \`${baseline}\` | Boxmark's kernels, time | SciMark in C, its composite |`,
    '|---|---|---|',
    ...environments,
  ].join('\n');
}

/** Instances at once: what all of them do, and what becomes of each. */
function scaleTable({ costs }: ReportModel): string {
  const rows = costs.scale.map(({ env, instances, speedup, slowdown, slowdownP99, fairness }) => {
    const cell = (estimate: typeof speedup) =>
      estimate === null ? known(null, times) : `${times(estimate.ratio)} ${range(estimate.interval, times)}`;
    const cells = [speedup, slowdown, slowdownP99].map((estimate) => cell(estimate));
    return `| \`${env}\` | ${instances} | ${cells.join(' | ')} | ${known(fairness?.mean, (value) => value.toFixed(3))} |`;
  });
  return [
    '| environment | at once | throughput × of one | median burst × | p99 × | fairness |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

describe('documents', () => {
  it.each(PAGES.filter((page) => textOf(page).includes('<!-- session:')))(
    '%s shows committed sessions as they are',
    async (page) => {
      const blocks = [...textOf(page).matchAll(BLOCK)].map(([, id = '', kind = '']) => blockOf(id, kind));
      const made = await Promise.all(blocks);
      await expect(textOf(page).replace(BLOCK, () => made.shift() ?? '')).toMatchFileSnapshot(join(ROOT, page));
    },
  );

  it('are generated in at least two places', () => {
    expect(PAGES.filter((page) => textOf(page).match(BLOCK) !== null).length).toBeGreaterThanOrEqual(2);
  });

  it.each(PAGES)('%s has no link that leads nowhere', (page) => {
    const links = [...textOf(page).matchAll(/\]\((?!https?:|mailto:)([^)#\s]+)?(#[^)\s]+)?\)/g)];
    const dead = links.flatMap(([, file, anchor]) => {
      const target = file === undefined ? page : join(dirname(page), file);
      if (!existsSync(join(ROOT, target))) return [`${file}: no such file`];
      if (anchor === undefined || !target.endsWith('.md')) return [];
      const anchors = [...textOf(target).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => `#${slug(title)}`);
      return anchors.includes(anchor) ? [] : [`${target}${anchor}: no such heading`];
    });
    expect(dead).toEqual([]);
  });

  it('docs/environments.md has a row for every layer that measures another environment, and for every alias', () => {
    const rows = textOf('docs/environments.md')
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    const named = new Set(
      rows.flatMap((row) => [...row.split(' | ')[0]!.matchAll(/`([\w-]+)[^`]*`/g)].map(([, name]) => name)),
    );
    // These two only change the layer that they stand on.
    const layers = RUNNERS.map(({ name }) => name).filter((name) => !['slow', 'quota'].includes(name));
    expect([...layers, ...ALIASES].filter((name) => !named.has(name))).toEqual([]);
    const container = rows.find((row) => row.startsWith('| `container`')) ?? '';
    expect([...container.matchAll(/`([\w-]+)`/g)].map(([, name]) => name).slice(1)).toEqual(CONTAINERS);
  });

  it('README.md takes two screens', () => {
    expect(textOf('README.md').split('\n').length).toBeLessThan(90);
  });
});

/** The anchor that a heading gets. */
function slug(title: string): string {
  return title
    .toLowerCase()
    .replace(/[`*]/g, '')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[^\p{L}\p{N}\s-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
}
