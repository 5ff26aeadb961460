/** JUnit XML: a test case for every pair and workload, failed when it is slower past the margin. */

import { grouped } from '../../bench/grouped.ts';
import { formatChange } from '../../bench/units.ts';
import type { ContrastRow } from '../model/model.ts';
import { reasonText } from '../sections/verdicts.ts';
import { neutral } from '../text.ts';
import { percent, percentDigits, ratioWords } from '../words.ts';
import { type ExportModel, textExport } from './export.ts';

/**
 * An open verdict is a skipped case: nothing failed, and nothing was shown. Elements and attributes are those that both
 * the schema of Jenkins' xUnit plug-in (junit-10.xsd) and that of Ant's reports allow, with all that Ant's requires: no
 * attribute at the root, and output by suite, not by case.
 */
function render(model: ExportModel): string {
  const { contrasts, integrity } = model;
  const suites = grouped(contrasts, pairOf).map((rows, id) => suiteLines(id, rows, model));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    ...integrity.faults.map((fault) => `<!-- ${comment(`Warning: ${fault}`)} -->`),
    '<testsuites>',
    ...suites.flat(),
    '</testsuites>',
    '',
  ].join('\n');
}

function suiteLines(id: number, rows: readonly ContrastRow[], model: ExportModel): string[] {
  const { session, fingerprint, integrity, margin } = model;
  const name = pairOf(rows[0] as ContrastRow);
  const { tests, failures, skipped } = countOf(rows);
  const begun = Date.parse(session.startedAt);
  const attributes = {
    ...{ id, package: 'boxmark', name, hostname: neutral(session.host).trim() || 'localhost' },
    timestamp: new Date(Number.isFinite(begun) ? begun : 0).toISOString().slice(0, 19),
    ...{ tests, failures, errors: 0, skipped, time: NO_TIME },
  };
  const properties = [
    ...Object.entries({ session: session.id, version: session.program, host: session.host, fingerprint }),
    ['margin', percent(margin)] as const,
    ...(integrity.seal === null ? [] : [['seal', integrity.seal] as const]),
    ...integrity.faults.map((fault) => ['warning', fault] as const),
  ];
  const figures = rows.map((row) => `${neutral(row.workload)}: ${row.verdict}: ${figureText(row)}`);
  return [
    `  <testsuite ${attributeList(attributes)}>`,
    '    <properties>',
    ...properties.map(([key, value]) => `      <property ${attributeList({ name: key, value })}/>`),
    '    </properties>',
    ...rows.flatMap((row) => caseLines(name, row, model)),
    `    <system-out>${text(figures.join('\n'), '\n')}</system-out>`,
    '    <system-err></system-err>',
    '  </testsuite>',
  ];
}

/** A ratio takes no time, and readers that need one add it up. */
const NO_TIME = 0;

function caseLines(classname: string, row: ContrastRow, model: ExportModel): string[] {
  const { workload: name } = row;
  const start = `<testcase ${attributeList({ classname, name, time: NO_TIME })}`;
  const outcome = outcomeLine(row, model);
  if (outcome === null) return [`    ${start}/>`];
  return [`    ${start}>`, `      ${outcome}`, '    </testcase>'];
}

/** Null for a case that passes. */
function outcomeLine(row: ContrastRow, { margin }: ExportModel): string | null {
  const figure = figureText(row);
  switch (outcomeOf(row)) {
    case 'failed': {
      const what = `${row.env} takes longer than ${row.baseline} on ${row.workload}, past the margin of ${percent(margin)}.`;
      return `<failure ${attributeList({ type: 'slower', message: figure })}>${text(what)}</failure>`;
    }
    case 'skipped': {
      const why = `${row.verdict}: ${reasonText(row.judgement?.reasons ?? [])}`;
      return `<skipped ${attributeList({ message: `${why}; ${figure}` })}/>`;
    }
    default:
      return null;
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
function text(value: string, lineEnd = ' '): string {
  return value
    .split('\n')
    .map((line) => neutral(line).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'))
    .join(lineEnd);
}

/** Two hyphens would end it. */
function comment(value: string): string {
  return text(value).replaceAll(/-(?=-|$)/g, '- ');
}

function attributeList(values: Readonly<Record<string, string | number>>): string {
  const quoted = (value: string) => text(value).replaceAll('"', '&quot;').replaceAll("'", '&apos;');
  return Object.entries(values)
    .map(([name, value]) => `${name}="${quoted(String(value))}"`)
    .join(' ');
}

export const junit = textExport(
  {
    name: 'junit',
    extension: 'xml',
    summary: 'JUnit XML for CI servers: a case for every pair and workload, failed when slower past the margin',
  },
  render,
);
