/** The version of lvsadm itself: the bundler puts it in, from package.json. */
declare const LVSADM_VERSION: string | undefined;

export const version: string = typeof LVSADM_VERSION === 'string' ? LVSADM_VERSION : '0.0.0-development';
