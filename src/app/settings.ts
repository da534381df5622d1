import type { LoadedConfig } from '../config/load.ts';
import { createReachability, type Reachability, type ReachabilityOptions } from '../l2l/reachability.ts';

/** Whether L2L is there and the settings of `l2l` are right, with where each of them is written. */
export function watchSettings({
  loaded,
  ...parts
}: Pick<ReachabilityOptions, 'client' | 'clock' | 'log' | 'iso' | 'onGood'> & {
  readonly loaded: LoadedConfig;
}): Reachability {
  const { url, site, timezone } = loaded.config.l2l;
  const placeOf = (key: string) => loaded.placeOf(['l2l', key]);
  const places = { apiKey: placeOf('api_key'), site: placeOf('site'), timezone: placeOf('timezone') };
  return createReachability({ ...parts, url, site, timezone, places });
}
