/**
 * The test command: types, style, dead code, then every test. Ends with one plain line, `N passed, N failed`, and exits 0 only
 * when nothing failed. Arguments go to vitest: `npm test -- test/queue` runs one folder.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const programs = join(root, 'node_modules', '.bin');
// Every child runs on the project's Node, whichever Node the host has.
const env = { ...process.env, PATH: `${programs}${delimiter}${process.env['PATH'] ?? ''}` };

function run(name: string, args: readonly string[]): boolean {
  const done = spawnSync(join(programs, name), args, { cwd: root, env, stdio: 'inherit' });
  return done.status === 0;
}

function check(what: string, name: string, args: readonly string[]): boolean {
  const passed = run(name, args);
  console.log(`${passed ? '✓' : '✗'} ${what}`);
  return passed;
}

type Report = {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numTotalTests: number;
  readonly success: boolean;
};

function tests(args: readonly string[]): { passed: number; failed: number } {
  const folder = mkdtempSync(join(tmpdir(), 'l2l-report-'));
  const file = join(folder, 'report.json');
  try {
    const success = run('vitest', [
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
      ...args,
    ]);
    const report: Report = JSON.parse(readFileSync(file, 'utf8'));
    // A file that cannot be loaded fails the run without a failed test. An error outside of all tests does too.
    const failed = report.numFailedTests + (success || report.numFailedTests > 0 ? 0 : 1);
    return { passed: report.numPassedTests, failed };
  } catch (cause) {
    console.error(cause);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const args = process.argv.slice(2);
const checks = [
  check('types (tsc)', 'tsc', []),
  check('style (biome)', 'biome', ['check', '--error-on-warnings']),
  check('dead code (knip)', 'knip', []),
];
const result = tests(args);
const passed = result.passed + checks.filter(Boolean).length;
const failed = result.failed + checks.filter(ok => !ok).length;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && result.passed > 0 ? 0 : 1;
