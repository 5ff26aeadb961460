/** The environment of every payload, the same in all boxes, set by shell built-ins without a further program. */

import { quote } from './shell.ts';

/** What the payload sees, and nothing of the harness's own environment. */
export const PAYLOAD_ENV: Readonly<Record<string, string>> = { PATH: '/usr/bin:/bin', HOME: '/' };

/** Set by our own start of a process, or by a shell on its own account. */
const LEFT_OVER = ['LC_ALL', 'PWD', 'OLDPWD', 'SHLVL'];

/** Shell built-ins that leave the payload's environment and `extra` as the only variables. */
export function envShell(extra: Readonly<Record<string, string>> = {}): string {
  const variables = Object.entries({ ...PAYLOAD_ENV, ...extra });
  return `unset ${LEFT_OVER.join(' ')}; export ${variables.map(([name, value]) => `${name}=${quote(value)}`).join(' ')};`;
}
