/** The views of a run, in the order of their tabs and number keys. */
export const RUN_TABS = ['transcript', 'waterfall', 'raw'] as const;
export type RunTab = (typeof RUN_TABS)[number];
