/** Commands that are shown begin as this program was called, so that they can be copied. */

import { basename } from 'node:path';
import { COMMAND_NAMES } from '../../bench/plan/flag.ts';

/** What a package manager installs: its link, or the program in the package. */
const INSTALLED = /\/node_modules\/(?:\.bin\/boxmark$|(?:\.pnpm\/[^/]+\/node_modules\/)?boxmark\/)/;
const CALLS: Readonly<Record<string, string>> = { npm: 'npx', pnpm: 'pnpm exec', yarn: 'yarn' };
const COMMAND = new RegExp(
  `(?<![\\w/.-])boxmark (?=(?:${[...new Set(COMMAND_NAMES.map((name) => name.split(' ')[0]))].join('|')})(?![\\w-]))`,
  'g',
);

/** How somebody calls the program whose file this is: `boxmark`, or what runs it for them, as npx does. */
export function programName(
  file = process.argv[1] ?? '',
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const [manager = ''] = env.npm_config_user_agent?.split('/') ?? [];
  const isStart = env.npm_lifecycle_event === 'start' && basename(file) === 'main.js';
  const isLink = file.endsWith('/.bin/boxmark');
  if (!isStart && !(INSTALLED.test(file) && (isLink || manager !== ''))) return 'boxmark';
  return `${CALLS[manager] ?? 'npx'} boxmark`;
}

/** The text with its commands as they can be called here. */
export function asCalled(text: string, name = programName()): string {
  return text.replace(COMMAND, `${name} `);
}

/** Of a message only what it says to try: the rest may have come from elsewhere. */
export function withCommands(message: string): string {
  return message.replace(/^ {2}try: .*$/gm, (line) => asCalled(line));
}
