/** The version of lvsadm itself, and the commit that it was built from with its day: the bundler puts them in. */
declare const LVSADM_VERSION: string | undefined;
declare const LVSADM_DATE: string | undefined;
declare const LVSADM_COMMIT: string | undefined;

export const version: string = typeof LVSADM_VERSION === 'string' ? LVSADM_VERSION : '0.0.0-development';

/** `2026-11-29` */
export const date: string = typeof LVSADM_DATE === 'string' ? LVSADM_DATE : '1970-01-01';

/** The hash of the commit, with `-dirty` after it if files differed from it; empty if it is not known. */
export const commit: string = typeof LVSADM_COMMIT === 'string' ? LVSADM_COMMIT : '';
