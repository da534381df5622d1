import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Processes, brokers and servers run beside the tests: two cores carry two files at a time.
    maxWorkers: 2,
    restoreMocks: true,
  },
});
