#!/usr/bin/env node
/** Runs the program, and ends with the exit code of whatever happened. */

import type { CommanderError } from 'commander';
import { BoxmarkError, EXIT, messageOf, shortageRemedy } from '../bench/errors.ts';
import { printable } from '../reports/text.ts';
import { programVersion } from './paths.ts';
import { programName, withCommands } from './terminal/called-as.ts';
import { outputWasLost, releaseDeadTerminals, stderr, stdout } from './terminal/streams.ts';

const VERSION: ReadonlySet<string> = new Set(['--version', '-V', 'version']);

/** Runs the program and returns its exit code. Errors are three parts on standard error; a stack only with `-v`. */
async function main(argv: readonly string[]): Promise<number> {
  if (argv.length === 1 && VERSION.has(argv[0] ?? '')) {
    stdout.write(`${programVersion()}\n`);
    return EXIT.ok;
  }
  try {
    const { asCalled, program } = await import('./program.ts');
    const called = asCalled(argv);
    await program(called[0] ?? '').parseAsync(called, { from: 'user' });
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    if (isCommanderError(error)) return commanderCode(error, argv);
    const verbose = argv.includes('-v') || argv.includes('--verbose');
    if (error instanceof BoxmarkError) {
      stderr.write(`boxmark: ${withCommands(printable(error.message))}\n`);
      if (verbose && error.cause !== undefined) stderr.write(`${stackOf(error.cause)}\n`);
      return error.exitCode;
    }
    const remedy = shortageRemedy(error) ?? 'the same with -v for the details';
    stderr.write(`boxmark: ${printable(messageOf(error))}\n  try: ${remedy}\n`);
    if (verbose) stderr.write(`${stackOf(error)}\n`);
    return EXIT.failed;
  }
}

/** Without loading commander, which an early error may have come before. */
function isCommanderError(error: unknown): error is CommanderError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');
}

async function commanderCode(error: CommanderError, [command = '']: readonly string[]): Promise<number> {
  if (error.exitCode === 0) return EXIT.ok;
  // A command that only holds others has printed its help.
  if (error.code === 'commander.help') return EXIT.usage;
  const { isCommand, unknownFlagText } = await import('./program.ts');
  const text = unknownFlagText(error.message.replace(/^error: /, ''));
  stderr.write(`boxmark: ${text}\n  try: ${programName()} ${isCommand(command) ? `${command} ` : ''}--help\n`);
  return EXIT.usage;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

process.on('exit', (code) => {
  if (code === EXIT.ok && outputWasLost()) process.exitCode = EXIT.failed;
  releaseDeadTerminals();
});

process.exitCode = await main(process.argv.slice(2));
