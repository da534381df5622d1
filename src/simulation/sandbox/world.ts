/** What a sandbox starts with, written by codes; record ids are given by the sandbox and differ from every code and number. */
export type SandboxWorld = { readonly sites: readonly SiteSeed[] };

export type SiteSeed = {
  /** The site number that calls name; not the record id. */
  readonly site: number;
  readonly description?: string;
  /** An IANA name, or `GMT+4` as some sites have it. */
  readonly timezone: string;
  readonly test_site?: boolean;
  readonly active?: boolean;
  readonly lines: readonly LineSeed[];
  readonly dispatchtypes: readonly DispatchTypeSeed[];
  readonly trades: readonly { readonly code: string; readonly default?: boolean }[];
  readonly reasons?: readonly string[];
  readonly products?: readonly string[];
  /** Login names: who may open dispatches and work on them. */
  readonly users: readonly string[];
};

export type LineSeed = {
  readonly code: string;
  readonly externalid?: string;
  /** Code of the default product, for product_autodetect. */
  readonly product?: string;
  /** Whether record_details is switched on for the line. */
  readonly enable_pitchdetails_api?: boolean;
  readonly machines: readonly { readonly code: string; readonly cyclecount?: number; readonly active?: boolean }[];
};

export type DispatchTypeSeed = {
  readonly code: string;
  /** 0 = Down. */
  readonly impact?: number;
  /** false: at most one open dispatch of all such types on a machine. */
  readonly allowmultiple?: boolean;
  readonly reasonrequiredonopen?: boolean;
  readonly requiretoolingonopen?: boolean;
  readonly active?: boolean;
};

/** One site with three lines of two machines: what the demo and most tests need. */
export const SMALL_WORLD: SandboxWorld = {
  sites: [
    {
      site: 43,
      description: 'Sandbox plant',
      timezone: 'America/Denver',
      test_site: true,
      lines: [
        { code: 'LINE-1', product: 'P-100', machines: [{ code: 'PRESS-01', cyclecount: 1000 }, { code: 'PRESS-02' }] },
        { code: 'LINE-2', product: 'P-200', machines: [{ code: 'WELD-01', cyclecount: 500 }, { code: 'WELD-02' }] },
        { code: 'LINE-3', product: 'P-300', machines: [{ code: 'ROBOT-01' }, { code: 'ROBOT-02', cyclecount: 7 }] },
      ],
      dispatchtypes: [
        { code: 'DOWN', impact: 0 },
        { code: 'QUALITY', impact: 1 },
        { code: 'REASONED', reasonrequiredonopen: true },
        { code: 'SINGLE', allowmultiple: false },
        { code: 'SINGLE2', allowmultiple: false },
        { code: 'TOOLED', requiretoolingonopen: true },
        { code: 'OLD', active: false },
      ],
      trades: [{ code: 'MAINT', default: true }, { code: 'PROC' }],
      reasons: ['HYDR', 'ELEC', 'OTHER'],
      products: ['P-100', 'P-200', 'P-300'],
      users: ['gateway', 'kim'],
    },
  ],
};
