/** The program: its commands, each with the help that it prints. */

import { Command } from 'commander';
import { BoxmarkError, EXIT } from '../bench/errors.ts';
import { nearest } from '../bench/plan/plan.ts';
import { checkCommand } from './commands/check.ts';
import { cleanCommand } from './commands/clean.ts';
import { compareCommand } from './commands/compare.ts';
import { doctorCommand } from './commands/doctor.ts';
import { explainCommand } from './commands/explain.ts';
import { exportCommand } from './commands/export.ts';
import { historyCommand } from './commands/history.ts';
import { imageCommand } from './commands/image.ts';
import { listCommand } from './commands/list.ts';
import { reportCommand } from './commands/report.ts';
import { reproduceCommand } from './commands/reproduce.ts';
import { resumeCommand } from './commands/resume.ts';
import { runCommand } from './commands/run.ts';
import { scoreCommand } from './commands/score.ts';
import { selftestCommand } from './commands/selftest.ts';
import { setupCommand } from './commands/setup.ts';
import { verifyCommand } from './commands/verify.ts';
import { programVersion } from './paths.ts';
import { stdout } from './streams.ts';

/** One line each: a new command is a file and a line here. */
const COMMANDS = [
  runCommand,
  resumeCommand,
  reportCommand,
  reproduceCommand,
  compareCommand,
  selftestCommand,
  scoreCommand,
  explainCommand,
  doctorCommand,
  setupCommand,
  listCommand,
  checkCommand,
  verifyCommand,
  historyCommand,
  exportCommand,
  imageCommand,
  cleanCommand,
];

export function program(): Command {
  const root = new Command('boxmark')
    .description(
      'Measures the same workloads natively, in containers, nested, and in VMs, as one interleaved experiment.',
    )
    .version(programVersion(), '-V, --version')
    .showSuggestionAfterError(true)
    .configureHelp({ sortSubcommands: false });
  for (const make of COMMANDS) root.addCommand(make());
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

function* everyCommand(command: Command): Generator<Command> {
  yield command;
  for (const child of command.commands) yield* everyCommand(child);
}
