/** `boxmark list`: environments, workloads, reports, exports and claims, straight from their registries; and the sessions here. */

import type { Claim } from '../../bench/analysis/claims/schema.ts';
import { nearest, usageError } from '../../bench/errors.ts';
import { LISTS } from '../../bench/plan/flags.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import type { Runner } from '../../bench/types.ts';
import { neutral } from '../../reports/text.ts';
import type { SystemWorkload } from '../../system/index.ts';
import { conclude } from '../conclude.ts';

interface Item {
  readonly name: string;
  readonly summary: string;
  readonly details: readonly string[];
}

/** A registry is loaded when its list is asked for: some of them take longer to load than to print. */
const ITEMS: Readonly<Record<(typeof LISTS)[number], () => Promise<Item[]>>> = {
  environments,
  workloads,
  reports: async () => {
    const { formatsFor } = await import('../../reports/formats/index.ts');
    return formatsFor('people').map(({ name, summary, extension }) => ({ name, summary, details: [`.${extension}`] }));
  },
  exports: async () => {
    const { formatsFor } = await import('../../reports/formats/index.ts');
    return formatsFor('tool').map(({ name, summary, many, folder }) => ({
      ...{ name, summary },
      details: [many ? 'several sessions' : 'one session', ...(folder ? ['a folder of files'] : [])],
    }));
  },
  claims,
  sessions,
};

export async function list(flags: FlagValues<'list'>, kind = ''): Promise<number> {
  const wanted = LISTS.find((name) => name === kind);
  if (wanted === undefined) {
    throw usageError(`There is no such list${nearest(kind, LISTS)}.`, kind, LISTS.join(', '));
  }
  const items = await ITEMS[wanted]();
  // Sessions may come from anybody; the other lists are the program's own. A JSON document has both as they are.
  const plain = wanted === 'sessions' ? neutral : (text: string) => text;
  const shown = items.map(({ name, summary, details }) => ({
    ...{ name: plain(name), summary: plain(summary) },
    details: details.map(plain),
  }));
  const width = Math.max(...shown.map(({ name }) => name.length));
  const lines = shown.flatMap(({ name, summary, details }) => [
    `${name.padEnd(width)}  ${summary}`,
    ...(flags.verbose ? details.map((detail) => `${' '.repeat(width)}  ${detail}`) : []),
  ]);
  return conclude({ json: flags.json, document: () => ({ list: wanted, items }), text: () => `${lines.join('\n')}\n` });
}

async function environments(): Promise<Item[]> {
  const { RUNNERS } = await import('../../runners/index.ts');
  const { ALIASES, CONTAINERS } = await import('../../runners/aliases.ts');
  const { exampleOf } = await import('../../runners/stack/settings.ts');
  const summaries: Readonly<Record<(typeof ALIASES)[number], string>> = {
    container: `The first container engine that can run: ${CONTAINERS.join(', ')}`,
    nested: 'The engine that "container" stands for, inside itself',
    vm: 'The first that can run: qemu with KVM, uml, qemu emulated',
  };
  return [
    ...RUNNERS.map((runner) => ({
      ...{ name: runner.name, summary: runner.summary },
      details: layerDetails(runner, exampleOf),
    })),
    ...ALIASES.map((name) => ({ name, summary: summaries[name], details: ['alias'] })),
  ];
}

async function workloads(): Promise<Item[]> {
  const { WORKLOADS } = await import('../../scimark/index.ts');
  const { SYSTEM_WORKLOADS, groupsIn } = await import('../../system/index.ts');
  return [
    ...WORKLOADS.map(({ id, title, summary, sizes }) => ({
      name: id,
      summary: `${title}: ${summary}`,
      details: Object.entries(sizes).map(([size, it]) => `${size}: ${it.flops} nominal operations a pass`),
    })),
    ...SYSTEM_WORKLOADS.map((workload) => systemItem(workload, groupsIn(workload))),
  ];
}

function layerDetails(
  { name, kind, holds, transparent, settings }: Runner,
  exampleOf: typeof import('../../runners/stack/settings.ts').exampleOf,
): string[] {
  const holding = transparent
    ? `makes no box of its own: …/${name}, or alone on the host`
    : holds
      ? `can hold others: ${name}/…`
      : 'holds no others';
  const known = settings?.known ?? [];
  return [
    `kind: ${kind}`,
    holding,
    ...known.map(
      (setting) => `${exampleOf(name, setting)}  ${setting.summary}${setting.required ? ' (must be given)' : ''}`,
    ),
    ...(known.length === 0 ? ['takes no settings'] : []),
  ];
}

/** Not measured unless it is named. */
function systemItem(workload: SystemWorkload, groups: readonly string[]): Item {
  const { id, title, summary, unit, sizes } = workload;
  const sizeLines = Object.entries(sizes).map(([size, { parameters }]) => {
    const figures = Object.entries(parameters).map(([name, value]) => `${value} ${name}`);
    return `${size}: ${figures.join(', ')} a pass`;
  });
  return {
    name: id,
    summary: `${title}: ${summary}`,
    details: [`when named, or with ${groups.map((group) => `-w ${group}`).join(' or ')}; in ${unit}`, ...sizeLines],
  };
}

async function claims(): Promise<Item[]> {
  const [{ readClaims }, { isRateClaim }, { unitOf }, { bandText }, { publishedClaims }] = await Promise.all([
    import('../../bench/analysis/claims/file.ts'),
    import('../../bench/analysis/claims/schema.ts'),
    import('../../bench/analysis/claims/figures.ts'),
    import('../../reports/sections/claims.ts'),
    import('../paths.ts'),
  ]);
  return readClaims(publishedClaims()).claims.map((claim: Claim) => {
    const { id, metric, numerator_env, denominator_env, applies_if = [] } = claim;
    const sides = [numerator_env, denominator_env].filter((side) => side !== undefined);
    const on = isRateClaim(claim) ? [claim.workload].flat().join(', ') : claim.figure;
    const unit = isRateClaim(claim) || denominator_env !== undefined ? 'ratio' : unitOf(claim.metric);
    return {
      name: id,
      summary: `${claim.historical ? 'Historical: ' : ''}${claim.claim}`,
      details: [
        `${metric} of ${sides.map((side) => [side].flat().join(' or ')).join(' over ')}, ${on}`,
        `published ${claim.value}, band ${bandText(claim.band, unit)}${claim.grade === undefined ? '' : `, grade ${claim.grade}`}`,
        ...applies_if.map(({ needs }) => `needs ${needs}`),
        `source: ${claim.source}`,
        ...(claim.note === undefined ? [] : [claim.note]),
      ],
    };
  });
}

/** Those below `results`, where `run` puts them. */
async function sessions(): Promise<Item[]> {
  const [{ sessionFolders }, { activityIn, sentenceOf }, { defaultFor }] = await Promise.all([
    import('../../bench/session/find.ts'),
    import('../session/activity.ts'),
    import('../../bench/plan/read-flags.ts'),
  ]);
  const now = Date.now();
  return sessionFolders(defaultFor('run', 'out'), { below: true }).flatMap((dir) => {
    const activity = activityIn(dir, now);
    if (activity === null) return [{ name: dir, summary: "can't be read; boxmark check says why", details: [] }];
    const { command, environments } = activity.info;
    return [
      {
        name: dir,
        summary: sentenceOf(activity, now),
        details: [environments.map(({ path }) => path).join(', '), command],
      },
    ];
  });
}
