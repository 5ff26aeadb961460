/** What `npm run bench -- --help` prints, and the options that there are. */

import { KERNEL_ENGINES, SIZES } from '../../bench/types.ts';
import { WORKLOADS } from '../../scimark/index.ts';
import { BARE_STARTS } from './bare-starts.ts';
import { BENCHES, type Options } from './benches.ts';

/** Options that take a list, with what may be in it. */
export const LISTS = { kernels: WORKLOADS.map(({ id }) => id), engines: KERNEL_ENGINES, environments: BARE_STARTS };
/** Options that name a file. */
export const FILES = ['write', 'compare', 'read'] as const;
/** Where the figures of a whole run go when nothing is said. */
export const WHOLE_FILE = 'bench.json';

/** Every option, with its value and its meaning. */
export const FLAGS: Readonly<Record<keyof Options | (typeof FILES)[number], readonly [string, string]>> = {
  write: ['FILE', `keeps the figures in a file; of a whole run in ${WHOLE_FILE} unless this says otherwise`],
  compare: ['OLD', 'shows what moved since that file'],
  read: ['NEW', 'takes the figures from a file instead of measuring'],
  turns: ['N', 'repeats each bench'],
  size: ['SIZE', SIZES.join(' or ')],
  processes: ['N', 'fresh processes of each engine'],
  bursts: ['N', 'bursts of each process'],
  starts: ['N', 'starts of each kind'],
  sessions: ['N', 'sessions'],
  kernels: ['LIST', LISTS.kernels.join(',')],
  engines: ['LIST', LISTS.engines.join(',')],
  environments: ['LIST', LISTS.environments.join(',')],
  nodes: ['LIST', 'paths of executables of Node.js'],
};

export function usage(): string {
  const benches = Object.entries(BENCHES);
  const lines = ([name, { title, takes = [] }]: (typeof benches)[number]) => [
    `  ${name.padEnd(13)}${title}`,
    ...(takes.length === 0 ? [] : [`${' '.repeat(15)}takes ${takes.map((option) => `--${option}`).join(' ')}`]),
  ];
  return [
    'npm run bench [-- NAME … --OPTION VALUE …]',
    '',
    'Speed as ratios within one run, beside its goals. Without names, the benches of a whole run, which fits half an hour:',
    ...benches.filter(([, { forms }]) => forms !== undefined).flatMap(lines),
    '',
    'By name only, because they take long:',
    ...benches.filter(([, { forms }]) => forms === undefined).flatMap(lines),
    '',
    'Options:',
    ...Object.entries(FLAGS).map(([name, [value, meaning]]) => `  ${`--${name} ${value}`.padEnd(22)}${meaning}`),
    `  ${'--help'.padEnd(22)}this text`,
  ].join('\n');
}
