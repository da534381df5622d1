import type { Sample } from '../../src/core/sample.ts';
import type { Runner } from '../../src/rules/runner.ts';
import type { MachineStory, Moment } from './story.ts';

/** What takes in what sources tell. */
export type Port = Pick<Runner, 'samples' | 'status' | 'session'>;

/** A source as one life of the gateway holds it. */
export interface SourceLife {
  /** Takes nothing more; what was taken may still be acknowledged. */
  stop(): void;
}

/** What a moment of a machine reads as. */
export function samplesOf({ spec }: MachineStory, moment: Moment, sourceAt?: number): Sample[] {
  const dated = sourceAt === undefined ? {} : { sourceAt };
  const { running, strokes, scrap, recipe } = moment;
  return Object.entries({ running, strokes, scrap, recipe }).map(([field, value]) => ({
    signal: `${spec.name}.${field}`,
    value,
    quality: 'good' as const,
    ...dated,
  }));
}
