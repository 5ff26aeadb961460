/** The report on a terminal: the answer first, then levels, ratios with verdicts, start-up, and what went wrong. */

import { formatCpuList, formatNs, formatSpan } from '../bench/units.ts';
import { answerOf } from './answer.ts';
import { contrastLines, sumLines } from './contrasts.ts';
import { coldText, footprintLines, postureLines, startupLines } from './costs.ts';
import { kernelLevels, systemLevels } from './levels.ts';
import type { EnvironmentModel, ReportModel } from './model.ts';
import { honestNotes } from './notes.ts';
import { tableLines } from './table.ts';
import { clean, displayWidth, wrap } from './text.ts';
import { distrustLines, needsOf, openLines, percentText } from './verdicts.ts';
import { controlSentence, environmentName } from './wording.ts';

export interface RenderOptions {
  /** Columns; at least 40 are used. 80 when left out. */
  readonly width?: number;
  /** Escape sequences for emphasis; whether a terminal wants them is the caller's business. */
  readonly colour?: boolean;
  /** Also what is long and seldom asked for: the posture of every box. */
  readonly verbose?: boolean;
}

const NO_FIGURE = '–';
type Style = 'strong' | 'warning' | 'faint';
const ESCAPES: Readonly<Record<Style, string>> = { strong: '1', warning: '33', faint: '2' };

/** The whole report as text; no line is wider than `width`. */
export function render(model: ReportModel, options: RenderOptions = {}): string {
  const width = Math.max(40, options.width ?? 80);
  const paint = (lines: readonly string[], style: Style): string[] =>
    options.colour ? lines.map((line) => (line === '' ? '' : `\u001b[${ESCAPES[style]}m${line}\u001b[0m`)) : [...lines];
  const section = (title: string, body: readonly string[]): string[] =>
    body.length === 0 ? [] : ['', ...paint(wrap(title, width), 'strong'), ...body];
  const items = (texts: readonly string[]): string[] => texts.flatMap((text) => wrap(text, width, '  '));
  const { baseline } = model.session.plan;
  const others = model.contrasts.filter((row) => row.baseline !== baseline);
  return [
    ...paint(headerLines(model, width), 'faint'),
    '',
    ...paint(wrap(answerOf(model), width), 'strong'),
    ...(model.session.plan.measure === undefined ? wrap(controlSentence(model), width, '  ') : []),
    ...paint(items(distrustLines(model)), 'warning'),
    ...section(
      'One pass: median time, MFLOPS, and wake-up cost (lead-in over measured burst)',
      kernelLevels(model, width),
    ),
    ...section('One pass of what asks the system: median time, rate, and wake-up cost', systemLevels(model, width)),
    ...section(
      `Time ratio to ${clean(baseline, 60)}: above 1 takes longer; paired 95 % intervals, not adjusted for their ` +
        `number; verdicts on typical bursts with a margin of ±${percentText(model.margin)}`,
      contrastLines(
        model,
        [...model.contrasts.filter((row) => row.baseline === baseline), ...model.control.rows],
        width,
      ),
    ),
    ...section('Other pairs, likewise', contrastLines(model, others, width)),
    ...section('Ratios of sums, where they are not those of typical bursts', sumLines(model, width)),
    ...section('Open and untrusted verdicts', items(openLines(model))),
    ...section(
      `Warm starts, and their time ratio to ${clean(baseline, 60)}'s, paired within rounds`,
      startupLines(model, 'warm', width),
    ),
    ...section(`Cold starts, likewise: ${coldText(model)}`, startupLines(model, 'cold', width)),
    ...section(
      'One more idle instance: slopes over the number of instances, and what there is besides, in MiB',
      footprintLines(model, width),
    ),
    ...section(
      'Fresh starts: medians since the start began, and removal',
      model.costs.startup.length > 0 ? [] : startLines(model, width),
    ),
    ...section(
      'How the boxes are shut in (+), beside what they cost',
      options.verbose ? postureLines(model, width) : [],
    ),
    ...section('Could not run', items(unavailableTexts(model))),
    ...section('What went wrong', paint(items(problemTexts(model)), 'warning')),
    ...section('Read this with', items(honestNotes(model))),
    ...paint(needsLines(model, width), 'strong'),
    '',
  ].join('\n');
}

