/** An environment over the hosts of a fleet, in a sentence and in cells. */

import type { FleetLine } from '../../bench/analysis/fleet/lines.ts';
import { LEAST_HOSTS, type RandomEffects } from '../../bench/analysis/stats/random-effects.ts';
import { VERDICTS, type Verdict } from '../../bench/types.ts';
import { meanFigure, nextFigure } from '../model/fleet-figures.ts';
import { clean } from '../text.ts';
import { count, type Figure, known, plusMinus, rangeText, valueText } from '../words.ts';
import type { Cell } from './section.ts';

export function valueCell(figure: Figure | null): Cell {
  return { show: figure === null ? known(null, String) : valueText(figure), value: figure?.timeRatio ?? null };
}

export function rangeCell(figure: Figure | null): Cell {
  return (figure === null ? null : rangeText(figure)) ?? known(null, String);
}

/** Standard deviation of the hosts' true ratios: `±0.5 %`. */
export function spreadText(effects: RandomEffects | null): string {
  return known(effects && Math.sqrt(effects.tauSquared), (tau) => plusMinus(Math.expm1(tau), 2));
}

const IS: Readonly<Record<Verdict, readonly [words: string, joint: string]>> = {
  equivalent: ['equivalent', ' to '],
  slower: ['slower', ' than '],
  faster: ['faster', ' than '],
  inconclusive: ['inconclusive', ' against '],
  untrusted: ['untrusted', ' against '],
};

/** `docker is equivalent to native on 17 of 20 hosts, slower on 2, inconclusive on 1; mean +0.3 % [+0.1, +0.5], …` */
export function lineSentence({ env, baseline, counts, places, effects }: FleetLine): string {
  const found = VERDICTS.filter((verdict) => counts[verdict] !== undefined).sort(
    (a, b) => (counts[b] ?? 0) - (counts[a] ?? 0),
  );
  const [first = 'inconclusive', ...others] = found;
  const [words, joint] = IS[first];
  const rest = others.map((verdict) => `, ${IS[verdict][0]} on ${counts[verdict]}`).join('');
  const hosts =
    places.length === counts[first] ? allOf(places.length) : `${counts[first]} of ${count(places.length, 'host')}`;
  const mean = effects === null ? '' : `; ${effectsText(effects)}`;
  return `${clean(env, 60)} is ${words}${joint}${clean(baseline, 60)} on ${hosts}${rest}${mean}.`;
}

/** Why none of the lines has a mean, once for all of them; empty when one does. */
export function noMean(lines: readonly FleetLine[]): string[] {
  if (lines.length === 0 || lines.some(({ effects }) => effects !== null)) return [];
  const modelled = Math.max(...lines.map((line) => line.modelled));
  const have = modelled === 0 ? 'No host has' : modelled === 1 ? 'One host has' : `${modelled} hosts have`;
  return [`${have} an interval; a mean and a spread between hosts take ${LEAST_HOSTS}.`];
}

function allOf(hosts: number): string {
  return hosts === 1 ? 'one host' : `all ${hosts} hosts`;
}

/** `mean +0.3 % [+0.1, +0.5], the next host lies between −0.4 % and +1.0 %`. */
export function effectsText(effects: RandomEffects): string {
  const [mean, next] = [meanFigure(effects), nextFigure(effects)];
  const { low, high } = next.interval ?? { low: 1, high: 1 };
  const ends = [low, high].map((timeRatio) => valueText({ ...next, timeRatio }));
  return `mean ${valueText(mean)} ${rangeText(mean)}, the next host lies between ${ends.join(' and ')}`;
}
