import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // On a machine that is busy with something else too; a test that hangs is told no sooner (test/support/patience.ts).
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000, interval: 10 } },
    // Processes, brokers and servers run beside the tests: two cores carry two files at a time.
    maxWorkers: 2,
    restoreMocks: true,
  },
});
