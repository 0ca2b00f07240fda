/** The version of lvsadm itself, and the day of its newest change: the bundler puts them in. */
declare const LVSADM_VERSION: string | undefined;
declare const LVSADM_DATE: string | undefined;

export const version: string = typeof LVSADM_VERSION === 'string' ? LVSADM_VERSION : '0.0.0-development';

/** `2026-11-29` */
export const date: string = typeof LVSADM_DATE === 'string' ? LVSADM_DATE : '1970-01-01';
