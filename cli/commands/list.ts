/** `boxmark list`: environments, workloads, reports, exports and claims, straight from their registries. */

import { Command } from 'commander';
import { unitOf } from '../../bench/analysis/claims/figures.ts';
import { readClaims } from '../../bench/analysis/claims/file.ts';
import { type Claim, isRateClaim } from '../../bench/analysis/claims/schema.ts';
import { usageError } from '../../bench/errors.ts';
import { nearest } from '../../bench/plan/plan.ts';
import type { Runner } from '../../bench/types.ts';
import { formatsFor } from '../../reports/formats/index.ts';
import { bandText } from '../../reports/sections/claims.ts';
import { ALIASES, CONTAINERS } from '../../runners/aliases.ts';
import { RUNNERS } from '../../runners/index.ts';
import { exampleOf } from '../../runners/stack/settings.ts';
import { WORKLOADS } from '../../scimark/index.ts';
import { SYSTEM_WORKLOADS, type SystemWorkload } from '../../system/index.ts';
import { publishedClaims } from '../paths.ts';
import { stdout } from '../streams.ts';

interface Item {
  readonly name: string;
  readonly summary: string;
  readonly details: readonly string[];
}

const ALIAS_SUMMARIES: Readonly<Record<(typeof ALIASES)[number], string>> = {
  container: `The first container engine that can run: ${CONTAINERS.join(', ')}`,
  nested: 'The engine that "container" stands for, inside itself',
  vm: 'The first that can run: qemu with KVM, uml, qemu emulated',
};

const LISTS: Readonly<Record<string, () => Item[]>> = {
  environments: () => [
    ...RUNNERS.map((runner) => ({ name: runner.name, summary: runner.summary, details: layerDetails(runner) })),
    ...ALIASES.map((name) => ({ name, summary: ALIAS_SUMMARIES[name], details: ['alias'] })),
  ],
  workloads: () => [
    ...WORKLOADS.map(({ id, title, summary, sizes }) => ({
      name: id,
      summary: `${title}: ${summary}`,
      details: Object.entries(sizes).map(([size, it]) => `${size}: ${it.flops} nominal operations a pass`),
    })),
    ...SYSTEM_WORKLOADS.map(systemItem),
  ],
  reports: () =>
    formatsFor('people').map(({ name, summary, extension }) => ({ name, summary, details: [`.${extension}`] })),
  exports: () =>
    formatsFor('tool').map(({ name, summary, many, folder }) => ({
      name,
      summary,
      details: [many ? 'several sessions' : 'one session', ...(folder ? ['a folder of files'] : [])],
    })),
  claims: () => readClaims(publishedClaims()).claims.map(claimItem),
};

function layerDetails({ name, kind, holds, transparent, settings }: Runner): string[] {
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
function systemItem({ id, title, summary, unit, sizes }: SystemWorkload): Item {
  const sizeLines = Object.entries(sizes).map(([size, { parameters }]) => {
    const figures = Object.entries(parameters).map(([name, value]) => `${value} ${name}`);
    return `${size}: ${figures.join(', ')} a pass`;
  });
  return {
    name: id,
    summary: `${title}: ${summary}`,
    details: [`when named, or with -w system; in ${unit}`, ...sizeLines],
  };
}

function claimItem(claim: Claim): Item {
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
}

export function listCommand(): Command {
  const kinds = Object.keys(LISTS);
  return new Command('list')
    .description(`list ${kinds.join(', ')}`)
    .argument('<kind>', kinds.join(', '))
    .option('-v, --verbose', 'with details')
    .option('--json', 'print the list as one JSON document')
    .addHelpText('after', '\nExample:\n  boxmark list environments -v')
    .action((kind: string, flags: { verbose?: boolean; json?: boolean }) => {
      const items = LISTS[kind]?.();
      if (items === undefined)
        throw usageError(`There is no such list${nearest(kind, kinds)}.`, kind, kinds.join(', '));
      if (flags.json) return void stdout.write(`${JSON.stringify(items, null, 2)}\n`);
      const width = Math.max(...items.map(({ name }) => name.length));
      for (const { name, summary, details } of items) {
        stdout.write(`${name.padEnd(width)}  ${summary}\n`);
        if (flags.verbose) for (const detail of details) stdout.write(`${' '.repeat(width)}  ${detail}\n`);
      }
    });
}
