/** What went wrong. */

import { isExpected, meaningOf } from '../../bench/session/events.ts';
import type { EnvironmentModel, ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { count, sentence } from '../words.ts';
import { environmentName, listed } from './names.ts';
import { code, inlines, name, type Section, type Text } from './section.ts';

const MOST_KINDS = 8;

export function problems(model: ReportModel): Section {
  return {
    id: 'problems',
    title: 'What went wrong',
    short: 'Problems',
    weight: 'body',
    warns: true,
    notes: [...silentNotes(model), ...startNotes(model), ...wrongNotes(model), ...eventNotes(model)],
  };
}

function silentNotes(model: ReportModel): Text[] {
  const absent = new Set(model.unavailable.map(({ path }) => path));
  return model.environments
    .filter(({ role, path }) => role !== 'control' && !absent.has(path))
    .filter((environment) => hasNoData(model, environment))
    .map((environment) => [...inlines(environmentName(environment)), ': no data.']);
}

function hasNoData({ session }: ReportModel, { summary, startup }: EnvironmentModel): boolean {
  if (session.plan.measure === undefined) return summary.workloads.every(({ bursts }) => bursts === 0);
  return startup === null || startup.completed === 0;
}

function startNotes({ failures }: ReportModel): Text[] {
  return failures.map(({ env, status, reason, blocks }) => {
    const which = blocks.length === 1 ? `block ${blocks[0]}` : `${blocks.length} blocks`;
    const how = { failed: 'failed', 'timed-out': 'timed out', skipped: 'skipped' }[status];
    return [name(env), `: start ${how} in ${which}: ${sentence(clean(reason))}`];
  });
}

function wrongNotes({ environments }: ReportModel): Text[] {
  return environments.flatMap((environment) =>
    environment.summary.workloads
      .filter(({ wrongAnswers, untimedBursts }) => wrongAnswers + untimedBursts > 0)
      .map(({ workload, wrongAnswers, untimedBursts }): Text => {
        const what = [
          ...(wrongAnswers > 0 ? [count(wrongAnswers, 'wrong answer')] : []),
          ...(untimedBursts > 0 ? [`${count(untimedBursts, 'burst')} without a duration`] : []),
        ];
        return [
          ...inlines(environmentName(environment)),
          `: ${what.join(' and ')} on ${clean(workload, 40)}, which count in no figure.`,
        ];
      }),
  );
}

function eventNotes({ events }: ReportModel): Text[] {
  return events.byKind
    .filter(({ kind }) => !isExpected(kind))
    .slice(0, MOST_KINDS)
    .map(({ kind, count: times, environments }): Text => {
      const meaning = meaningOf(kind) ?? 'a kind of event that is unknown to this version';
      const where = environments.length === 0 ? '' : `, of ${listed(environments)}`;
      return [code(kind, 40), ` (${count(times, 'event')} in events.jsonl${where}): ${sentence(meaning)}`];
    });
}
