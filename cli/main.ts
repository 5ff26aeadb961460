#!/usr/bin/env node
/** Runs the program, and ends with the exit code of whatever happened. */

import { CommanderError } from 'commander';
import { BoxmarkError, EXIT, messageOf } from '../bench/errors.ts';
import { program } from './program.ts';

/** Runs the program and returns its exit code. Errors are three parts on standard error; a stack only with `-v`. */
async function main(argv: readonly string[]): Promise<number> {
  try {
    await program().parseAsync(argv, { from: 'user' });
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    if (error instanceof CommanderError) return commanderCode(error);
    const verbose = argv.includes('-v') || argv.includes('--verbose');
    if (error instanceof BoxmarkError) {
      process.stderr.write(`boxmark: ${error.message}\n`);
      if (verbose && error.cause !== undefined) process.stderr.write(`${stackOf(error.cause)}\n`);
      return error.exitCode;
    }
    process.stderr.write(`boxmark: ${messageOf(error)}\n  try: the same with -v for the details\n`);
    if (verbose) process.stderr.write(`${stackOf(error)}\n`);
    return EXIT.failed;
  }
}

function commanderCode(error: CommanderError): number {
  if (error.exitCode === 0) return EXIT.ok;
  process.stderr.write(`boxmark: ${error.message.replace(/^error: /, '')}\n  try: boxmark --help\n`);
  return EXIT.usage;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

// A reader such as `head` may close the pipe early; clean-up goes on and the exit code stays what it is.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await main(process.argv.slice(2));
