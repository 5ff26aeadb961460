/** `boxmark list`: environments, workloads and reports, straight from their registries. */

import { Command } from 'commander';
import { usageError } from '../../bench/errors.ts';
import { nearest } from '../../bench/plan.ts';
import { reports } from '../../reports/index.ts';
import { ALIASES, CONTAINERS } from '../../runners/aliases.ts';
import { RUNNERS } from '../../runners/index.ts';
import { WORKLOADS } from '../../scimark/index.ts';

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
    ...RUNNERS.map(({ name, summary, kind, holds }) => ({
      name,
      summary,
      details: [`kind: ${kind}`, holds ? `can hold others: ${name}/…` : 'holds no others'],
    })),
    ...ALIASES.map((name) => ({ name, summary: ALIAS_SUMMARIES[name], details: ['alias'] })),
  ],
  workloads: () =>
    WORKLOADS.map(({ id, title, summary, sizes }) => ({
      name: id,
      summary: `${title}: ${summary}`,
      details: Object.entries(sizes).map(([size, it]) => `${size}: ${it.flops} nominal operations a pass`),
    })),
  reports: () => reports.map(({ name, summary, extension }) => ({ name, summary, details: [`.${extension}`] })),
};

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
      if (flags.json) return void process.stdout.write(`${JSON.stringify(items, null, 2)}\n`);
      const width = Math.max(...items.map(({ name }) => name.length));
      for (const { name, summary, details } of items) {
        process.stdout.write(`${name.padEnd(width)}  ${summary}\n`);
        if (flags.verbose) for (const detail of details) process.stdout.write(`${' '.repeat(width)}  ${detail}\n`);
      }
    });
}
