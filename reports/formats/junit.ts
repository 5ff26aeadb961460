/** JUnit XML: a test case for every pair and workload, failed when it is slower past the margin. */

import { formatChange } from '../../bench/units.ts';
import { grouped } from '../grouped.ts';
import type { ContrastRow } from '../model/model.ts';
import { reasonText } from '../sections/verdicts.ts';
import { neutral } from '../text.ts';
import { percent, percentDigits, ratioWords } from '../words.ts';
import { type ExportModel, textExport } from './export.ts';

/**
 * An open verdict is a skipped case: nothing failed, and nothing was shown. Element and attribute names, and their order,
 * are those of the schema that Jenkins' xUnit plug-in ships (junit-10.xsd).
 */
function render(model: ExportModel): string {
  const { session, contrasts, margin, integrity } = model;
  const suites = grouped(contrasts, pairOf).map((rows) => suiteLines(pairOf(rows[0] as ContrastRow), rows, model));
  const counts = countOf(contrasts);
  const name = `boxmark ${session.id}, margin ${percent(margin)}`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    ...integrity.faults.map((fault) => `<!-- ${comment(`Warning: ${fault}`)} -->`),
    `<testsuites name="${attribute(name)}" tests="${counts.tests}" failures="${counts.failures}" errors="0">`,
    ...suites.flat(),
    '</testsuites>',
    '',
  ].join('\n');
}

function suiteLines(name: string, rows: readonly ContrastRow[], model: ExportModel): string[] {
  const { session, fingerprint, integrity } = model;
  const { tests, failures, skipped } = countOf(rows);
  const begun = Date.parse(session.startedAt);
  const stamp = Number.isFinite(begun) ? ` timestamp="${new Date(begun).toISOString().slice(0, 19)}"` : '';
  const properties = [
    ...Object.entries({ session: session.id, version: session.program, host: session.host, fingerprint }),
    ...(integrity.seal === null ? [] : [['seal', integrity.seal] as const]),
    ...integrity.faults.map((fault) => ['warning', fault] as const),
  ];
  return [
    `  <testsuite name="${attribute(name)}" tests="${tests}" failures="${failures}" errors="0" skipped="${skipped}"${stamp}>`,
    '    <properties>',
    ...properties.map(([key, value]) => `      <property name="${key}" value="${attribute(value)}"/>`),
    '    </properties>',
    ...rows.flatMap((row) => caseLines(name, row, model)),
    '  </testsuite>',
  ];
}

/** No `time`: a ratio has none, and the reader would add them up. */
function caseLines(suite: string, row: ContrastRow, model: ExportModel): string[] {
  return [
    `    <testcase classname="${attribute(suite)}" name="${attribute(row.workload)}">`,
    ...outcomeLines(row, model).map((line) => `      ${line}`),
    '    </testcase>',
  ];
}

function outcomeLines(row: ContrastRow, { margin }: ExportModel): string[] {
  const figure = figureText(row);
  switch (outcomeOf(row)) {
    case 'failed': {
      const what = `${row.env} takes longer than ${row.baseline} on ${row.workload}, past the margin of ${percent(margin)}.`;
      return [`<failure type="slower" message="${attribute(figure)}">${text(what)}</failure>`];
    }
    case 'skipped': {
      const why = `${row.verdict}: ${reasonText(row.judgement?.reasons ?? [])}`;
      return [`<skipped message="${attribute(why)}"/>`, `<system-out>${text(figure)}</system-out>`];
    }
    default:
      return [`<system-out>${text(`${row.verdict}: ${figure}`)}</system-out>`];
  }
}

/** Slower, but not with the whole interval past the margin, is no failure: that is what the margin is for. */
function outcomeOf({ verdict, judgement }: ContrastRow): 'failed' | 'skipped' | 'passed' {
  if (verdict === 'slower' && judgement?.additions.includes('past-margin')) return 'failed';
  return verdict === 'inconclusive' || verdict === 'untrusted' ? 'skipped' : 'passed';
}

function countOf(rows: readonly ContrastRow[]): { tests: number; failures: number; skipped: number } {
  const of = (outcome: ReturnType<typeof outcomeOf>) => rows.filter((row) => outcomeOf(row) === outcome).length;
  return { tests: rows.length, failures: of('failed'), skipped: of('skipped') };
}

function figureText(row: ContrastRow): string {
  const { value, range } = ratioWords(row);
  const change = formatChange(1 / row.timeRatio, percentDigits(row));
  return `time ratio ${value} ${range ?? 'no interval'}, throughput ${change}, blocks ${row.blocks}`;
}

function pairOf({ env, baseline }: ContrastRow): string {
  return `${env} against ${baseline}`;
}

/** XML 1.0 has no way to write most control characters; `neutral` has taken them out. */
function text(value: string): string {
  return neutral(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Two hyphens would end it. */
function comment(value: string): string {
  return text(value).replaceAll(/-(?=-|$)/g, '- ');
}

function attribute(value: string): string {
  return text(value).replaceAll('"', '&quot;').replaceAll("'", '&apos;');
}

export const junit = textExport(
  {
    name: 'junit',
    extension: 'xml',
    summary: 'JUnit XML for CI servers: a case for every pair and workload, failed when slower past the margin',
  },
  render,
);
