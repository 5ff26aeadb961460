/**
 * What is loaded before the command is known, and used by every command. The build puts it into one file: Node.js takes
 * about as long to load a small file as a large one.
 */

// Before all others.
import './terminal/node-version.ts';
import '../bench/plan/read-flags.ts';
import '../reports/text.ts';
import './command-table.ts';
import './paths.ts';
import './terminal/streams.ts';
