/** What every box runs with: a fact a row, an environment a column, unequal cells marked. */

import { factWords } from '../../bench/box/facts.ts';
import type { Fact } from '../../bench/types.ts';
import type { ReportModel } from '../model/model.ts';
import type { Facts } from '../model/record.ts';
import { clean } from '../text.ts';
import { type Cell, code, faint, name, type Section, type Text, texts } from './section.ts';

/** Facts of a single start, and ones that are part of others. */
const LEFT_OUT: ReadonlySet<string> = new Set<Fact>(['pid', 'image_mismatch']);

/** An inequality's name where it is not that of the fact that it was read from. */
const FACTS_OF: Readonly<Record<string, readonly Fact[]>> = {
  cpus: ['cpus_allowed', 'cpuset'],
  host_cpus: ['host_cpus_allowed', 'host_cpuset'],
  cpu_flags: ['cpu_flags_sha256'],
  memory: ['memory_limit_bytes', 'memory_total_kib', 'host_memory_limit_bytes'],
  cpu_quota: ['cpu_quota', 'cpu_period_us'],
  host_cpu_quota: ['host_cpu_quota', 'host_cpu_period_us'],
};

type Box = ReturnType<typeof boxesOf>[number];

export function parity(model: ReportModel): Section {
  const boxes = boxesOf(model);
  const { baseline } = model.session.plan;
  const base = boxes.find(({ path }) => path === baseline)?.facts;
  const names = [...new Set(boxes.flatMap(({ facts }) => Object.keys(facts)))].filter((fact) => !LEFT_OUT.has(fact));
  const isUnequal = (fact: string) => boxes.some((box) => differenceOf(box, base, fact) !== null);
  const ordered = [...names.filter(isUnequal), ...names.filter((fact) => !isUnequal(fact))];
  return {
    id: 'parity',
    title: 'Parity',
    weight: 'fold',
    lead: [
      [
        'Read inside every box before anything was timed. A cell is marked where it differs from ',
        name(baseline),
        ': ✕ where a setting causes the difference, so the verdict is untrusted; ≠ where the layer differs by design, ' +
          'which is part of what is measured. Unequal facts come first.',
      ],
    ],
    tables: [
      {
        id: 'parity-rows',
        caption: 'Facts of every box',
        columns: [
          { title: 'fact' },
          { title: 'in files', align: 'left', detail: true },
          ...texts(...boxes.map(({ path }) => clean(path, 60))),
        ],
        rows: ordered.map((fact) => ({
          cells: [clean(factWords(fact), 60), code(fact, 60), ...boxes.map((box) => factCell(box, base, fact))],
        })),
      },
    ],
    notesTitle: 'Where the differences come from',
    notes: boxes.flatMap(({ path, unequal }) =>
      unequal.map(({ label, why }): Text => [name(path, 60), `: ${clean(label, 160)}: ${clean(why)}`]),
    ),
  };
}

function boxesOf({ details }: ReportModel) {
  return (details.record?.environments ?? []).flatMap(({ path, facts, inequalities }) =>
    facts === null ? [] : [{ path, facts, unequal: inequalities ?? [] }],
  );
}

function differenceOf(box: Box, base: Facts | undefined, fact: string): 'setting' | 'nature' | null {
  const found = box.unequal.filter((one) => one.fact === fact || FACTS_OF[one.fact]?.some((name) => name === fact));
  const differs = box.facts[fact] !== null && base?.[fact] !== null && box.facts[fact] !== base?.[fact];
  if (!differs && !found.some((one) => one.fact === fact)) return null;
  if (found.some(({ avoidable }) => avoidable)) return 'setting';
  return found.length > 0 ? 'nature' : null;
}

function factCell(box: Box, base: Facts | undefined, fact: string): Cell {
  const show = factText(box.facts, fact);
  const tone = differenceOf(box, base, fact);
  if (tone === null) return show;
  return tone === 'setting'
    ? { show, tone, sign: '✕', note: '✕ unequal because of a setting' }
    : { show, tone, sign: '≠', note: '≠ differs by design' };
}

/** Digests by their beginning, lists of states by their number: session.json has the whole. */
function factText(facts: Facts, fact: string): Text {
  const value = facts[fact];
  if (value === null || value === undefined) return faint('not shown');
  const text = clean(String(value), 400);
  if (/^[0-9a-f]{64}$/.test(text)) return code(`${text.slice(0, 12)}…`);
  if (fact === 'mitigations') {
    const states = text.split('; ');
    const open = states.filter((state) => /: Vulnerable/.test(state)).length;
    return `${states.length} listed, ${open} vulnerable`;
  }
  if (fact.endsWith('_bytes') && /^\d+$/.test(text)) return mebibytes(Number(text) / 2 ** 20);
  if (fact.endsWith('_kib') && /^\d+$/.test(text)) return mebibytes(Number(text) / 2 ** 10);
  return text;
}

function mebibytes(value: number): string {
  return `${Math.round(value)} MiB`;
}
