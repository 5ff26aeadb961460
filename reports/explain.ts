/** A difference taken apart, as text: the parts with their intervals, what they leave, exchanges, and steps not made. */

import type { Explained, ExplainedPart } from '../bench/analysis/explain.ts';
import type { Estimate } from '../bench/types.ts';
import { formatChange, formatSpan } from '../bench/units.ts';
import { type TableRow, tableLines } from './formats/text-table.ts';
import { clean, wrap } from './text.ts';
import { NO_FIGURE } from './words.ts';

export interface ExplainText {
  readonly program: string;
  readonly session: string;
  readonly env: string;
  readonly baseline: string;
  readonly blocks: number;
  readonly minutes: number;
  readonly results: readonly Explained[];
  /** By environment, what its box says has changed from the rung below it; empty where nothing has. */
  readonly changed: Readonly<Record<string, readonly string[]>>;
  /** State of the speculation control by environment, where it is told. */
  readonly speculation: Readonly<Record<string, string>>;
  readonly missing: readonly { readonly part: string; readonly env: string; readonly reason: string }[];
}

const QUICK_BLOCKS = 10;

/** Pure; no line is wider than `width`. The suite, or the only workload, is taken apart whole; the others in one table. */
export function renderExplain(text: ExplainText, width = 80): string {
  const { results, blocks, minutes, missing } = text;
  const items = (texts: readonly string[]) => texts.flatMap((line) => wrap(line, width, '  '));
  const section = (title: string, body: readonly string[]) =>
    body.length === 0 ? [] : ['', ...wrap(title, width), ...body];
  const main = results.at(-1);
  const span = `${blocks} ${blocks === 1 ? 'block' : 'blocks'} in ${formatSpan(minutes * 60)}`;
  const head = wrap(`boxmark ${clean(text.program, 20)} · explain · ${clean(text.session, 60)} · ${span}`, width, '  ');
  if (main === undefined) return [...head, '', 'Nothing could be taken apart: no block has every step.', ''].join('\n');
  return [
    ...head,
    '',
    ...wrap(answer(text, main), width),
    ...section(
      `The parts of ${clean(text.env, 60)} against ${clean(text.baseline, 60)}, each one setting apart (${main.workload})`,
      partLines(main, width),
    ),
    ...section('The same part by part for each workload: change of time', workloadLines(results, width)),
    ...section(
      `Done otherwise, against the whole ${clean(text.env, 60)} (${main.workload})`,
      exchangeLines(main, width),
    ),
    ...section('What the boxes say of each step', items(changedTexts(text, main))),
    ...section(
      'Steps not made here',
      items(missing.map(({ part, env, reason }) => `${clean(part)} (${clean(env, 100)}): ${clean(reason)}.`)),
    ),
    ...section('Read this with', items(notes(text, main))),
    '',
  ].join('\n');
}

function answer({ env, baseline }: ExplainText, { whole, parts, workload }: Explained): string {
  const subject = `${clean(env, 60)} takes ${formatChange(whole.ratio, 2)} time against ${clean(baseline, 60)} ${bracket(whole)} (${workload})`;
  const shown = parts.filter(({ estimate }) => isShown(estimate));
  if (shown.length === 0) return `${subject}; no part of it differs from none.`;
  const texts = shown.map(({ part, estimate }) => `${clean(part, 60)} ${formatChange(estimate.ratio, 2)}`);
  return `${subject}; parts that differ from none: ${texts.join(', ')}.`;
}

function partLines({ parts, rest, whole }: Explained, width: number): string[] {
  const row = (name: string, estimate: Estimate, share: number | null): TableRow => ({
    cells: [name, formatChange(estimate.ratio, 2), bracket(estimate), share === null ? NO_FIGURE : percent(share)],
  });
  const sum = Math.log(rest.ratio);
  const total = Math.log(whole.ratio);
  const hasShares = parts.some(({ share }) => share !== null);
  return tableLines(
    ['', 'time', '95 % interval', 'of the whole'],
    [
      ...parts.map(({ part, estimate, share }) => row(clean(part, 60), estimate, share)),
      row('the rest', rest, hasShares ? sum / total : null),
      row('the whole', whole, hasShares ? 1 : null),
    ],
    width,
  );
}

function workloadLines(results: readonly Explained[], width: number): string[] {
  if (results.length < 2) return [];
  const parts = results.at(-1)?.parts ?? [];
  const cell = (estimate: Estimate | undefined) => (estimate ? formatChange(estimate.ratio, 2) : NO_FIGURE);
  const rowOf = (name: string, of: (result: Explained) => Estimate | undefined) => ({
    cells: [name, ...results.map((result) => cell(of(result)))],
  });
  return tableLines(
    ['', ...results.map(({ workload }) => clean(workload, 20))],
    [
      ...parts.map(({ part, env }) =>
        rowOf(clean(part, 60), (result) => result.parts.find((it) => it.env === env)?.estimate),
      ),
      rowOf('the rest', ({ rest }) => rest),
      rowOf('the whole', ({ whole }) => whole),
    ],
    width,
  );
}

function exchangeLines({ exchanges }: Explained, width: number): string[] {
  if (exchanges.length === 0) return [];
  const rows = exchanges.map(({ part, estimate }) => ({
    cells: [clean(part, 60), formatChange(estimate.ratio, 2), bracket(estimate)],
  }));
  return tableLines(['', 'time', '95 % interval'], rows, width);
}

function changedTexts({ changed }: ExplainText, { parts, exchanges }: Explained): string[] {
  return [...parts, ...exchanges].map(({ part, env, against }: ExplainedPart) => {
    const facts = changed[env] ?? [];
    const what =
      facts.length === 0 ? 'no fact that Boxmark reads has changed' : facts.map((fact) => clean(fact, 120)).join(', ');
    return `${clean(part, 60)} (${clean(env, 100)} after ${clean(against, 100)}): ${what}.`;
  });
}

function notes({ blocks, speculation }: ExplainText, { parts, whole }: Explained): string[] {
  const states = [...new Set(Object.values(speculation))];
  const ssbd =
    states.length === 1
      ? [
          `Speculation control (SSBD) is the same in every box (${clean(states[0] ?? '', 40)}): it is no part of the difference on this kernel.`,
        ]
      : [];
  return [
    'Each part is measured with the parts above it in place. In another order the parts may differ: settings need not add up.',
    'The rest is what medians over rounds leave when they are added; of a good session its interval contains 0.',
    ...ssbd,
    ...(isShown(whole) ? [] : ['The whole does not differ from none in this session, so no part has a share of it.']),
    ...(parts.length > 1 ? [`Intervals are not adjusted for their number (${parts.length}).`] : []),
    ...(blocks < QUICK_BLOCKS
      ? [`quick: ${blocks} ${blocks === 1 ? 'block' : 'blocks'}, fewer than ${QUICK_BLOCKS}.`]
      : []),
  ];
}

function isShown({ interval }: Estimate): boolean {
  return interval !== null && (interval.low > 1 || interval.high < 1);
}

function bracket({ interval }: Estimate): string {
  if (interval === null) return NO_FIGURE;
  const change = (ratio: number) => formatChange(ratio, 2).replace(' %', '');
  return `[${change(interval.low)}, ${change(interval.high)}]`;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
