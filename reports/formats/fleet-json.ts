/** A fleet as one JSON document, for programs: every host, every figure, and what is in none. */

import { fleetDocument } from '../documents/fleet.ts';
import type { FleetDesign, FleetLine, FleetModel, GroupLine, RandomEffects } from '../model/fleet.ts';
import { plain } from '../sections/section.ts';
import { jsonText } from './json-text.ts';

/** Raised when a field of the JSON document changes its meaning or goes. */
const JSON_SCHEMA = 1;

export function fleetJson(model: FleetModel): string {
  const { designs, ...rest } = model;
  return jsonText({
    schema: JSON_SCHEMA,
    answer: plain(fleetDocument(model).answer ?? ''),
    ...rest,
    designs: designs.map(designJson),
  });
}

function designJson({ design, differs, hosts, lines }: FleetDesign) {
  const { programs: _, hasSuite: __, suite, ...plan } = design;
  return {
    plan: { ...plan, ...(suite === undefined ? {} : { suite }) },
    differs,
    hosts: hosts.map(({ design: _design, dir: _dir, environments: _paths, startedAtMs: _ms, ...host }) => host),
    figures: lines.map(figureJson),
  };
}

function figureJson(line: FleetLine) {
  const { env, baseline, workload, places, counts, modelled, effects, outliers, effectsOfOthers, groups } = line;
  return {
    ...{ env, baseline, workload, hosts: places.length, modelled, verdicts: counts },
    ...effectsJson(effects),
    outliers: outliers.map(({ place, deviationLog, pValue }) => ({
      host: place,
      deviation: ratio(deviationLog),
      pValue,
    })),
    withoutOutliers: effectsOfOthers === null ? null : effectsJson(effectsOfOthers),
    groups: groups.map(groupJson),
    values: places.map((place, index) => ({
      host: place,
      ratio: ratio(line.logs[index] as number),
      low: ratio(line.lows[index] as number),
      high: ratio(line.highs[index] as number),
      blocks: line.blocks[index],
      verdict: line.verdicts[index],
    })),
  };
}

export function groupJson({ value, hosts, modelled, meanLog, effects }: GroupLine) {
  const mean = effects === null && meanLog !== null ? { mean: { ratio: ratio(meanLog), interval: null } } : {};
  return { value, hosts, modelled, ...effectsJson(effects), ...mean };
}

export function effectsJson(effects: RandomEffects | null) {
  if (effects === null) return { mean: null, tauLog: null, iSquared: null, next: null };
  const { meanLog, halfWidthLog, tauSquared, iSquared, predictionLog } = effects;
  const around = (half: number) => ({ low: ratio(meanLog - half), high: ratio(meanLog + half) });
  return {
    mean: { ratio: ratio(meanLog), interval: around(halfWidthLog) },
    tauLog: Math.sqrt(tauSquared),
    iSquared,
    next: around(predictionLog),
  };
}

/** Null where there is none. */
export function ratio(log: number): number | null {
  return Number.isFinite(log) ? Number(Math.exp(log).toPrecision(9)) : null;
}