function headerLines(model: ReportModel, width: number): string[] {
  const { session, blocks } = model;
  const { plan } = session;
  const begun = Date.parse(session.startedAt);
  const ended = Date.parse(session.finishedAt ?? '');
  const span = Number.isFinite(begun) && Number.isFinite(ended) ? ` in ${formatSpan((ended - begun) / 1000)}` : '';
  const date = Number.isFinite(begun)
    ? `${new Date(begun).toISOString().slice(0, 16).replace('T', ' ')} UTC`
    : 'no date';
  const rounds = plan.measure === 'footprint' ? '' : ` × ${plan.rounds} rounds`;
  const shape = `${plan.profile}: ${blocks} ${blocks === 1 ? 'block' : 'blocks'}${rounds}${span}`;
  const where = `CPU ${formatCpuList(plan.limits.cpus)}, size ${plan.size}, ${plan.kernels} kernels, seed ${plan.seed}`;
  return [
    ...wrap(`boxmark ${clean(session.program, 20)} · ${clean(session.id, 60)} · ${date}`, width, '  '),
    ...wrap(clean(session.host, 200), width, '  '),
    ...wrap(clean(`${shape} · ${where}`), width, '  '),
  ].filter((line) => line !== '');
}

/** On one line, or with the command on a line of its own so that it can be copied. */
function needsLines(model: ReportModel, width: number): string[] {
  const needs = needsOf(model);
  if (needs === null) return [];
  const { sentence, command } = needs;
  if (command === null) return ['', ...wrap(`${sentence}.`, width, '  ')];
  const whole = `${sentence}: ${command}`;
  if (displayWidth(whole) <= width) return ['', whole];
  return ['', ...wrap(`${sentence}:`, width, '  '), ...wrap(`  ${command}`, width, '    ')];
}

function startLines(model: ReportModel, width: number): string[] {
  const ms = (value: number | null) => figure(value, (known) => formatNs(known * 1e6));
  const rows = model.environments.flatMap(({ startup, ...environment }) =>
    startup === null || startup.completed + startup.failed === 0
      ? []
      : {
          cells: [
            environmentName(environment),
            String(startup.completed),
            String(startup.failed),
            ms(startup.spawnMs),
            ms(startup.firstInstructionMs),
            ms(startup.readyMs),
            ms(startup.teardownMs),
          ],
        },
  );
  const head = ['', 'started', 'failed', 'spawned', '1st instr.', 'ready', 'removal'];
  return rows.length === 0 ? [] : tableLines(head, rows, width);
}

export function unavailableTexts(model: ReportModel): string[] {
  return model.unavailable.map(({ reason, remedy, ...environment }) => {
    const name = environmentName(environment);
    return `${name}: ${sentence(reason)}${remedy === '' ? '' : ` Try: ${clean(remedy)}`}`;
  });
}

export function problemTexts(model: ReportModel): string[] {
  const unavailable = new Set(model.unavailable.map(({ path }) => path));
  const silent = model.environments
    .filter(
      ({ role, path, summary }) => role !== 'control' && !unavailable.has(path) && hasNoData(model, path, summary),
    )
    .map((environment) => `${environmentName(environment)}: gave no data.`);
  const failed = model.failures.map(({ env, status, reason, blocks }) => {
    const which = blocks.length === 1 ? `block ${blocks[0]}` : `${blocks.length} blocks`;
    return `${clean(env)}: start ${status.replace('-', ' ')} in ${which}: ${sentence(reason)}`;
  });
  const wrong = model.environments.flatMap((environment) =>
    environment.summary.workloads
      .filter(({ wrongAnswers }) => wrongAnswers > 0)
      .map(
        ({ workload, wrongAnswers }) =>
          `${environmentName(environment)}: ${wrongAnswers} wrong ${wrongAnswers === 1 ? 'answer' : 'answers'} on ${clean(workload, 40)}, in no figure.`,
      ),
  );
  const kinds = model.events.byKind
    .filter(({ kind }) => !EXPECTED_EVENTS.has(kind))
    .slice(0, 8)
    .map(({ kind, count }) => `${clean(kind, 40)} ${count}`);
  const events = kinds.length === 0 ? [] : [`Events (events.jsonl): ${kinds.join(', ')}.`];
  return [...silent, ...failed, ...wrong, ...events];
}

function hasNoData(
  { session, environments }: ReportModel,
  env: string,
  { workloads }: EnvironmentModel['summary'],
): boolean {
  if (session.plan.measure === undefined) return workloads.every(({ bursts }) => bursts === 0);
  return !environments.some(({ path, startup }) => path === env && startup !== null && startup.completed > 0);
}

/** Events that only say how something was done. */
const EXPECTED_EVENTS: ReadonlySet<string> = new Set(['docker-daemon', 'resumed', 'unequal', 'control-difference']);

function sentence(text: string): string {
  const known = clean(text);
  return /[.!?…]$/.test(known) ? known : `${known}.`;
}

function figure(value: number | null, format: (value: number) => string): string {
  return value === null ? NO_FIGURE : format(value);
}
