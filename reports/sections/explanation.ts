/** An environment's overhead by its parts: each setting with its interval, what they leave, and what was exchanged. */

import type { Explained, ExplainedPart } from '../../bench/analysis/explain.ts';
import type { Estimate } from '../../bench/types.ts';
import { clean } from '../text.ts';
import { changeWords, count, figureOf, known, NO_FIGURE, type Words } from '../words.ts';
import { quickText } from './notes.ts';
import { figures, list, name, type RichCell, type Row, type Section, type Text, tableSection } from './section.ts';

export interface Explanation {
  readonly program: string;
  readonly session: string;
  /** Of the session; null while it has no manifest. */
  readonly seal: string | null;
  readonly env: string;
  readonly baseline: string;
  readonly blocks: number;
  readonly minutes: number;
  /** The last one is of the suite, or of the only workload. */
  readonly results: readonly Explained[];
  /** By environment, the facts of its box that have changed from the step below it; empty where none has. */
  readonly changed: Readonly<Record<string, readonly string[]>>;
  /** State of the speculation control, by environments that report it. */
  readonly speculation: Readonly<Record<string, string>>;
  readonly missing: readonly { readonly part: string; readonly env: string; readonly reason: string }[];
}

/** As a change in percent: parts of an overhead are small, so they have two digits after the point. */
export function partWords(estimate: Estimate): Words {
  return changeWords(figureOf(estimate), 2);
}

export function isShown({ interval }: Estimate): boolean {
  return interval !== null && (interval.low > 1 || interval.high < 1);
}

export function parts({ env, baseline }: Explanation, { parts: all, rest, whole, workload }: Explained): Section {
  const hasShares = all.some(({ share }) => share !== null);
  const shareCell = (share: number | null): RichCell => ({
    show: known(share, (it) => `${Math.round(100 * it)} %`),
    value: share,
  });
  const row = (part: Text, estimate: Estimate, share: number | null): Row => ({
    cells: [part, ...estimateCells(estimate), shareCell(share)],
  });
  return tableSection(
    { id: 'parts', title: `The parts of ${clean(env, 60)} against ${clean(baseline, 60)} (${clean(workload, 40)})` },
    {
      columns: figures('part', 'time', '95 % interval', 'of the whole'),
      rows: [
        ...all.map(({ part, estimate, share }) => row(clean(part, 60), estimate, share)),
        row('the rest', rest, hasShares ? Math.log(rest.ratio) / Math.log(whole.ratio) : null),
        row('the whole', whole, hasShares ? 1 : null),
      ],
    },
  );
}

export function partsByWorkload({ results }: Explanation, main: Explained): Section {
  const cell = (estimate: Estimate | undefined): RichCell =>
    estimate === undefined ? { show: NO_FIGURE } : { show: partWords(estimate).value, value: estimate.ratio };
  const rowOf = (part: string, of: (result: Explained) => Estimate | undefined): Row => ({
    cells: [part, ...results.map((result) => cell(of(result)))],
  });
  return tableSection(
    { id: 'workloads', title: 'The parts by workload: change of time', weight: 'body' },
    {
      columns: figures('part', ...results.map(({ workload }) => clean(workload, 20))),
      rows:
        results.length < 2
          ? []
          : [
              ...main.parts.map(({ part, env }) =>
                rowOf(clean(part, 60), (result) => result.parts.find((it) => it.env === env)?.estimate),
              ),
              rowOf('the rest', ({ rest }) => rest),
              rowOf('the whole', ({ whole }) => whole),
            ],
    },
  );
}

export function exchanges({ env }: Explanation, { exchanges: all, workload }: Explained): Section {
  return tableSection(
    {
      id: 'exchanges',
      title: `Alternatives, against the whole ${clean(env, 60)} (${clean(workload, 40)})`,
      weight: 'body',
    },
    {
      columns: figures('alternative', 'time', '95 % interval'),
      rows: all.map(({ part, estimate }) => ({ cells: [clean(part, 60), ...estimateCells(estimate)] })),
    },
  );
}

function estimateCells(estimate: Estimate): Row['cells'] {
  const { value, range } = partWords(estimate);
  return [{ show: value, value: estimate.ratio }, range ?? NO_FIGURE];
}

export function changedFacts({ changed }: Explanation, { parts: all, exchanges: others }: Explained): Section {
  return list(
    'facts',
    'Facts that each step changes',
    [...all, ...others].map(({ part, env, against }: ExplainedPart): Text => {
      const facts = (changed[env] ?? []).map((fact) => clean(fact, 120));
      const what = facts.length === 0 ? 'none of those that Boxmark reads' : facts.join(', ');
      return [`${clean(part, 60)} (`, name(env, 100), ' after ', name(against, 100), `): ${what}.`];
    }),
  );
}

export function missingSteps({ missing }: Explanation): Section {
  return list(
    'missing',
    'Steps that could not run here',
    missing.map(({ part, env, reason }): Text => [`${clean(part)} (`, name(env, 100), `): ${clean(reason)}.`]),
  );
}

export function explanationNotes({ blocks, speculation }: Explanation, { parts: all, whole }: Explained): Section {
  const [state, ...others] = new Set(Object.values(speculation));
  return list('notes', 'Notes', [
    'Each part is measured with the parts above it in place. In another order the parts may differ: settings need not add up.',
    'The rest is what medians over rounds leave when they are added; in a good session its interval contains 0.',
    ...(state === undefined || others.length > 0
      ? []
      : [
          `Speculation control (SSBD) is the same in every box (${clean(state, 40)}), so it is no part of the difference on this kernel.`,
        ]),
    ...(isShown(whole) ? [] : ['The whole shows no difference in this session, so no part has a share of it.']),
    ...(all.length > 1 ? [`Intervals are not adjusted for their number (${count(all.length, 'part')}).`] : []),
    ...quickText(blocks),
  ]);
}
