/** What differs between two hosts, and what could not run. */

import type { HostDifference } from '../model/record.ts';
import { clean } from '../text.ts';
import { sentence } from '../words.ts';
import { environmentName } from './names.ts';
import { inlines, list, name, type Section, type Text } from './section.ts';

/** `stack: kernel: 6.1.0 → 6.12.0`. */
export function differenceText({ part, what, before, after }: HostDifference): Text {
  return [`${part}: `, name(what, 100), ': ', name(before, 160), ' → ', name(after, 160)];
}

export function differences(title: string, found: readonly HostDifference[]): Section {
  return list('differences', title, found.map(differenceText));
}

export interface Missing {
  readonly path: string;
  readonly alias?: string | null;
  readonly reason: string;
  readonly remedy?: string;
}

/** Environments that could not run, each with its reason and what to try. */
export function couldNotRun(missing: readonly Missing[]): Section {
  return list(
    'unavailable',
    'Could not run',
    missing.map(({ reason, remedy = '', ...environment }): Text => {
      const trying = remedy === '' ? '' : ` Try: ${clean(remedy)}`;
      return [...inlines(environmentName(environment)), `: ${sentence(clean(reason))}${trying}`];
    }),
  );
}
