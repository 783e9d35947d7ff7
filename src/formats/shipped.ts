import type { Format } from '../parse.ts';
import type { Plugin } from '../plugin.ts';
import access from './access.ts';
import bunyan from './bunyan.ts';
import cri from './cri.ts';
import docker from './docker.ts';
import documented from './documented.ts';
import envelope from './envelope.ts';
import glog from './glog.ts';
import journald from './journald.ts';
import logfmt from './logfmt.ts';
import loggerJson from './logger-json.ts';
import loguru from './loguru.ts';
import python from './python.ts';
import ray from './ray.ts';
import syslog from './syslog.ts';
import textPattern from './text-pattern.ts';

/** The formats that ship and need no options, in the order that they are asked in. */
export const DEFAULT_FORMATS = [
  documented,
  docker,
  cri,
  syslog,
  ray,
  loguru,
  bunyan,
  journald,
  envelope,
  loggerJson,
  logfmt,
  glog,
  access,
  python,
] as unknown as readonly Plugin[];

/** Every format that ships. */
export const SHIPPED_FORMATS: readonly Plugin[] = [...DEFAULT_FORMATS, textPattern as unknown as Plugin];

/** The default formats, ready to read. */
export function defaultFormats(): Format[] {
  return DEFAULT_FORMATS.map(({ name, create }) => ({ name, parse: create({}).parse! }));
}
