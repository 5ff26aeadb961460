#!/usr/bin/env node
/** Runs the program, and ends with the exit code of whatever happened. */

import { CommanderError } from 'commander';
import { BoxmarkError, EXIT, messageOf } from '../bench/errors.ts';
import { printable } from '../reports/text.ts';
import { program } from './program.ts';
import { outputWasLost, releaseDeadTerminals, stderr } from './streams.ts';

/** Runs the program and returns its exit code. Errors are three parts on standard error; a stack only with `-v`. */
async function main(argv: readonly string[]): Promise<number> {
  try {
    await program().parseAsync(argv, { from: 'user' });
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    if (error instanceof CommanderError) return commanderCode(error);
    const verbose = argv.includes('-v') || argv.includes('--verbose');
    if (error instanceof BoxmarkError) {
      stderr.write(`boxmark: ${printable(error.message)}\n`);
      if (verbose && error.cause !== undefined) stderr.write(`${stackOf(error.cause)}\n`);
      return error.exitCode;
    }
    stderr.write(`boxmark: ${printable(messageOf(error))}\n  try: the same with -v for the details\n`);
    if (verbose) stderr.write(`${stackOf(error)}\n`);
    return EXIT.failed;
  }
}

function commanderCode(error: CommanderError): number {
  if (error.exitCode === 0) return EXIT.ok;
  stderr.write(`boxmark: ${error.message.replace(/^error: /, '')}\n  try: boxmark --help\n`);
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
