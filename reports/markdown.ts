/** The report as Markdown for a pull request's comment or a job's summary: the verdicts first, the rest folded. */

import type { ContrastRow } from '../bench/analysis/contrast/ratio.ts';
import { hasSuite, SUITE, suiteOf } from '../bench/plan/suite.ts';
import type { StartupRow } from '../bench/types.ts';
import { formatChange, formatNs, threeDigits } from '../bench/units.ts';
import { answerOf } from './answer.ts';
import { footprintTexts, startupText } from './cost-rows.ts';
import { code, folded, markdownTable, prose } from './markdown-text.ts';
import type { ReportModel } from './model.ts';
import { honestNotes } from './notes.ts';
import { distrustLines, needsOf, openLines, percentText, verdictCell, verdictMarks } from './verdicts.ts';
import { controlSentence, environmentName, environmentTitle, percentDigits, ratioDigits } from './wording.ts';

const NO_FIGURE = '–';

/** Pure, and at most 65,000 characters long. */
export function render(model: ReportModel): string {
  const { session } = model;
  const needs = needsOf(model);
  const head = [
    `### ${prose(answerOf(model))}`,
    '',
    ...distrustLines(model).flatMap((line) => ['> [!WARNING]', `> ${prose(line)}`, '']),
    ...(session.plan.measure === undefined ? [prose(controlSentence(model)), '', ...verdictTable(model)] : []),
    ...startupTable(model.costs.startup.filter(({ temperature }) => temperature === 'warm')),
    ...footprintTable(model),
    ...verdictMarks(model.contrasts, model.margin).map((mark) => `\n<sub>${prose(mark)}</sub>`),
    ...(needs === null
      ? []
      : ['', `${prose(needs.sentence)}${needs.command === null ? '.' : `: ${code(needs.command)}`}`]),
  ];
  const notes = honestNotes(model);
  return folded(head, [
    {
      title: 'Cold starts',
      body: startupTable(model.costs.startup.filter(({ temperature }) => temperature === 'cold')),
    },
    { title: 'Every workload', body: workloadTables(model) },
    { title: 'Open and untrusted verdicts', body: items(openLines(model)) },
    { title: 'Levels and fresh starts', body: levelTables(model) },
    { title: 'What went wrong', body: items(problems(model)) },
    { title: `Read this with: ${notes.length} ${notes.length === 1 ? 'note' : 'notes'}`, body: items(notes) },
    {
      title: 'Session, host, and how to measure it again',
      body: [
        `- ${code(session.id)}, Boxmark ${prose(session.program, 20)}, ${shapeText(model)}`,
        `- ${prose(session.host)}`,
        `- measured with ${code(session.command)}, seed ${text(session.plan.seed)}`,
        `- again: ${code(`boxmark reproduce results/${session.id}`)}`,
      ],
    },
  ]);
}

function shapeText({ session, blocks }: ReportModel): string {
  const { profile, rounds, size } = session.plan;
  return `${text(profile)}: ${blocks} ${blocks === 1 ? 'block' : 'blocks'} × ${text(rounds)} rounds, size ${text(size)}`;
}

/** A value of the plan, which a file may hold as anything. */
function text(value: unknown): string {
  return prose(String(value), 40);
}

function startupTable(rows: readonly StartupRow[]): string[] {
  return markdownTable(
    ['start', 'until', 'median', 'times the baseline', '95 % interval'],
    rows
      .map(startupText)
      .map(({ env, figure, median, ratio, range }) => [code(env, 160), figure, median, ratio, range]),
  );
}

function footprintTable(model: ReportModel): string[] {
  return markdownTable(
    ['one more idle instance', 'of', 'MiB', '95 % interval'],
    model.costs.footprint
      .flatMap(footprintTexts)
      .map(({ env, figure, mib, range }) => [code(env, 160), figure, mib, range]),
  );
}

