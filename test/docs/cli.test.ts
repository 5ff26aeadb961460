/** docs/cli.md: made from the tables of commands, flags and exit codes. */

import { it } from 'vitest';
import { EXIT, EXIT_MEANINGS } from '../../bench/errors.ts';
import { COMMAND_NAMES, type CommandName, type Flag } from '../../bench/plan/flag.ts';
import { defaultOf, flagsOf, helpOf, PLAN_FLAGS } from '../../bench/plan/read-flags.ts';
import { COMMANDS } from '../../cli/command-table.ts';
import { expectFile, table } from './generated.ts';

const anchorOf = (name: CommandName) => `boxmark-${name.replace(' ', '-')}`;

function flagRow(flag: Flag, command: CommandName): string[] {
  const { name, short, negated, value } = flag;
  const long = `\`--${negated === true ? 'no-' : ''}${name}${value.metavar === '' ? '' : ` ${value.metavar.toUpperCase()}`}\``;
  const byDefault = defaultOf(flag, command);
  const isValue = byDefault !== undefined && (flag.commands[command]?.otherwise ?? flag.otherwise) === undefined;
  const help = helpOf(flag, command).replace(` (default: ${byDefault})`, '');
  return [
    short === undefined ? long : `\`-${short}\`, ${long}`,
    help,
    isValue ? `\`${byDefault}\`` : (byDefault ?? ''),
  ];
}

function usageOf(name: CommandName): string {
  const args = (COMMANDS[name].args ?? []).map(({ name: arg, variadic, default: otherwise }) => {
    const shown = `${arg.toUpperCase()}${variadic === true ? '…' : ''}`;
    return otherwise === undefined ? shown : `[${shown}]`;
  });
  return ['boxmark', name, ...args].join(' ');
}

function sectionOf(name: CommandName): string {
  const { summary, args = [], examples, note, more } = COMMANDS[name];
  const given = args.map(({ name: arg, help, default: otherwise }) => [
    `\`${arg.toUpperCase()}\``,
    help,
    otherwise === undefined ? '' : `\`${otherwise}\``,
  ]);
  const rows = [...given, ...flagsOf(name).map((flag) => flagRow(flag, name))];
  return [
    `### boxmark ${name}`,
    `\`${usageOf(name)}\`: ${summary}${summary.endsWith('?') ? '' : '.'}${note === undefined ? '' : ` ${note}`}${more === undefined ? '' : ` More: [${more}](${more}).`}`,
    table(['argument or flag', 'meaning', 'default'], rows),
    `\`\`\`sh\n${examples.trim()}\n\`\`\``,
  ].join('\n\n');
}

const LINES = `# The command line

This page is generated from the tables that the program reads its flags with; \`boxmark COMMAND --help\` prints the same. Results go to standard output, progress and messages to standard error. \`NO_COLOR\` is honoured.`;

const VALUES = `## Values

Times (\`10ms\`, \`60s\`, \`5m\`), amounts of memory (\`512m\`, \`2g\`) and percentages (\`2%\`) have their unit. CPUs are a list such as \`0,2-3\`. A value that a flag does not take ends with exit code 2 and a message that says what it takes.`;

function planFiles(): string {
  const names = PLAN_FLAGS.map(({ name }) => `\`${name}\``).join(', ');
  return `## Plan files

\`boxmark run --plan FILE\` reads these settings from a YAML file, under the names of the flags and with the same values: ${names}. A list may also be written as a YAML list. Flags win over the file. Editors check such a file with [schemas/plan.schema.json](../schemas/plan.schema.json); [examples/plans](../examples/plans) has some.`;
}

function exitCodes(): string {
  const rows = Object.entries(EXIT).map(([name, code]) => [String(code), EXIT_MEANINGS[name as keyof typeof EXIT]]);
  return `## Exit codes\n\n${table(['code', 'meaning'], rows)}`;
}

it('docs/cli.md has every command with its flags, their defaults, and the exit codes', async () => {
  const commands = table(
    ['command', 'does'],
    COMMAND_NAMES.map((name) => [`[\`${usageOf(name)}\`](#${anchorOf(name)})`, COMMANDS[name].summary]),
  );
  const sections = COMMAND_NAMES.map(sectionOf);
  const parts = [
    LINES,
    `## Commands\n\n${commands}`,
    VALUES,
    planFiles(),
    exitCodes(),
    '## Every command',
    ...sections,
  ];
  await expectFile('docs/cli.md', `${parts.join('\n\n')}\n`);
});
