/** docs/for-ci.md: its gate in one run is the example's, as a command and as a workflow, with the inputs of the action. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { expectParts, table } from './generated.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const EXAMPLE = readFileSync(join(ROOT, 'examples/github/variants.yml'), 'utf8');
const ACTION: {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: string }>>;
  readonly outputs: Readonly<Record<string, { readonly description: string }>>;
} = parse(readFileSync(join(ROOT, 'action.yml'), 'utf8'));
const GIVEN: Readonly<Record<string, string>> = parse(EXAMPLE).jobs.variants.steps.at(-1).with;

it('is generated: the command, the workflow, inputs and outputs', async () => {
  await expectParts('docs/for-ci.md', {
    'gate-command': `\`\`\`sh\n${commandOf(GIVEN)}\n\`\`\``,
    'gate-workflow': `\`\`\`yaml\n${EXAMPLE.replace(/^(#.*\n)+/, '').trimEnd()}\n\`\`\``,
    'action-inputs': [table(['input', 'meaning', 'default'], inputs()), table(['output', 'meaning'], outputs())].join(
      '\n\n',
    ),
  });
});

it('the example gives the action only inputs that it has, and those of the command', () => {
  expect(Object.keys(ACTION.inputs)).toEqual(expect.arrayContaining(Object.keys(GIVEN)));
  expect(commandOf(GIVEN)).not.toContain('undefined');
  expect(Object.keys(GIVEN).sort()).toEqual(['args', 'baseline', 'environments', 'fail-if', 'workloads']);
});

function commandOf({ environments, baseline, workloads, args, 'fail-if': threshold }: typeof GIVEN): string {
  return `npx boxmark run -e ${environments} --baseline ${baseline} -w ${workloads} ${args} --fail-if '${threshold}'`;
}

function inputs(): string[][] {
  return Object.entries(ACTION.inputs).map(([name, { description, default: otherwise }]) => [
    `\`${name}\``,
    description,
    otherwise === '' ? '' : `\`${otherwise}\``,
  ]);
}

function outputs(): string[][] {
  return Object.entries(ACTION.outputs).map(([name, { description }]) => [`\`${name}\``, description]);
}
