/** The program as commander parses it, made from the tables of commands and flags. */

import { Command, Option } from 'commander';
import { BoxmarkError, EXIT, nearest } from '../bench/errors.ts';
import { COMMAND_NAMES, type CommandName, type Flag } from '../bench/plan/flag.ts';
import { flagsOf, helpOf, readFlags } from '../bench/plan/read-flags.ts';
import { ACTIONS, type Action } from './actions.ts';
import { COMMANDS, GROUPS } from './command-table.ts';
import { programVersion } from './paths.ts';
import { stdout } from './terminal/streams.ts';

/** With the flags of this command alone where one is named: of the others only names and summaries are shown. */
export function program(called?: string): Command {
  const root = new Command('boxmark')
    .description(
      'Measures the same workloads natively, in containers, nested, and in VMs, as one interleaved experiment.',
    )
    .version(programVersion(), '-V, --version')
    .showSuggestionAfterError(true)
    .configureHelp({ sortSubcommands: false, subcommandTerm: (it) => `${it.name()} ${it.usage()}` });
  for (const name of COMMAND_NAMES) {
    const isCalled = called === undefined || name.split(' ')[0] === called;
    parentOf(name, root).addCommand(commandOf(name, isCalled));
  }
  root.action((_, command: Command) => {
    const [given] = command.args;
    if (given === undefined) return void command.outputHelp();
    const known = command.commands.map((it) => it.name());
    throw new BoxmarkError(
      { what: `There is no such command${nearest(given, known)}.`, value: given, remedy: known.join(', ') },
      EXIT.usage,
    );
  });
  root.allowExcessArguments(true);
  for (const command of everyCommand(root)) {
    command.exitOverride().configureOutput({ writeOut: (text) => stdout.write(text), outputError: () => {} });
  }
  return root;
}

/** `help COMMAND`, as other programs have it, is `COMMAND --help`. */
export function asCalled(argv: readonly string[]): readonly string[] {
  const [first, ...rest] = argv;
  if (first !== 'help') return argv;
  const isKnown = rest[0] === undefined || isCommand(rest[0]);
  return isKnown ? [...rest, '--help'] : rest;
}

export function isCommand(word: string): boolean {
  return COMMAND_NAMES.some((name) => name.split(' ')[0] === word);
}

/** What commander says of a flag that the command does not have, and which commands do. */
export function unknownFlagText(message: string): string {
  const name = /unknown option '--(?:no-)?([a-z-]+)/.exec(message)?.[1];
  const takers = COMMAND_NAMES.filter((command) => flagsOf(command).some((flag) => flag.name === name));
  return takers.length === 0
    ? message
    : `${message}, which ${takers.join(', ')} ${takers.length === 1 ? 'has' : 'have'}`;
}

/** `image export` belongs to `image`, which is made when it is first needed. */
function parentOf(name: CommandName, root: Command): Command {
  const [group = '', own] = name.split(' ');
  if (own === undefined) return root;
  const found = root.commands.find((it) => it.name() === group);
  if (found !== undefined) return found;
  const made = new Command(group).description(GROUPS[group] ?? '');
  root.addCommand(made);
  return made;
}

function commandOf<C extends CommandName>(name: C, isCalled: boolean): Command {
  const { summary, args = [], examples, note } = COMMANDS[name];
  const command = new Command(name.split(' ').at(-1)).description(summary);
  for (const { name: arg, help, variadic, default: otherwise } of args) {
    const dots = variadic === true ? `${arg}...` : arg;
    command.argument(otherwise === undefined ? `<${dots}>` : `[${dots}]`, help, otherwise);
  }
  if (!isCalled) return command;
  for (const flag of flagsOf(name)) command.addOption(optionFor(flag, name));
  const lines = examples.trim().split('\n');
  const title = lines.length === 1 ? 'Example' : 'Examples';
  const end = note === undefined ? '' : `\n\n${note}`;
  return command
    .addHelpText('after', `\n${title}:\n${lines.map((line) => `  ${line}`).join('\n')}${end}`)
    .action(async () => {
      const flags = readFlags(name, command.opts());
      const act = (await ACTIONS[name]()) as Action<C>;
      process.exitCode = await act(flags, ...(command.processedArgs as unknown[]).flat().map(String));
    });
}

function optionFor(flag: Flag, command: CommandName): Option {
  const { name, short, value, negated, repeats, required } = flag;
  const long = negated === true ? `--no-${name}` : `--${name}`;
  const placeholder = value.metavar === '' ? '' : ` <${value.metavar}>`;
  const option = new Option(`${short === undefined ? '' : `-${short}, `}${long}${placeholder}`, helpOf(flag, command));
  if (repeats === true) option.argParser((given: string, before?: string[]) => [...(before ?? []), given]);
  return option.makeOptionMandatory(required === true);
}

function* everyCommand(command: Command): Generator<Command> {
  yield command;
  for (const child of command.commands) yield* everyCommand(child);
}