/** One row a pair: the suite; without one every workload. */
function verdictTable(model: ReportModel): string[] {
  const { plan } = model.session;
  const { workloads, baseline } = plan;
  const all = [...model.contrasts, ...model.control.rows];
  const suite = all.filter(({ workload }) => workload === SUITE);
  const isSuite = hasSuite(plan) && suite.length > 0;
  const rows = isSuite ? suite : all.filter(({ workload }) => workload !== SUITE);
  const what = isSuite ? `mean of ${suiteOf(plan).length} workloads` : workloads.map((id) => prose(id, 40)).join(', ');
  const name = ({ env, baseline: against, workload }: ContrastRow) =>
    code(env, 160) +
    (against === baseline ? '' : ` against ${code(against, 160)}`) +
    (isSuite || workloads.length === 1 ? '' : `, ${prose(workload, 40)}`);
  return markdownTable(
    [`against ${code(baseline, 60)}, ${what}`, 'time ratio', '95 % interval', 'throughput', 'verdict'],
    rows.map((row) => [
      name(row),
      ...figures(row),
      row.verdict === null ? 'control' : `**${prose(verdictCell(row)).trim()}**`,
    ]),
  );
}

function figures(row: ContrastRow): string[] {
  const digits = ratioDigits(row);
  const { interval, timeRatio } = row;
  return [
    timeRatio.toFixed(digits),
    interval === null ? NO_FIGURE : `${interval.low.toFixed(digits)} to ${interval.high.toFixed(digits)}`,
    formatChange(1 / timeRatio, percentDigits(row)),
  ];
}

function workloadTables(model: ReportModel): string[] {
  if (model.session.plan.workloads.length === 1) return [];
  const rows = [...model.contrasts, ...model.control.rows];
  const table = markdownTable(
    ['pair', 'workload', 'time ratio', '95 % interval', 'throughput', 'blocks', 'verdict'],
    rows.map((row) => [
      `${code(row.env, 160)} against ${code(row.baseline, 160)}`,
      prose(row.workload, 40),
      ...figures(row),
      String(row.blocks),
      row.verdict === null ? 'control' : prose(verdictCell(row)).trim(),
    ]),
  );
  const margin = `Paired 95 % intervals over blocks, not adjusted for their number; verdicts on typical bursts with a margin of ±${percentText(model.margin)}.`;
  return table.length === 0 ? [] : [...table, '', margin];
}

function levelTables({ environments, session }: ReportModel): string[] {
  const figure = (value: number | null, format: (value: number) => string) =>
    value === null ? NO_FIGURE : format(value);
  const measured = environments.filter(({ summary }) => summary.workloads.some(({ bursts }) => bursts > 0));
  const levels = markdownTable(
    ['one pass', ...session.plan.workloads.map((workload) => prose(workload, 40)), 'composite MFLOPS'],
    measured.map((environment) => [
      prose(environmentTitle(environment)),
      ...environment.summary.workloads.map(({ medianNsPerPass }) => figure(medianNsPerPass, formatNs)),
      figure(environment.summary.compositeMflops, threeDigits),
    ]),
  );
  const ms = (value: number | null) => figure(value, (known) => formatNs(known * 1e6));
  const starts = markdownTable(
    ['fresh starts, medians', 'started', 'failed', 'first instruction', 'ready', 'removal'],
    environments.flatMap(({ startup, ...environment }) =>
      startup === null
        ? []
        : [
            [
              prose(environmentName(environment)),
              String(startup.completed),
              String(startup.failed),
              ms(startup.firstInstructionMs),
              ms(startup.readyMs),
              ms(startup.teardownMs),
            ],
          ],
    ),
  );
  return [...levels, ...(starts.length === 0 ? [] : ['', ...starts])];
}

function problems({ unavailable, failures, events, environments }: ReportModel): string[] {
  const wrong = environments.flatMap(({ path, summary }) =>
    summary.workloads
      .filter(({ wrongAnswers }) => wrongAnswers > 0)
      .map(({ workload, wrongAnswers }) => `${path}: ${wrongAnswers} wrong on ${workload}, in no figure`),
  );
  return [
    ...unavailable.map(({ path, reason }) => `${path} could not run: ${reason}`),
    ...failures.map(({ env, status, reason, blocks }) => `${env}: start ${status}, ${blocks.length} times: ${reason}`),
    ...wrong,
    ...(events.byKind.length === 0
      ? []
      : [
          `events: ${events.byKind
            .slice(0, 12)
            .map(({ kind, count }) => `${kind} ${count}`)
            .join(', ')}`,
        ]),
  ];
}

function items(texts: readonly string[]): string[] {
  return texts.slice(0, 60).map((text) => `- ${prose(text)}`);
}
