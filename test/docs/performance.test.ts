/** docs/performance.md: what `npm run bench` found in a quiet hour, from docs/performance.json. */

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Figure, stateOf } from '../speed/record/figure.ts';
import { type BenchFile, readBench } from '../speed/record/file.ts';
import { GOALS, REASONS } from '../speed/record/goals.ts';
import { goalText, spreadText, stateText, valueText } from '../speed/record/lines.ts';
import { expectParts, table } from './generated.ts';

const bench = readBench(join(import.meta.dirname, '..', '..', 'docs/performance.json'));
const figures = new Map(bench.figures.map((figure) => [figure.id, figure]));
const isUnmet = (id: string) => figures.has(id) && stateOf(figures.get(id) as Figure) === 'not met';

it('docs/performance.md has the figures of docs/performance.json', async () => {
  await expectParts('docs/performance.md', {
    'performance-host': hostTable(bench),
    'performance-goals': goalTable(),
    'performance-reasons': reasons(),
    'performance-others': otherTable(bench),
    'performance-runs': runTable(bench),
  });
});

it('the figures are those of a whole run of a commit', () => {
  expect(bench.whole).toBe(true);
  expect(bench.commit).toMatch(/^[0-9a-f]{40}$/);
});

it('every goal that is not met on a quiet host has a reason', (ctx) => {
  if (isBusy(bench)) return ctx.skip('the host was busy before the run');
  expect(Object.keys(GOALS).filter((id) => isUnmet(id) && REASONS[id] === undefined)).toEqual([]);
});

/** Other work before the first bench: in the last minute, one process or more that ran all the time. */
function isBusy({ host }: BenchFile): boolean {
  return host.loadBefore[0] >= 1;
}

function hostTable({ host, startedAt, commit, seconds }: BenchFile): string {
  const load = (of: readonly number[]) => of.map((value) => value.toFixed(2)).join(', ');
  const memory = host.memoryGib === null ? '' : `, ${host.memoryGib} GiB`;
  const peers = Object.values(host.peers).filter((version) => version !== null);
  const missing = Object.keys(host.peers).filter((name) => host.peers[name] === null);
  return table(
    ['', ''],
    [
      ['begun', `${startedAt.slice(0, 16).replace('T', ' ')} UTC, ${(seconds / 60).toFixed(0)} minutes`],
      ['commit', `\`${commit}\``],
      ['host', `${host.cpu ?? 'unknown CPU'}, ${host.cpus} CPUs${memory}${virtual(host.hypervisor)}`],
      ['system', `Linux ${host.kernel}, ${host.distribution ?? 'unknown distribution'}`],
      ['Node.js', `${host.node}, V8 ${host.v8}`],
      ['load average over 1, 5, 15 minutes', `${load(host.loadBefore)} before; ${load(host.loadAfter)} after`],
      ['peers', peers.join('; ')],
      ['not installed', missing.join(', ') || '–'],
    ],
  );
}

function virtual(hypervisor: string | null): string {
  return hypervisor === null ? '' : `, virtual (${hypervisor})`;
}

function goalTable(): string {
  const rows = Object.entries(GOALS).map(([id, goal]) => {
    const figure = figures.get(id);
    const name = [goal.what, `\`${id}\``];
    if (figure === undefined) return [...name, 'not measured', '', goalText(goal), ''];
    return [...name, ...cells(figure), goalText(goal), stateText(figure).replace('not met', '**not met**')];
  });
  return table(['goal', 'figure', 'median', 'spread', 'should be', ''], rows);
}

function reasons(): string {
  const lines = Object.keys(GOALS)
    .filter(isUnmet)
    .map((id) => `- \`${id}\`: ${REASONS[id] ?? 'no reason is known.'}`);
  const busy =
    '**The host was busy with other work before the run**, so seconds are far too long, and ratios scatter: what is not met ' +
    'here may be met on a quiet host. Starts through Boxmark suffer most: all its boxes are in one control group, which gets ' +
    'as much CPU time as one process outside.';
  return [...(isBusy(bench) ? [busy, ''] : []), ...lines].join('\n') || 'All that were measured are met.';
}

function otherTable(of: BenchFile): string {
  const others = of.figures.filter((figure) => stateOf(figure) === 'no goal');
  return table(
    ['figure', 'median', 'spread', 'of'],
    others.map((figure) => [`\`${figure.id}\``, ...cells(figure), String(figure.count)]),
  );
}

function runTable({ runs }: BenchFile): string {
  const rows = runs.map(({ name, seconds, failure }) => [`\`${name}\``, `${seconds.toFixed(0)} s`, failure ?? '']);
  return table(['bench', 'took', 'failure'], rows);
}

const cells = (figure: Figure) => [valueText(figure.value, figure.unit), spreadText(figure)];
