/** A comparison of two fleets as one JSON document, for programs. */

import type { FleetGate } from '../documents/fleet-compare.ts';
import type { ChangeModel } from '../model/fleet-change.ts';
import { effectsJson, groupJson, ratio } from './fleet-json.ts';
import { jsonText } from './json-text.ts';

/** Raised when a field of the JSON document changes its meaning or goes. */
const JSON_SCHEMA = 1;

export function fleetChangeJson(model: ChangeModel, gate: FleetGate): string {
  const { lines, hosts, ...about } = model;
  return jsonText({
    schema: JSON_SCHEMA,
    gate,
    ...about,
    hosts: hosts.map(({ host, machine, labels, cpu, kernel, architecture }) => ({
      ...{ host, machine, labels, cpu, kernel, architecture },
    })),
    figures: lines.map(({ env, baseline, workload, effects, verdict, reason, pValue, outliers, groups, ...line }) => ({
      ...{ env, baseline, workload, verdict, reason, pValue },
      ...effectsJson(effects),
      outliers: outliers.map((one) => ({ host: one.place, deviation: ratio(one.deviationLog), pValue: one.pValue })),
      groups: groups.map(groupJson),
      values: line.places.map((place, index) => {
        const [before, after] = [line.beforeLogs[index] as number, line.afterLogs[index] as number];
        const half = line.halfWidthLogs[index] as number;
        const change = after - before;
        return {
          ...{ host: place, before: ratio(before), after: ratio(after), change: ratio(change) },
          ...{ low: ratio(change - half), high: ratio(change + half) },
        };
      }),
    })),
  });
}
